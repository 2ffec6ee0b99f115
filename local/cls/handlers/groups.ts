import type { ControlCall, ControlHandler } from '../call.ts';
import { refuse } from '../errors.ts';
import { integerOf, invalid, optionalTexts, textOf, textsOf } from '../fields.ts';
import { type ConsumerGroup, createGroup, forgetOffsets, type PartitionId, refresh } from '../group/group.ts';
import type { Logset } from '../state/logset.ts';
import { expire } from '../state/retention.ts';
import { type ClsState, logsetOf } from '../state/state.ts';

/**
 * Documented are letters, digits and underscores; the examples of the same pages have hyphens, and the product page allows
 * dots as well.
 */
const NAME = /^[A-Za-z0-9_.-]{1,256}$/;
/** The service's own limit is not documented. */
export const GROUPS_MAX = 1000;
const TIMEOUT_SEC_MAX = 2 ** 31 - 1;

/** CreateConsumerGroup */
export const createConsumerGroup: ControlHandler = (call) => {
  const { state, body } = call;
  const logset = logsetOf(state, textOf(body, 'LogsetId'));
  const name = nameOf(call, 'ConsumerGroup');
  const { timeoutSec, topics } = settingsOf(call, logset);
  if (logset.groups.has(name)) throw refuse.groupConflict(name);
  if (logset.groups.size >= GROUPS_MAX) {
    throw refuse.limitExceeded(`A logset of the local service has at most ${GROUPS_MAX} consumer groups.`);
  }
  const group = createGroup(name, timeoutSec, topics);
  logset.groups.set(name, group);
  state.storage.saveGroup(logset, group);
  return { ConsumerGroup: name };
};

/** ModifyConsumerGroup: all of it is required. Every start of an official consumer whose group exists calls it. */
export const modifyConsumerGroup: ControlHandler = (call) => {
  const { logset, group } = calledGroup(call);
  Object.assign(group, settingsOf(call, logset));
  call.state.storage.saveGroup(logset, group);
  return {};
};

/** DeleteConsumerGroup: with its offsets. Refused while consumers are alive. */
export const deleteConsumerGroup: ControlHandler = (call) => {
  const { logset, group } = calledGroup(call);
  if (group.consumers.size > 0) throw refuse.groupInUse(group.name);
  logset.groups.delete(group.name);
  call.state.storage.deleteGroup(logset, group);
  return {};
};

/** DescribeConsumerGroups: those over any of the topics, if some are named. Nothing of their consumers. */
export const describeConsumerGroups: ControlHandler = ({ state, body }) => {
  const logset = logsetOf(state, textOf(body, 'LogsetId'));
  const topics = optionalTexts(body, 'Topics') ?? [];
  const found = [...logset.groups.values()].filter(
    (group) => topics.length === 0 || topics.some((topic) => group.topics.includes(topic)),
  );
  return {
    ConsumerGroupsInfo: found.map(({ name, timeoutSec, topics }) => ({
      ConsumerGroup: name,
      Timeout: timeoutSec,
      Topics: topics,
    })),
  };
};

/** The group that the request names, up to date. */
export function calledGroup(call: ControlCall): { logset: Logset; group: ConsumerGroup } {
  const logset = logsetOf(call.state, textOf(call.body, 'LogsetId'));
  const name = nameOf(call, 'ConsumerGroup');
  const group = logset.groups.get(name);
  if (!group) throw refuse.groupNotExist(name);
  updateGroup(call.state, logset, group, call.nowMs);
  return { logset, group };
}

/** Brings a group up to date with the topics of its logset. */
export function updateGroup(state: ClsState, logset: Logset, group: ConsumerGroup, nowMs: number): void {
  const present: PartitionId[] = [];
  const known = new Set<string>();
  for (const topic of logset.topics.values()) {
    expire(state, topic, nowMs);
    for (const { id } of topic.partitions) known.add(`${topic.id}:${id}`);
  }
  for (const topicId of group.topics) {
    const partitions = logset.topics.get(topicId)?.partitions ?? [];
    present.push(...partitions.map(({ id }) => ({ topicId, id })));
  }
  refresh(group, present, nowMs);
  forgetOffsets(group, (key) => known.has(key));
}

/** The name of a group, or of a consumer. */
export function nameOf({ body }: ControlCall, field: 'ConsumerGroup' | 'Consumer'): string {
  const name = textOf(body, field);
  if (!NAME.test(name)) throw invalid(field);
  return name;
}

function settingsOf({ body }: ControlCall, logset: Logset): Pick<ConsumerGroup, 'timeoutSec' | 'topics'> {
  const timeoutSec = integerOf(body, 'Timeout', 1, TIMEOUT_SEC_MAX);
  const topics = [...new Set(textsOf(body, 'Topics'))];
  const missing = topics.find((topic) => !logset.topics.has(topic));
  if (missing !== undefined) throw refuse.topicNotExist(missing);
  return { timeoutSec, topics };
}
