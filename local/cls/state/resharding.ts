import { divideRange, type KeyRange, parseKey, splitRange } from '../../service/keyspace.ts';
import { refuse } from '../errors.ts';
import { closePartition, type Partition } from './partition.ts';
import {
  checkRoom,
  isWithin,
  openPartitions,
  PARTITIONS_MAX,
  partitionOf,
  type Topic,
  writable,
} from './topic.ts';

/**
 * SplitPartition: closes a partition and opens others over its range, divided at `key` or into `count` parts. Answers
 * the closed one, then the new ones.
 */
export function splitPartition(
  topic: Topic,
  id: number,
  by: { key: string } | { count: number },
  nowMs: number,
): Partition[] {
  const parent = readwritePartition(topic, id);
  const ranges = 'key' in by ? splitAtKey(parent.range, by.key) : splitEvenly(parent.range, by.count);
  const children = openPartitions(topic, ranges, nowMs);
  closePartition(parent, nowMs);
  return [parent, ...children];
}

/**
 * MergePartition: closes a partition and the one whose range follows, and opens one over both ranges. Answers the closed
 * ones, then the new one.
 */
export function mergePartitions(topic: Topic, id: number, nowMs: number): Partition[] {
  const left = readwritePartition(topic, id);
  const right = writable(topic).find(({ range }) => range.begin === left.range.end);
  if (!right) throw refuse.invalidParameter('The last partition has none to be merged with.');
  const merged = openPartitions(topic, [{ begin: left.range.begin, end: right.range.end }], nowMs);
  closePartition(left, nowMs);
  closePartition(right, nowMs);
  return [left, right, ...merged];
}

/**
 * Adds partitions and closes none: each takes the upper half of the widest range. How ModifyTopic divides the key space
 * when it raises `PartitionCount` is not documented.
 */
export function addPartitions(topic: Topic, count: number, nowMs: number): Partition[] {
  if (!isWithin(count, 1, PARTITIONS_MAX)) throw refuse.invalidParameter('PartitionCount is invalid.');
  checkRoom(topic, count);
  return Array.from({ length: count }, () => {
    const widest = writable(topic).reduce((one, other) => (sizeOf(other) > sizeOf(one) ? other : one));
    const [lower, upper] = divideRange(widest.range, 2);
    widest.range = lower!;
    return openPartitions(topic, [upper!], nowMs)[0]!;
  });
}

function sizeOf({ range }: Partition): bigint {
  return range.end - range.begin;
}

function readwritePartition(topic: Topic, id: number): Partition {
  const partition = partitionOf(topic, id);
  if (!partition) throw refuse.partitionNotExist(id);
  if (partition.status !== 'readwrite') throw refuse.invalidParameter(`The partition ${id} is readonly.`);
  return partition;
}

function splitAtKey(range: KeyRange, text: string): KeyRange[] {
  const key = parseKey(text);
  const ranges = key === undefined ? undefined : splitRange(range, key);
  if (!ranges) throw refuse.invalidParameter(`SplitKey ${text} is not inside of the partition.`);
  return ranges;
}

function splitEvenly(range: KeyRange, count: number): KeyRange[] {
  if (!isWithin(count, 2, PARTITIONS_MAX) || range.end - range.begin < BigInt(count)) {
    throw refuse.invalidParameter('Number is invalid.');
  }
  return divideRange(range, count);
}
