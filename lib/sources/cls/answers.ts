/** What is inside of answers, checked. All functions here throw a `SourceError` (`BadResponse`) if it is something else. */
import { badResponse } from '../../http/failure.ts';
import { asInt64, type Fields, isObject } from './json.ts';
import { isPartitionId, isTopicId, type Partition } from './shardId.ts';

/** A partition, and the offset to read next, or last read to: 64 bits, in decimal. */
export interface PartitionOffset extends Partition {
  offset: string;
}

export interface ConsumerGroupInfo {
  group: string;
  topics: string[];
  timeoutSec: number;
}

/** A partition as DescribePartitions shows it. */
export interface PartitionInfo {
  id: number;
  /** `readwrite`, or `readonly` once it was split or merged. */
  status: string;
  /** Of the range of hash keys it takes: hex digits, the end exclusive. */
  beginKey: string;
  endKey: string;
}

export function partitionsOf(response: Fields): PartitionInfo[] {
  return objectsOf(response, 'Partitions').map((entry) => ({
    id: partitionIn(entry),
    status: textOf(entry, 'Status'),
    beginKey: textOf(entry, 'InclusiveBeginKey'),
    endKey: textOf(entry, 'ExclusiveEndKey'),
  }));
}

/** Of one topic, for how many days its messages are kept. */
export function retentionDaysOf(response: Fields, topic: string): number {
  const found = objectsOf(response, 'Topics').find((entry) => entry.TopicId === topic);
  if (found === undefined) throw wrong('Topics');
  return integerOf(found, 'Period');
}

export function consumerGroupsOf(response: Fields): ConsumerGroupInfo[] {
  return objectsOf(response, 'ConsumerGroupsInfo').map((entry) => ({
    group: textOf(entry, 'ConsumerGroup'),
    topics: listOf(entry, 'Topics').map(String),
    timeoutSec: integerOf(entry, 'Timeout'),
  }));
}

/** The answer to a heartbeat. */
export function assignedOf(response: Fields): Partition[] {
  return objectsOf(response, 'TopicPartitionsInfo').flatMap((entry) => {
    const topic = topicIn(entry);
    return listOf(entry, 'Partitions').map((partition) => {
      if (!isPartitionId(partition)) throw wrong('Partitions');
      return { topic, partition };
    });
  });
}

export function offsetsOf(response: Fields): PartitionOffset[] {
  return objectsOf(response, 'TopicPartitionOffsetsInfo').flatMap((info) => {
    const topic = topicIn(info);
    return objectsOf(info, 'PartitionOffsets').map((entry) => {
      const offset = asInt64(entry.Offset);
      if (offset === undefined) throw wrong('Offset');
      return { topic, partition: partitionIn(entry), offset: String(offset) };
    });
  });
}

/** As requests and answers hold them: the partitions of each topic together. */
export function byTopic<T extends Partition, Entry>(
  items: readonly T[],
  entryOf: (item: T) => Entry,
): { topic: string; entries: Entry[] }[] {
  const topics = Map.groupBy(items, ({ topic }) => topic);
  return [...topics].map(([topic, items]) => ({ topic, entries: items.map(entryOf) }));
}

/** The Go SDK's structures write null for a list of nothing, so the service may. */
export function listOf(fields: Fields, name: string): unknown[] {
  const value = fields[name];
  if (value === null) return [];
  if (!Array.isArray(value)) throw wrong(name);
  return value;
}

function objectsOf(fields: Fields, name: string): Fields[] {
  const list = listOf(fields, name);
  if (!list.every(isObject)) throw wrong(name);
  return list;
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw wrong(name);
  return value;
}

function integerOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value)) throw wrong(name);
  return Number(value);
}

function partitionIn(fields: Fields): number {
  const { PartitionId } = fields;
  if (!isPartitionId(PartitionId)) throw wrong('PartitionId');
  return PartitionId;
}

function topicIn(fields: Fields): string {
  const topic = textOf(fields, 'TopicID');
  if (!isTopicId(topic)) throw wrong('TopicID');
  return topic;
}

const wrong = (name: string) => badResponse(`${name} is missing, or something else`, undefined);
