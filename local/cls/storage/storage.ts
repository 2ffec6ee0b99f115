import { inMemory, type StoredGroup } from '../../service/log.ts';
import type { ConsumerGroup } from '../group/group.ts';
import type { Logset } from '../state/logset.ts';
import type { Partition } from '../state/partition.ts';
import type { Topic } from '../state/topic.ts';

/**
 * Where the state is kept besides memory. Each call happens before the request that causes it is answered, so what was
 * answered is kept. What they throw becomes an internal error. Those that add something come before the state changes: if
 * they throw, nothing has happened. All others come after: if they throw, the change has happened in memory, and is kept
 * together with the next one that can be kept.
 */
export interface Storage {
  /** Keeps one message behind those that the partition has. */
  append(topic: Topic, partition: Partition, bytes: Uint8Array, receivedAtSec: number): StoredGroup;
  addLogset(logset: Logset): void;
  /** It has no topics. */
  deleteLogset(logset: Logset): void;
  addTopic(topic: Topic): void;
  /** Settings and partitions; not the messages in them. */
  saveTopic(topic: Topic): void;
  /** The oldest messages of its partitions were dropped, and some partitions, with all that they had. */
  expired(topic: Topic, gone: readonly Partition[]): void;
  deleteTopic(topic: Topic): void;
  saveGroup(logset: Logset, group: ConsumerGroup): void;
  deleteGroup(logset: Logset, group: ConsumerGroup): void;
  close(): void;
}

const nothing = (): void => {};

/** Keeps nothing but memory. */
export const MEMORY: Storage = {
  append: (_topic, _partition, bytes, receivedAtSec) => inMemory(bytes, receivedAtSec),
  addLogset: nothing,
  deleteLogset: nothing,
  addTopic: nothing,
  saveTopic: nothing,
  expired: nothing,
  deleteTopic: nothing,
  saveGroup: nothing,
  deleteGroup: nothing,
  close: nothing,
};
