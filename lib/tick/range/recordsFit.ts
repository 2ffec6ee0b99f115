/**
 * How many records are given at a time, where the user's function returns writes for them: as many as fit into a transaction. Found out by
 * the sandbox, shard by shard.
 */
import type { Part } from '../../delivery/attempt.ts';
import { WRITES_MAX } from '../../delivery/returnedWrites.ts';
import type { CachedShard } from '../cache.ts';

/** The part of several records had so many writes, too many: no more than half of it is given next. */
export function shrinkFit(at: CachedShard, { first, last }: Part, writes: number): number {
  const count = last - first;
  at.recordsFit = Math.max(1, Math.min(Math.ceil(count / 2), Math.floor((count * WRITES_MAX) / writes)));
  return at.recordsFit;
}

/** The part had so many writes: twice as many records may fit, too. */
export function growFit(at: CachedShard, { first, last }: Part, writes: number): void {
  if (at.recordsFit !== undefined && last - first >= at.recordsFit && 2 * writes <= WRITES_MAX)
    at.recordsFit *= 2;
}
