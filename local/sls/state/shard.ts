import type { KeyRange } from '../../service/keyspace.ts';
import type { Log } from '../../service/log.ts';

/** Positions in its log are cursors as integers. */
export interface Shard extends Log {
  readonly id: number;
  status: 'readwrite' | 'readonly';
  readonly range: KeyRange;
  readonly createdAtSec: number;
  /** When it became readonly; absent while it is not. */
  closedAtSec?: number;
  /** Shards this one continues. Never told to clients: the API has no field for it. */
  readonly parents: readonly number[];
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

/** Makes a shard readonly. */
export function closeShard(shard: Shard, nowMs: number): void {
  shard.status = 'readonly';
  shard.closedAtSec = Math.floor(nowMs / 1000);
}
