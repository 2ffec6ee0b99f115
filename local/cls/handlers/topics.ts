import type { Fields } from '../../../lib/sources/cls/json.ts';
import { type ControlHandler, calledTopic } from '../call.ts';
import { invalid, objectsOf, optionalInteger, optionalText, optionalTexts, textOf } from '../fields.ts';
import type { Logset } from '../state/logset.ts';
import { addPartitions } from '../state/resharding.ts';
import { expire } from '../state/retention.ts';
import { addTopic, type ClsState, checkTopicName, logsetOf, removeTopic } from '../state/state.ts';
import {
  CREATED_PARTITIONS_MAX,
  checkRoom,
  configureTopic,
  FOREVER_DAYS,
  PARTITIONS_MAX,
  type Topic,
  writable,
} from '../state/topic.ts';
import { fitsLogset } from './logsets.ts';
import { timeText } from './times.ts';

const LIMIT = 20;
const LIMIT_MAX = 100;
/** CreateTopic does not say what `Period` is where it is not given; its example has 30. */
const RETENTION_DAYS = 30;

/** CreateTopic. Of its settings the number of partitions and the period change what the service does. */
export const createTopic: ControlHandler = ({ state, body, quotas, nowMs }) => {
  const logset = logsetOf(state, textOf(body, 'LogsetId'));
  const partitions = optionalInteger(body, 'PartitionCount', 1, CREATED_PARTITIONS_MAX) ?? 1;
  quotas.admitPartitions(partitions);
  const wanted = {
    id: optionalText(body, 'TopicId'),
    name: textOf(body, 'TopicName'),
    retentionDays: optionalInteger(body, 'Period', 1, FOREVER_DAYS) ?? RETENTION_DAYS,
    partitions,
  };
  return { TopicId: addTopic(state, logset, wanted, nowMs).id };
};

/** ModifyTopic: name, period, and a larger number of readwrite partitions. What a smaller one does is not documented. */
export const modifyTopic: ControlHandler = (call) => {
  const { state, body, quotas, nowMs } = call;
  const topic = calledTopic(call, textOf(body, 'TopicId'));
  const { name, retentionDays } = topic.settings;
  const settings = {
    name: optionalText(body, 'TopicName') ?? name,
    retentionDays: optionalInteger(body, 'Period', 1, FOREVER_DAYS) ?? retentionDays,
  };
  const open = writable(topic).length;
  const added = (optionalInteger(body, 'PartitionCount', 1, PARTITIONS_MAX) ?? open) - open;
  if (added < 0) throw invalid('PartitionCount');
  checkTopicName(logsetOf(state, topic.logsetId), settings.name, topic);
  checkRoom(topic, added);
  if (added > 0) quotas.admitPartitions(topic.partitions.length + added);
  configureTopic(topic, settings);
  if (added > 0) addPartitions(topic, added, nowMs);
  state.storage.saveTopic(topic);
  return {};
};

/** DeleteTopic: with its messages. */
export const deleteTopic: ControlHandler = ({ state, body }) => {
  removeTopic(state, textOf(body, 'TopicId'));
  return {};
};

/** DescribeTopics. Of its filters those of ids and names are understood; others are refused. */
export const describeTopics: ControlHandler = ({ state, body, nowMs }) => {
  const found = topicsOf(state).filter((candidate) => objectsOf(body, 'Filters').every(fits(candidate)));
  const from = optionalInteger(body, 'Offset', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const limit = optionalInteger(body, 'Limit', 1, LIMIT_MAX) ?? LIMIT;
  const page = found.slice(from, from + limit).map(({ topic }) => topic);
  for (const topic of page) expire(state, topic, nowMs);
  return { Topics: page.map(viewOf), TotalCount: found.length };
};

function topicsOf(state: ClsState): { logset: Logset; topic: Topic }[] {
  return [...state.logsets.values()].flatMap((logset) =>
    [...logset.topics.values()].map((topic) => ({ logset, topic })),
  );
}

/** Names fit by a part of them, ids as a whole. */
function fits({ logset, topic }: { logset: Logset; topic: Topic }): (filter: Fields) => boolean {
  return (filter) => {
    const values = optionalTexts(filter, 'Values') ?? [];
    switch (textOf(filter, 'Key')) {
      case 'topicId':
        return values.includes(topic.id);
      case 'topicName':
        return values.some((value) => topic.settings.name.includes(value));
      default:
        return fitsLogset(logset)(filter);
    }
  };
}

function viewOf(topic: Topic): Fields {
  return {
    LogsetId: topic.logsetId,
    TopicId: topic.id,
    TopicName: topic.settings.name,
    PartitionCount: writable(topic).length,
    Period: topic.settings.retentionDays,
    CreateTime: timeText(topic.createdAtSec),
    Status: true,
    Index: false,
    AutoSplit: false,
    StorageType: 'hot',
    Tags: [],
  };
}
