import type { Batch } from '../delivery/process.ts';
import { commit, type Holding, recordFailure } from '../group/commit.ts';
import type { Failure } from '../group/items.ts';
import type { Pulled } from '../sources/source.ts';
import type { CachedShard } from './cache.ts';
import type { ShardResult } from './result.ts';
import type { ShardOutcome, TickRun } from './run.ts';

/**
 * Pull, process, checkpoint, again and again while the shard is behind and time is left. `at` is what the table holds,
 * and is kept so. Throws what the store throws, and what the source throws unless the time was over.
 */
export async function readOn(
  run: TickRun,
  shard: string,
  at: CachedShard,
  result: ShardResult,
): Promise<ShardOutcome> {
  const { source, clock, budget, settings } = run;
  const leave = (stopped: ShardResult['stopped']): ShardOutcome => ({
    result: { ...result, stopped, cursor: at.cursor },
    remember: stopped === 'lost' ? undefined : at,
  });
  let longestMs = 0;
  while (result.batches < settings.batchesMax) {
    const startedAt = clock.now();
    // A batch that takes as long as the longest one so far must still fit.
    if (budget.work.aborted || startedAt + longestMs >= budget.workUntil) return leave('deadline');
    const holding: Holding = { shard, slot: run.slot, epoch: at.epoch, cursor: at.cursor };
    let pulled: Pulled;
    try {
      const closed = at.state !== 'open';
      const { countMax } = settings;
      pulled = await source.pull({ shard, cursor: at.cursor, closed, countMax, signal: budget.work });
    } catch (error) {
      if (budget.work.aborted) return leave('deadline');
      throw error;
    }
    result.lagMs = pulled.lagMs;
    if (!pulled.empty) {
      const failed = await deliver(run, holding, pulled, at);
      if (failed !== undefined) return leave(failed);
    }
    const moved = pulled.nextCursor !== at.cursor;
    if (moved || pulled.endOfShard) {
      const progress = { to: pulled.nextCursor, done: pulled.endOfShard, lagMs: pulled.lagMs };
      if (!(await commit(run.store, holding, progress, { signal: budget.requests }))) return leave('lost');
      at.cursor = pulled.nextCursor;
      at.failure = undefined;
      result.bytes += pulled.bytes;
      if (!pulled.empty) result.batches++;
    }
    if (pulled.endOfShard) {
      at.state = 'done';
      run.logger.info('shard.done', { shard });
      return leave('done');
    }
    // A closed shard is read until its end is certain.
    if (!moved || (pulled.caughtUp && at.state === 'open')) return leave('caughtUp');
    longestMs = Math.max(longestMs, clock.now() - startedAt);
  }
  return leave('batchesMax');
}

/** Hands one batch to `process`. Undefined: it succeeded, and only then may its checkpoint be written. */
async function deliver(
  run: TickRun,
  holding: Holding,
  pulled: Pulled,
  at: CachedShard,
): Promise<'deadline' | 'processFailed' | 'lost' | undefined> {
  const { budget, settings, source } = run;
  const { shard, cursor: from } = holding;
  const to = pulled.nextCursor;
  const id = `${settings.group}/${shard}/${from}-${to}`;
  const logger = run.logger.with({ shard, batch: id });
  const { records, bytes } = pulled;
  const batch: Batch = { id, group: settings.group, shard, from, to, records, bytes, tags: source.tags };
  try {
    const processing = run.process(batch, { signal: budget.work, remainingMs: budget.remainingMs, logger });
    await orAborted(Promise.resolve(processing), budget.work);
    return undefined;
  } catch (error) {
    const timeUp = budget.work.aborted;
    logger.error(timeUp ? 'batch.timedOut' : 'batch.failed', {
      attempts: (at.failure?.attempts ?? 0) + 1,
      error,
    });
    const failure = failedAgain(at.failure, run.clock.now(), error);
    const noted = await recordFailure(run.store, holding, failure, { signal: budget.requests });
    if (!noted) return 'lost';
    at.failure = failure;
    return timeUp ? 'deadline' : 'processFailed';
  }
}

function failedAgain(before: Failure | undefined, now: number, error: unknown): Failure {
  // Bounded: the shard item is billed by the KiB.
  const message = String(error).slice(0, 200);
  return { attempts: (before?.attempts ?? 0) + 1, firstAt: before?.firstAt ?? now, lastAt: now, message };
}

/** Does not wait for code that ignores its signal: whatever it still does, its batch is not committed. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
