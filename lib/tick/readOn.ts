import { orAborted } from '../abort.ts';
import type { Batch } from '../delivery/process.ts';
import { SourceError } from '../errors.ts';
import { commit, type Holding, recordFailure } from '../group/commit.ts';
import type { Failure } from '../group/items.ts';
import { messageOf } from '../observe/plainError.ts';
import { nothingMore } from '../sources/pulled.ts';
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
  const { clock, budget, settings } = run;
  const leave = (stopped: ShardResult['stopped']): ShardOutcome => ({
    result: { ...result, stopped, cursor: at.cursor },
    remember: stopped === 'lost' ? undefined : at,
  });
  const end = await endOf(run, shard);
  if (end.near) return leave('caughtUp');
  let longestMs = 0;
  let startedAt = Number.NEGATIVE_INFINITY;
  while (result.batches < settings.batchesMax) {
    if (!(await waited(run, startedAt + settings.pullIntervalMs))) return leave('deadline');
    startedAt = clock.now();
    // A batch that takes as long as the longest one so far must still fit.
    if (budget.work.aborted || startedAt + longestMs >= budget.workUntil) return leave('deadline');
    const holding: Holding = { shard, slot: run.slot, epoch: at.epoch, cursor: at.cursor };
    const pulled = await pull(run, holding, at, end.cursor);
    if (pulled === 'deadline') return leave(pulled);
    if (pulled === 'cursorExpired') {
      const moved = result.expired === undefined ? await passOver(run, holding, at, result) : 'cursorExpired';
      if (moved !== undefined) return leave(moved);
      continue;
    }
    if (pulled.filtered?.failed) run.logger.warn('filter.failed', { shard, records: pulled.filtered.failed });
    if (!pulled.empty) {
      const failed = await deliver(run, holding, pulled, at);
      if (failed !== undefined) return leave(failed);
    }
    result.lagMs = pulled.lagMs;
    if (pulled.lagMs !== undefined) at.lag = { ms: pulled.lagMs, at: clock.now() };
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
    // A shard with an end is read until that is certain.
    const hasEnd = at.state !== 'open' || end.cursor !== undefined;
    if (!moved || (pulled.caughtUp && !hasEnd)) return leave('caughtUp');
    longestMs = Math.max(longestMs, clock.now() - startedAt);
  }
  return leave('batchesMax');
}

/** Waits for the moment of the next pull; false if it lies beyond the time for work. */
async function waited({ clock, budget }: TickRun, until: number): Promise<boolean> {
  const waitMs = until - clock.now();
  if (waitMs <= 0) return true;
  if (until >= budget.workUntil) return false;
  await clock.sleep(waitMs, budget.work).catch(() => {});
  return true;
}

/**
 * Where the shard ends, if an end time is set and past. Near it, by the margin for clocks, nothing is read: what is
 * pulled before may still grow, and what comes after is not wanted.
 */
async function endOf(run: TickRun, shard: string): Promise<{ near: boolean; cursor: string | undefined }> {
  const { endAt, times } = run.settings;
  const now = run.groupNow();
  if (endAt === undefined || now < endAt - times.skewMarginMs) return { near: false, cursor: undefined };
  if (now <= endAt + times.skewMarginMs) return { near: true, cursor: undefined };
  const position = { at: 'time', unixMs: endAt } as const;
  return { near: false, cursor: await run.source.cursorAt(shard, position, run.budget.work) };
}

/**
 * Share of the tick's time for work after which a pull without an answer is a failure, however it ends. One that was begun shortly
 * before the time was over says nothing about the service.
 */
const SILENCE_SHARE = 0.25;

async function pull(
  run: TickRun,
  { shard, cursor }: Holding,
  { state, failure }: CachedShard,
  endCursor: string | undefined,
): Promise<Pulled | 'deadline' | 'cursorExpired'> {
  if (cursor === endCursor) return nothingMore(cursor);
  const { source, budget, settings } = run;
  const { countMax } = settings;
  const closed = state !== 'open';
  const endAtMs = endCursor === undefined ? undefined : settings.endAt;
  const askedAt = run.clock.now();
  const request = { shard, cursor, closed, endCursor, endAtMs, countMax, signal: budget.work };
  try {
    if (failure !== undefined) {
      const again = await source.pull({ ...request, endCursor: failure.to });
      // Its end is that of the batch, not of the shard.
      if (!again.empty) return { ...again, caughtUp: false, endOfShard: false };
    }
    return await source.pull(request);
  } catch (error) {
    if (budget.work.aborted) {
      const waitedMs = run.clock.now() - askedAt;
      if (waitedMs < budget.workMs * SILENCE_SHARE) return 'deadline';
      const details = { code: 'Timeout', status: 0, retriable: true, cause: error };
      throw new SourceError(`no answer to a pull within the tick, for ${waitedMs} ms`, details);
    }
    if (error instanceof SourceError && error.code === 'CursorExpired') return 'cursorExpired';
    throw error;
  }
}

/**
 * The records at the cursor are past the retention: goes on where the setting says, and says aloud what was passed over.
 * Undefined: the checkpoint was moved.
 */
async function passOver(
  run: TickRun,
  holding: Holding,
  at: CachedShard,
  result: ShardResult,
): Promise<'cursorExpired' | 'lost' | undefined> {
  const { source, settings, budget, logger } = run;
  const { shard, cursor: from } = holding;
  if (settings.onCursorExpired === 'fail') {
    logger.error('cursor.expired', { shard, from, remedy: 'seek the shard to where it is to go on' });
    return 'cursorExpired';
  }
  const position = { at: settings.onCursorExpired === 'earliest' ? 'begin' : 'end' } as const;
  const to = await source.cursorAt(shard, position, budget.work);
  const progress = { to, done: false, lagMs: undefined };
  if (!(await commit(run.store, holding, progress, { signal: budget.requests }))) return 'lost';
  const positions = source.distance?.(from, to);
  logger.warn('cursor.expired', { shard, from, to, positions });
  at.cursor = to;
  at.failure = undefined;
  result.expired = { positions };
  return undefined;
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
  const tags = source.tagsOf?.(shard) ?? source.tags;
  const batch: Batch = { id, group: settings.group, shard, from, to, records, bytes, tags };
  try {
    const processing = run.process(batch, { signal: budget.work, remainingMs: budget.remainingMs, logger });
    // Whatever code that ignores its signal still does, its batch is not committed.
    await orAborted(Promise.resolve(processing), budget.work);
    return undefined;
  } catch (error) {
    const timeUp = budget.work.aborted;
    const failure = failedAgain(at.failure, to, run.groupNow(), error);
    try {
      // First of all: what is not noted comes again with another end, under another id.
      if (!(await recordFailure(run.store, holding, failure, { signal: budget.requests }))) return 'lost';
    } finally {
      logger.error(timeUp ? 'batch.timedOut' : 'batch.failed', { attempts: failure.attempts, error });
    }
    at.failure = failure;
    return timeUp ? 'deadline' : 'processFailed';
  }
}

/** The shard item is billed by the KiB. */
const FAILURE_CHARACTERS_MAX = 200;

function failedAgain(before: Failure | undefined, to: string, now: number, error: unknown): Failure {
  const message = messageOf(error, FAILURE_CHARACTERS_MAX);
  const { attempts = 0, firstAt = now } = before ?? {};
  return { attempts: attempts + 1, firstAt, lastAt: now, to, message };
}
