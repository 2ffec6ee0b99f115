import { refuse } from '../errors.ts';
import type { ConsumerGroup } from '../group/group.ts';
import { containsKey, divideRange, type KeyRange, parseKey, splitRange, WHOLE_KEYSPACE } from './keyspace.ts';
import { createShard, type Shard } from './shard.ts';

/** What CreateLogStore sets. Of these only the shard count changes what the service does; the rest is told back. */
export interface LogstoreSettings {
  readonly ttlDays: number;
  readonly shardCount: number;
  readonly autoSplit: boolean;
  readonly maxSplitShard: number;
  readonly enableTracking: boolean;
  readonly appendMeta: boolean;
}

export interface Logstore {
  readonly name: string;
  readonly settings: LogstoreSettings;
  readonly createdAtSec: number;
  /** In order of their ids, which are their indexes: a shard is never removed. */
  readonly shards: Shard[];
  /** Counts load-balanced writes, so that they go round the readwrite shards in a fixed order. */
  balancedWrites: number;
  readonly groups: Map<string, ConsumerGroup>;
}

/** A split makes at most this many shards, and a logstore never has more than this many in all. */
export const SPLIT_COUNT_MAX = 64;
export const SHARDS_MAX = 1024;

const NAME = /^[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]$/;

/** A logstore whose shards divide the key space evenly. Refuses a bad name, ttl or shard count: LogStoreInfoInvalid. */
export function createLogstore(name: string, settings: LogstoreSettings, nowMs: number): Logstore {
  const { ttlDays, shardCount } = settings;
  if (!NAME.test(name)) throw refuse.logstoreInfoInvalid(`logstore name ${name} is invalid`);
  if (!isWithin(ttlDays, 1, 3650)) throw refuse.logstoreInfoInvalid('ttl must be within range [1, 3650]');
  if (!isWithin(shardCount, 1, 100)) {
    throw refuse.logstoreInfoInvalid('shardCount must be within range [1, 100]');
  }
  const logstore: Logstore = {
    name,
    settings,
    createdAtSec: Math.floor(nowMs / 1000),
    shards: [],
    balancedWrites: 0,
    groups: new Map(),
  };
  addShards(logstore, divideRange(WHOLE_KEYSPACE, shardCount), [], nowMs);
  return logstore;
}

/** Refuses with ShardNotExist. `id` is text as it stands in a path. */
export function shardOf(logstore: Logstore, id: string): Shard {
  const shard = /^\d{1,9}$/.test(id) ? logstore.shards[Number(id)] : undefined;
  if (!shard) throw refuse.shardNotExist(id);
  return shard;
}

/** The readwrite shard that is next in turn. */
export function nextShard(logstore: Logstore): Shard {
  const shards = writable(logstore);
  return shards[logstore.balancedWrites++ % shards.length]!;
}

/** The readwrite shard whose range holds a hash key, whatever readonly shards held it before. */
export function shardForKey(logstore: Logstore, text: string): Shard {
  const key = parseKey(text);
  if (key === undefined) throw refuse.parameterInvalid(`hash key ${text} is invalid`);
  return writable(logstore).find((shard) => containsKey(shard.range, key))!;
}

/**
 * SplitShard: closes a shard and opens others over its range, divided at `key` or into `count` parts. Answers the
 * closed shard, then the new ones. Refuses as documented: ParameterInvalid, "invalid shard id" or "invalid mid hash".
 */
export function splitShard(
  logstore: Logstore,
  id: string,
  by: { key: string } | { count: number },
  nowMs: number,
): Shard[] {
  const parent = openShard(logstore, id);
  const ranges = 'key' in by ? splitAtKey(parent.range, by.key) : splitEvenly(parent.range, by.count);
  const children = addShards(logstore, ranges, [parent.id], nowMs);
  parent.status = 'readonly';
  return [parent, ...children];
}

/**
 * MergeShards: closes a shard and its right neighbour and opens one over both ranges. Answers the new shard, then the
 * closed ones. Refuses as documented: ParameterInvalid, "invalid shard id" or "can not merge the last shard".
 */
export function mergeShards(logstore: Logstore, id: string, nowMs: number): Shard[] {
  const left = openShard(logstore, id);
  const right = writable(logstore).find((shard) => shard.range.begin === left.range.end);
  if (!right) throw refuse.parameterInvalid('can not merge the last shard');
  const range = { begin: left.range.begin, end: right.range.end };
  const merged = addShards(logstore, [range], [left.id, right.id], nowMs);
  left.status = 'readonly';
  right.status = 'readonly';
  return [...merged, left, right];
}

function openShard(logstore: Logstore, id: string): Shard {
  const shard = writable(logstore).find((candidate) => String(candidate.id) === id);
  if (!shard) throw refuse.parameterInvalid('invalid shard id');
  return shard;
}

function splitAtKey(range: KeyRange, text: string): KeyRange[] {
  const key = parseKey(text);
  const ranges = key === undefined || text.length !== 32 ? undefined : splitRange(range, key);
  if (!ranges) throw refuse.parameterInvalid('invalid mid hash');
  return ranges;
}

function splitEvenly(range: KeyRange, count: number): KeyRange[] {
  if (!isWithin(count, 2, SPLIT_COUNT_MAX) || range.end - range.begin < BigInt(count)) {
    throw refuse.parameterInvalid('invalid shardCount');
  }
  return divideRange(range, count);
}

/** Readwrite shards in order of their ranges: together they always cover the whole key space, once. */
function writable(logstore: Logstore): Shard[] {
  return logstore.shards
    .filter((shard) => shard.status === 'readwrite')
    .sort((one, other) => (one.range.begin < other.range.begin ? -1 : 1));
}

function addShards(logstore: Logstore, ranges: KeyRange[], parents: number[], nowMs: number): Shard[] {
  const first = logstore.shards.length;
  if (first + ranges.length > SHARDS_MAX) {
    throw refuse.projectQuotaExceed(`A logstore of the local service has at most ${SHARDS_MAX} shards.`);
  }
  const added = ranges.map((range, index) => createShard(first + index, range, parents, nowMs));
  logstore.shards.push(...added);
  return added;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
