import { streamOf } from '../../lib/group/listing.ts';
import type { Position } from '../../lib/sources/source.ts';

/** One shard's true history. Positions count records from 0; a cursor is a position in text. */
export interface StreamShard {
  readonly id: string;
  readonly parents: readonly string[];
  readonly bornAt: number;
  closedAt: number | undefined;
  /** When retention forgot the shard itself: no longer listed. */
  removedAt: number | undefined;
  /** When each record was received. */
  receivedAt: number[];
  /** Records before this position are gone. */
  trimmedUntil: number;
}

/** Two log streams, `a` and `b`: what was ever written to them, and what is left. Knows nothing of their readers. */
export interface Stream {
  readonly shards: ReadonlyMap<string, StreamShard>;
  /** Until then the service lists nothing: it hangs, or fails. */
  listOutage: { until: number; hangs: boolean } | undefined;
  /** What the service lists now. */
  listed(): StreamShard[];
  open(): StreamShard[];
  append(shard: StreamShard, count: number): void;
  split(shard: StreamShard): StreamShard[];
  merge(first: StreamShard, second: StreamShard): StreamShard;
  /** Forgets records received before that time, and closed shards that are empty by then. */
  trim(before: number): void;
  position(shard: StreamShard, at: Position): number;
}

export function createStream(shardCount: number, now: () => number): Stream {
  const shards = new Map<string, StreamShard>();
  const create = (parents: readonly string[], name = streamOf(parents[0]!)): StreamShard => {
    const shard: StreamShard = {
      id: `${name}:${shards.size}`,
      parents,
      bornAt: now(),
      closedAt: undefined,
      removedAt: undefined,
      receivedAt: [],
      trimmedUntil: 0,
    };
    shards.set(shard.id, shard);
    return shard;
  };
  for (let index = 0; index < shardCount; index++) create([], index % 2 === 0 ? 'a' : 'b');

  const listed = (): StreamShard[] => [...shards.values()].filter((shard) => shard.removedAt === undefined);
  return {
    shards,
    listOutage: undefined,
    listed,
    open: () => listed().filter((shard) => shard.closedAt === undefined),
    append(shard, count) {
      for (let index = 0; index < count; index++) shard.receivedAt.push(now());
    },
    split(shard) {
      shard.closedAt = now();
      return [create([shard.id]), create([shard.id])];
    },
    merge(first, second) {
      first.closedAt = now();
      second.closedAt = now();
      return create([first.id, second.id]);
    },
    trim(before) {
      for (const shard of listed()) {
        while ((shard.receivedAt[shard.trimmedUntil] ?? before) < before) shard.trimmedUntil++;
        const empty = shard.trimmedUntil === shard.receivedAt.length;
        if (empty && shard.closedAt !== undefined && shard.closedAt < before) shard.removedAt = now();
      }
    },
    position(shard, at) {
      if (at.at === 'begin') return shard.trimmedUntil;
      if (at.at === 'end') return shard.receivedAt.length;
      const found = shard.receivedAt.findIndex((time) => time >= at.unixMs);
      return Math.max(shard.trimmedUntil, found < 0 ? shard.receivedAt.length : found);
    },
  };
}

/** Cursors are opaque to the library: nothing in them can be compared or counted by accident. */
export const cursorOf = (position: number): string => `c${position}`;
export const positionOf = (cursor: string): number => Number(cursor.slice(1));
