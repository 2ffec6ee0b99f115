import { SourceError } from '../errors.ts';
import { commit, type Holding } from '../group/commit.ts';
import { nothingMore } from '../sources/pulled.ts';
import type { CachedShard } from './cache.ts';
import type { TickContext } from './context.ts';
import { rangeId } from './range/range.ts';
import type { Answer, Reading } from './reading.ts';
import type { ShardResult } from './result.ts';

/**
 * Where the shard ends, if an end time is set and past. Near it, by the margin for clocks, nothing is read: what is
 * pulled before may still grow, and what comes after is not wanted. That of a replay has come before it began: a clock that says
 * otherwise is slow.
 */
export async function endOf(
  context: TickContext,
  shard: string,
): Promise<{ near: boolean; cursor: string | undefined }> {
  const { endAt, times, replay } = context.settings;
  const now = context.groupNow();
  const isToCome = endAt !== undefined && replay === undefined && now < endAt - times.skewMarginMs;
  if (endAt === undefined || isToCome) return { near: false, cursor: undefined };
  if (now <= endAt + times.skewMarginMs) return { near: true, cursor: undefined };
  const position = { at: 'time', unixMs: endAt } as const;
  return { near: false, cursor: await context.source.cursorAt(shard, position, context.budget.work) };
}

/**
 * Share of the tick's time for work after which a pull without an answer is a failure, however it ends. One that was begun shortly
 * before the time was over says nothing about the service.
 */
const SILENCE_SHARE = 0.25;

/** Waits until the shard may be pulled again, or the signal aborts; false if that is beyond the time for work. */
export async function pullTurn(
  { clock, budget, settings }: TickContext,
  at: CachedShard,
  signal = budget.work,
): Promise<boolean> {
  const { pulledAt = Number.NEGATIVE_INFINITY } = at;
  // A clock that was set back meanwhile says that the last pull is still to come.
  const waitMs = Math.min(settings.pullIntervalMs, pulledAt + settings.pullIntervalMs - clock.now());
  if (waitMs <= 0) return true;
  if (clock.now() + waitMs >= budget.workUntil) return false;
  await clock.sleep(waitMs, signal).catch(() => {});
  return true;
}

/** Where to read, and up to which end, where there is one. `signal`: of a pull that may be given up before the time for work is over. */
export interface Asked {
  cursor: string;
  endCursor: string | undefined;
  signal?: AbortSignal;
  /** An answer should be no larger. What there is room for, unless set. */
  bytesMax?: number;
}

/** What an answer takes in memory, about. */
export const sizeOf = (answer: Answer): number => (typeof answer === 'string' ? 0 : answer.bytes);

/** One pull, which somebody waits for. */
export async function pull(reading: Reading, asked: Asked): Promise<Answer> {
  const { context, at, holder } = reading;
  if (asked.cursor === asked.endCursor) return nothingMore(asked.cursor);
  if (!(await pullTurn(context, at))) return 'deadline';
  if (!(await holder.reserve(context.budget.work))) return 'deadline';
  const answer = await context.meter.timed('pullMs', () => ask(reading, asked));
  holder.filled(sizeOf(answer));
  return answer;
}

/** The same, of which nobody has to wait for the end: what that takes is not counted. Its turn has come. */
export async function ask({ context, shard, at, holder }: Reading, asked: Asked): Promise<Answer> {
  const { source, budget, settings, tracing } = context;
  const { cursor, endCursor, signal = budget.work, bytesMax = holder.bytesMax() } = asked;
  const closed = at.state !== 'open';
  const endAtMs = endCursor === undefined ? undefined : settings.endAt;
  const { countMax } = settings;
  const askedAt = context.clock.now();
  at.pulledAt = askedAt;
  try {
    const request = { shard, cursor, closed, endCursor, endAtMs, countMax, bytesMax, signal };
    return await tracing.span('pull', { shard }, async (span) => {
      const pulled = await source.pull(request);
      const { nextCursor: to, count: records, bytes } = pulled;
      span.set({ range: rangeId(settings.group, shard, { from: cursor, to }), records, bytes });
      return pulled;
    });
  } catch (error) {
    if (budget.work.aborted) {
      const waitedMs = context.clock.now() - askedAt;
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
export async function passOver(
  context: TickContext,
  holding: Holding,
  at: CachedShard,
  result: ShardResult,
): Promise<'cursorExpired' | 'lost' | undefined> {
  const { source, settings, budget, logger } = context;
  const { shard, cursor: from } = holding;
  if (settings.onCursorExpired === 'fail') {
    logger.error('cursor.expired', { shard, from, remedy: 'seek the shard to where it is to go on' });
    return 'cursorExpired';
  }
  const position = { at: settings.onCursorExpired === 'earliest' ? 'begin' : 'end' } as const;
  const to = await source.cursorAt(shard, position, budget.work);
  const progress = { to, done: false, lagMs: undefined };
  if (!(await commit(context.store, holding, progress, { signal: budget.requests }))) return 'lost';
  const positions = source.distance?.(from, to);
  logger.warn('cursor.expired', { shard, from, to, positions });
  context.announcer?.happened(holding.slot, { type: 'gap', shard, from, to, positions });
  at.cursor = to;
  at.pending = undefined;
  at.step = undefined;
  result.expired = { positions };
  return undefined;
}
