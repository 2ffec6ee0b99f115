import type { Clock } from '../../lib/runtime.ts';
import { endOf } from '../service/log.ts';
import { refuse } from './errors.ts';
import { heldBy, keyOf } from './group/group.ts';
import { updateGroup } from './handlers/groups.ts';
import { type PartitionView, viewOf } from './handlers/partitions.ts';
import type { Partition } from './state/partition.ts';
import * as resharding from './state/resharding.ts';
import { expire } from './state/retention.ts';
import { addLogset, addTopic, type ClsState, logsetOf, topicOf } from './state/state.ts';
import type { Topic } from './state/topic.ts';

/** A consumer group with what no API of the service tells. Partitions are `<topicId>:<partition>`. */
export interface GroupView {
  timeoutSec: number;
  topics: readonly string[];
  /** Live consumers in the order in which they joined, each with what it is to work on. */
  consumers: Record<string, string[]>;
  /** Committed ones, in decimal. */
  offsets: Record<string, string>;
}

/** What a program does with a service that it started itself: as the API does it, without a signature or quotas. */
export interface InProcess {
  /** Topics by logset, each with its partitions; of what was kept from before as well. */
  contents(): Record<string, Record<string, PartitionView[]>>;
  /** The id, which is made up unless it is given. The name is the id unless it is given. */
  createLogset(id?: string, name?: string): string;
  /** The id, which is made up unless it is given. The name is the id unless it is given. */
  createTopic(
    logsetId: string,
    topicId?: string,
    settings?: { name?: string; partitions?: number; retentionDays?: number },
  ): string;
  /** The offset of the next message to be put, in decimal, by `<topicId>:<partition>`. */
  endOffsets(topicId: string): Record<string, string>;
  /** The closed partition, then the new ones. In two halves unless told otherwise. */
  split(topicId: string, partition: number, by?: { key: string } | { count: number }): PartitionView[];
  /** With the one whose range follows. The closed partitions, then the new one. */
  merge(topicId: string, partition: number): PartitionView[];
  /** The new ones. None is closed: each takes a part of the range of another. */
  addPartitions(topicId: string, count: number): PartitionView[];
  consumerGroup(logsetId: string, name: string): GroupView;
}

export function createInProcess(
  state: ClsState,
  { clock, partitions: partitionsOtherwise = 2 }: { clock: Clock; partitions?: number },
): InProcess {
  const topicNow = (topicId: string): Topic => {
    const topic = topicOf(state, topicId);
    expire(state, topic, clock.now());
    return topic;
  };
  const saved = (topic: Topic, partitions: Partition[]): PartitionView[] => {
    state.storage.saveTopic(topic);
    return partitions.map(viewOf);
  };
  return {
    contents: () =>
      mapValues(state.logsets, ({ topics }) =>
        mapValues(topics, ({ id }) => topicNow(id).partitions.map(viewOf)),
      ),
    createLogset: (id, name) => addLogset(state, { id, name }, clock.now()).id,
    createTopic: (logsetId, id, { name, partitions = partitionsOtherwise, retentionDays = 30 } = {}) =>
      addTopic(state, logsetOf(state, logsetId), { id, name, partitions, retentionDays }, clock.now()).id,
    endOffsets: (topicId) =>
      Object.fromEntries(
        topicNow(topicId).partitions.map((partition) => [
          keyOf({ topicId, id: partition.id }),
          endOf(partition).toString(),
        ]),
      ),
    split: (topicId, partition, by = { count: 2 }) => {
      const topic = topicNow(topicId);
      return saved(topic, resharding.splitPartition(topic, partition, by, clock.now()));
    },
    merge: (topicId, partition) => {
      const topic = topicNow(topicId);
      return saved(topic, resharding.mergePartitions(topic, partition, clock.now()));
    },
    addPartitions: (topicId, count) => {
      const topic = topicNow(topicId);
      return saved(topic, resharding.addPartitions(topic, count, clock.now()));
    },
    consumerGroup: (logsetId, name) => groupView(state, logsetId, name, clock.now()),
  };
}

function groupView(state: ClsState, logsetId: string, name: string, nowMs: number): GroupView {
  const logset = logsetOf(state, logsetId);
  const group = logset.groups.get(name);
  if (!group) throw refuse.groupNotExist(name);
  updateGroup(state, logset, group, nowMs);
  return {
    timeoutSec: group.timeoutSec,
    topics: group.topics,
    consumers: Object.fromEntries(
      [...group.consumers.keys()].map((consumer) => [consumer, heldBy(group, consumer).map(keyOf)]),
    ),
    offsets: mapValues(group.offsets, String),
  };
}

function mapValues<T, U>(map: ReadonlyMap<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]));
}
