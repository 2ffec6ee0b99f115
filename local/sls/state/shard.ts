import type { KeyRange } from '../../service/keyspace.ts';

/** One log group as it was put, never decoded again. */
export interface StoredGroup {
  /** When the service received it, seconds since 1970; never less than the one before. */
  readonly receivedAtSec: number;
  readonly byteLength: number;
  /** Its protobuf bytes, from wherever they are kept. */
  read(): Uint8Array;
}

/** Positions are cursors as integers: the group at `groups[i]` is at `firstPosition + i`. */
export interface Shard {
  readonly id: number;
  status: 'readwrite' | 'readonly';
  readonly range: KeyRange;
  readonly createdAtSec: number;
  /** When it became readonly; absent while it is not. */
  closedAtSec?: number;
  /** Shards this one continues. Never told to clients: the API has no field for it. */
  readonly parents: readonly number[];
  /** Position of the oldest group that is kept; grows when groups expire. */
  firstPosition: bigint;
  readonly groups: StoredGroup[];
}

export interface ReadLimits {
  countMax: number;
  /** Soft: one group is read even if it is larger, so that no reader is ever stuck. */
  bytesMax: number;
  /** Read no group at or after this position. */
  before?: bigint;
}

/**
 * Live cursors look like nanoseconds since 1970 at the shard's creation. Doing likewise keeps them beyond 2^53, where
 * a client that computes with floating point numbers fails, and different in every shard.
 */
export function createShard(id: number, range: KeyRange, parents: readonly number[], nowMs: number): Shard {
  return {
    id,
    status: 'readwrite',
    range,
    createdAtSec: Math.floor(nowMs / 1000),
    parents,
    firstPosition: BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(id) * 1000n + 1n,
    groups: [],
  };
}

/** Position of the oldest group; equal to the end of a shard that keeps none. */
export function beginOf(shard: Shard): bigint {
  return shard.firstPosition;
}

/** Position of the next group to be put. */
export function endOf(shard: Shard): bigint {
  return shard.firstPosition + BigInt(shard.groups.length);
}

/** The time of a group that is received now. Times never run backwards, so that positions can be searched by time. */
export function receiptTimeSec(shard: Shard, nowMs: number): number {
  return Math.max(Math.floor(nowMs / 1000), shard.groups.at(-1)?.receivedAtSec ?? 0);
}

/** Makes a shard readonly. */
export function closeShard(shard: Shard, nowMs: number): void {
  shard.status = 'readonly';
  shard.closedAtSec = Math.floor(nowMs / 1000);
}

/** Position of the first group received at or after `unixSec`; the end if there is none. */
export function positionAtTime(shard: Shard, unixSec: number): bigint {
  return shard.firstPosition + BigInt(indexAtTime(shard, unixSec));
}

/** Forgets the groups received before `unixSec`, and returns them. */
export function dropBefore(shard: Shard, unixSec: number): StoredGroup[] {
  const dropped = shard.groups.splice(0, indexAtTime(shard, unixSec));
  shard.firstPosition += BigInt(dropped.length);
  return dropped;
}

function indexAtTime(shard: Shard, unixSec: number): number {
  let low = 0;
  let high = shard.groups.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (shard.groups[middle]!.receivedAtSec < unixSec) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a reader may stand at `position`: anywhere from the oldest group kept to the end. */
export function holdsPosition(shard: Shard, position: bigint): boolean {
  return position >= beginOf(shard) && position <= endOf(shard);
}

/** The group at a position; undefined at the end. */
export function groupAt(shard: Shard, position: bigint): StoredGroup | undefined {
  return shard.groups[Number(position - shard.firstPosition)];
}

/** Groups from `position` on, in order, within the limits. */
export function readGroups(shard: Shard, position: bigint, limits: ReadLimits): StoredGroup[] {
  const start = Number(position - shard.firstPosition);
  const stop =
    limits.before === undefined ? shard.groups.length : Number(limits.before - shard.firstPosition);
  const read: StoredGroup[] = [];
  let bytes = 0;
  for (const group of shard.groups.slice(start, Math.max(start, Math.min(stop, start + limits.countMax)))) {
    bytes += group.byteLength;
    if (read.length > 0 && bytes > limits.bytesMax) break;
    read.push(group);
  }
  return read;
}
