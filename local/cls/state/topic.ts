import { containsKey, divideRange, type KeyRange, parseKey, WHOLE_KEYSPACE } from '../../service/keyspace.ts';
import { refuse } from '../errors.ts';
import { isName } from './ids.ts';
import { createPartition, type Partition } from './partition.ts';

export interface TopicSettings {
  readonly name: string;
  readonly retentionDays: number;
}

export interface Topic {
  readonly id: string;
  readonly logsetId: string;
  settings: TopicSettings;
  readonly createdAtSec: number;
  /** Offset of the first message of a partition. */
  readonly firstOffset: bigint;
  /** When expired messages were last looked for. */
  expiredAtSec: number;
  /** In order of their ids. A closed partition goes when its last message expired; its id is not used again. */
  readonly partitions: Partition[];
  /** Counts writes without a hash key, so that they go round the readwrite partitions in a fixed order. */
  balancedWrites: number;
}

/** CreateTopic makes at most 10; more come by splits. */
export const CREATED_PARTITIONS_MAX = 10;
/** A topic never has more than this many partitions in all; the documented 50 are a quota. */
export const PARTITIONS_MAX = 1024;
/** CreateTopic, `Period`: 1 to 3600 days, where 3640 keeps messages forever. */
export const RETENTION_DAYS_MAX = 3600;
export const FOREVER_DAYS = 3640;
/** As in the examples of the product page, and in those of SplitPartition and MergePartition. */
const FIRST_PARTITION = 1;

/** A topic whose partitions divide the key space evenly. Refuses bad settings with InvalidParameter. */
export function createTopic(
  {
    id,
    logsetId,
    partitions,
    firstOffset,
  }: Pick<Topic, 'id' | 'logsetId' | 'firstOffset'> & { partitions: number },
  settings: TopicSettings,
  nowMs: number,
): Topic {
  checkSettings(settings);
  if (!isWithin(partitions, 1, PARTITIONS_MAX)) throw refuse.invalidParameter('PartitionCount is invalid.');
  const nowSec = Math.floor(nowMs / 1000);
  const topic: Topic = {
    id,
    logsetId,
    settings,
    createdAtSec: nowSec,
    firstOffset,
    expiredAtSec: nowSec,
    partitions: [],
    balancedWrites: 0,
  };
  openPartitions(topic, divideRange(WHOLE_KEYSPACE, partitions), nowMs);
  return topic;
}

/** Refuses bad settings with InvalidParameter. */
export function configureTopic(topic: Topic, settings: TopicSettings): void {
  checkSettings(settings);
  topic.settings = settings;
}

function checkSettings({ name, retentionDays }: TopicSettings): void {
  if (!isName(name)) throw refuse.invalidParameter('TopicName is invalid.');
  if (retentionDays !== FOREVER_DAYS && !isWithin(retentionDays, 1, RETENTION_DAYS_MAX)) {
    throw refuse.invalidParameter(`Period must be 1 to ${RETENTION_DAYS_MAX}, or ${FOREVER_DAYS}.`);
  }
}

export function partitionOf(topic: Topic, id: number): Partition | undefined {
  return topic.partitions.find((partition) => partition.id === id);
}

/** The readwrite partition that is next in turn among those that may be written to; undefined if none may. */
export function nextPartition(
  topic: Topic,
  mayWrite: (partition: Partition) => boolean = () => true,
): Partition | undefined {
  const partitions = writable(topic);
  for (let tries = partitions.length; tries > 0; tries -= 1) {
    const partition = partitions[topic.balancedWrites++ % partitions.length]!;
    if (mayWrite(partition)) return partition;
  }
  return undefined;
}

/** The readwrite partition whose range holds a hash key; undefined if the text is no key. */
export function partitionForKey(topic: Topic, text: string): Partition | undefined {
  const key = parseKey(text);
  return key === undefined ? undefined : writable(topic).find(({ range }) => containsKey(range, key));
}

/** Readwrite partitions in order of their ranges: together they always cover the whole key space, once. */
export function writable(topic: Topic): Partition[] {
  return topic.partitions
    .filter(({ status }) => status === 'readwrite')
    .sort((one, other) => (one.range.begin < other.range.begin ? -1 : 1));
}

/** New partitions over ranges of the key space, with the next ids. Refuses with LimitExceeded.Partition. */
export function openPartitions(topic: Topic, ranges: KeyRange[], nowMs: number): Partition[] {
  checkRoom(topic, ranges.length);
  // The newest partition is there for as long as its topic: one goes only after others were made of it.
  const first = (topic.partitions.at(-1)?.id ?? FIRST_PARTITION - 1) + 1;
  const added = ranges.map((range, index) => createPartition(first + index, range, topic.firstOffset, nowMs));
  topic.partitions.push(...added);
  return added;
}

/** Refuses with LimitExceeded.Partition what a topic cannot hold besides what it has. */
export function checkRoom(topic: Topic, added: number): void {
  if (topic.partitions.length + added > PARTITIONS_MAX) throw refuse.partitionLimit(PARTITIONS_MAX);
}

export function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
