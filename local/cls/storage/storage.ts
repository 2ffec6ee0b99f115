import { inMemory, type StoredGroup } from '../../service/log.ts';
import type { ConsumerGroup } from '../group/group.ts';
import type { Logset } from '../state/logset.ts';
import type { Partition } from '../state/partition.ts';
import type { Topic } from '../state/topic.ts';

/**
 * Where the state is kept besides memory. Each call happens before the request that causes it is answered, so what was
 * answered is kept. What they throw becomes an internal error. Where something is added, they come before the state
 * changes: nothing has happened then. All others come after: the change may have happened.
 */
export interface Storage {
  /** Keeps one message behind those that the partition has. */
  append(topic: Topic, partition: Partition, bytes: Uint8Array, receivedAtSec: number): StoredGroup;
  /** The oldest messages of a partition were dropped. */
  dropped(topic: Topic, partition: Partition): void;
  saveLogset(logset: Logset): void;
  /** It has no topics. */
  deleteLogset(logset: Logset): void;
  /** Settings and partitions; not the messages in them. */
  saveTopic(topic: Topic): void;
  deleteTopic(topic: Topic): void;
  /** The partition was taken out of its topic, which was saved. */
  deletePartition(topic: Topic, partition: Partition): void;
  saveGroup(logset: Logset, group: ConsumerGroup): void;
  deleteGroup(logset: Logset, group: ConsumerGroup): void;
  close(): void;
}

const nothing = (): void => {};

/** Keeps nothing but memory. */
export const MEMORY: Storage = {
  append: (_topic, _partition, bytes, receivedAtSec) => inMemory(bytes, receivedAtSec),
  dropped: nothing,
  saveLogset: nothing,
  deleteLogset: nothing,
  saveTopic: nothing,
  deleteTopic: nothing,
  deletePartition: nothing,
  saveGroup: nothing,
  deleteGroup: nothing,
  close: nothing,
};
