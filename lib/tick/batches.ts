import assert from 'node:assert/strict';
import { commit, type Holding } from '../group/commit.ts';
import type { CachedShard } from './cache.ts';
import type { ShardOutcome, TickContext } from './context.ts';
import { deliver } from './deliver.ts';
import { endOf, passOver, pull } from './pull.ts';
import type { ShardResult } from './result.ts';

/**
 * Pull, process, checkpoint, again and again while the shard is behind and time is left. `at` is what the table holds,
 * and is kept so. Throws what the store throws, and what the source throws unless the time was over.
 */
export async function consumeBatches(
  context: TickContext,
  shard: string,
  at: CachedShard,
  result: ShardResult,
): Promise<ShardOutcome> {
  const { clock, budget, settings, store } = context;
  assert(at.state !== 'done', 'there is something left to read');
  const options = { signal: budget.requests };
  const leave = (stopped: ShardResult['stopped']): ShardOutcome => ({
    result: { ...result, stopped, cursor: at.cursor },
    remember: stopped === 'lost' ? undefined : at,
  });
  const end = await endOf(context, shard);
  if (end.near) return leave('caughtUp');
  let longestMs = 0;
  let startedAt = Number.NEGATIVE_INFINITY;
  while (result.batches < settings.batchesMax) {
    if (!(await waited(context, startedAt + settings.pullIntervalMs))) return leave('deadline');
    startedAt = clock.now();
    // A batch that takes as long as the longest one so far must still fit.
    if (budget.work.aborted || startedAt + longestMs >= budget.workUntil) return leave('deadline');
    const holding: Holding = { shard, slot: context.slot, epoch: at.epoch, cursor: at.cursor };
    const pulled = await pull(context, holding, at, end.cursor);
    if (pulled === 'deadline') return leave(pulled);
    if (pulled === 'cursorExpired') {
      const stopped =
        result.expired === undefined ? await passOver(context, holding, at, result) : 'cursorExpired';
      if (stopped !== undefined) return leave(stopped);
      continue;
    }
    if (pulled.filtered?.failed)
      context.logger.warn('filter.failed', { shard, records: pulled.filtered.failed });
    const moved = pulled.nextCursor !== at.cursor;
    // Delivered, they would have no end to name the batch by, and come again and again.
    assert(moved || pulled.count === 0, 'a source tells where to go on after records');
    if (pulled.count > 0) {
      const failed = await deliver(context, holding, pulled, at);
      if (failed !== undefined) return leave(failed);
    }
    result.lagMs = pulled.lagMs;
    if (pulled.lagMs !== undefined) at.lag = { ms: pulled.lagMs, at: clock.now() };
    if (moved || pulled.endOfShard) {
      const progress = { to: pulled.nextCursor, done: pulled.endOfShard, lagMs: pulled.lagMs };
      if (!(await commit(store, holding, progress, options))) return leave('lost');
      at.cursor = pulled.nextCursor;
      at.failure = undefined;
      result.bytes += pulled.bytes;
      if (pulled.count > 0) result.batches++;
    }
    if (pulled.endOfShard) {
      at.state = 'done';
      context.logger.info('shard.done', { shard });
      return leave('done');
    }
    // A shard with an end is read until that is certain.
    const hasEnd = at.state !== 'open' || end.cursor !== undefined;
    if (!moved || (pulled.caughtUp && !hasEnd)) return leave('caughtUp');
    longestMs = Math.max(longestMs, clock.now() - startedAt);
  }
  return leave('batchesMax');
}

/** Waits for the moment of the next pull; false if it lies beyond the time for work. */
async function waited({ clock, budget }: TickContext, until: number): Promise<boolean> {
  const waitMs = until - clock.now();
  if (waitMs <= 0) return true;
  if (until >= budget.workUntil) return false;
  await clock.sleep(waitMs, budget.work).catch(() => {});
  return true;
}
