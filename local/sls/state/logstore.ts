import {
  containsKey,
  divideRange,
  type KeyRange,
  parseKey,
  splitRange,
  WHOLE_KEYSPACE,
} from '../../service/keyspace.ts';
import { refuse } from '../errors.ts';
import type { ConsumerGroup } from '../group/group.ts';
import { closeShard, createShard, type Shard } from './shard.ts';

/** What CreateLogStore sets. Of these the ttl and the shard count change what the service does; the rest is told back. */
export interface LogstoreSettings {
  readonly ttlDays: number;
  readonly shardCount: number;
  readonly autoSplit: boolean;
  readonly maxSplitShard: number;
  readonly enableTracking: boolean;
  readonly appendMeta: boolean;
}

export interface Logstore {
  /** Name of the project it is in. */
  readonly project: string;
  readonly name: string;
  settings: LogstoreSettings;
  readonly createdAtSec: number;
  modifiedAtSec: number;
  /** When expired groups were last looked for. */
  expiredAtSec: number;
  /** In order of their ids. A shard that was closed goes when its last group expired; its id is not used again. */
  readonly shards: Shard[];
  /** Counts load-balanced writes, so that they go round the readwrite shards in a fixed order. */
  balancedWrites: number;
  readonly groups: Map<string, ConsumerGroup>;
}

/** A split makes at most this many shards, and a logstore never has more than this many in all. */
export const SPLIT_COUNT_MAX = 64;
export const SHARDS_MAX = 1024;
/** API reference, CreateLogStore: 1 to 3650 days, where 3650 keeps groups forever. */
export const TTL_DAYS_MAX = 3650;

const NAME = /^[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]$/;

/** A logstore whose shards divide the key space evenly. Refuses a bad name, ttl or shard count: LogStoreInfoInvalid. */
export function createLogstore(
  project: string,
  name: string,
  settings: LogstoreSettings,
  nowMs: number,
): Logstore {
  if (!NAME.test(name)) throw refuse.logstoreInfoInvalid(`logstore name ${name} is invalid`);
  checkSettings(settings);
  const nowSec = Math.floor(nowMs / 1000);
  const logstore: Logstore = {
    project,
    name,
    settings,
    createdAtSec: nowSec,
    modifiedAtSec: nowSec,
    expiredAtSec: nowSec,
    shards: [],
    balancedWrites: 0,
    groups: new Map(),
  };
  addShards(logstore, divideRange(WHOLE_KEYSPACE, settings.shardCount), [], nowMs);
  return logstore;
}

/** Refuses a bad ttl: LogStoreInfoInvalid. */
export function configureLogstore(logstore: Logstore, settings: LogstoreSettings, nowMs: number): void {
  checkSettings(settings);
  logstore.settings = settings;
  logstore.modifiedAtSec = Math.floor(nowMs / 1000);
}

function checkSettings({ ttlDays, shardCount, autoSplit, maxSplitShard }: LogstoreSettings): void {
  const ranges: [name: string, value: number, least: number, most: number][] = [
    ['ttl', ttlDays, 1, TTL_DAYS_MAX],
    ['shardCount', shardCount, 1, 100],
    // Where nothing is to be split on its own, the Java SDK sends -1, and others 0.
    ['maxSplitShard', maxSplitShard, autoSplit ? 0 : -1, 256],
  ];
  for (const [name, value, least, most] of ranges) {
    if (isWithin(value, least, most)) continue;
    throw refuse.logstoreInfoInvalid(`${name} must be within range [${least}, ${most}]`);
  }
}

/** Refuses with ShardNotExist. `id` is text as it stands in a path. */
export function shardOf(logstore: Logstore, id: string): Shard {
  const shard = logstore.shards.find((candidate) => String(candidate.id) === id);
  if (!shard) throw refuse.shardNotExist(id);
  return shard;
}

/** The readwrite shard that is next in turn among those that may be written to; undefined if none may. */
export function nextShard(
  logstore: Logstore,
  mayWrite: (shard: Shard) => boolean = () => true,
): Shard | undefined {
  const shards = writable(logstore);
  for (let tries = shards.length; tries > 0; tries -= 1) {
    const shard = shards[logstore.balancedWrites++ % shards.length]!;
    if (mayWrite(shard)) return shard;
  }
  return undefined;
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
  closeShard(parent, nowMs);
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
  closeShard(left, nowMs);
  closeShard(right, nowMs);
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
  // The newest shard is there for as long as its logstore: a shard goes only after others were made of it.
  const first = (logstore.shards.at(-1)?.id ?? -1) + 1;
  if (logstore.shards.length + ranges.length > SHARDS_MAX) {
    throw refuse.projectQuotaExceed(`A logstore of the local service has at most ${SHARDS_MAX} shards.`);
  }
  const added = ranges.map((range, index) => createShard(first + index, range, parents, nowMs));
  logstore.shards.push(...added);
  return added;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
