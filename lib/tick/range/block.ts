import * as attempt from '../../delivery/attempt.ts';
import { condemned, reasonOf } from '../../delivery/condemned.ts';
import type { Pending } from '../../group/pending.ts';
import { locate } from './behind.ts';
import {
  type Along,
  failureOf,
  given,
  givesUp,
  hadTime,
  hasSucceededSince,
  noted,
  type RangeEnd,
  type RangeWork,
  rulesOf,
  TIME_SHARE,
  tellFailure,
} from './rangeWork.ts';
import { tellStuck } from './stuck.ts';

/** Of one visit to a range: so many records of its block have failed again, and when it had failed before. */
export interface Round {
  tried: number;
  lastFailedAt: number | undefined;
  /** All of the block were tried by runs before, each of which could do no more then: what everything failed of may be over by now. */
  isStale: boolean;
}

/**
 * Decides about records that have each failed as often as is allowed: the block. They are tried once more, one by one, unless they just
 * were: if one of them succeeds, those before it were to blame. If none does, and another shard of the slot has succeeded since
 * they failed before, they are. Else the record after them is tried. Where that fails, too, everything may fail: nothing is given up.
 */
export async function workOnBlock(
  work: RangeWork,
  pending: Pending,
  block: number,
  round: Round,
): Promise<RangeEnd | undefined> {
  const { context } = work;
  // Where nothing is given up, it has to be taken.
  const wanted = givesUp(context) ? block : 1;
  if (round.tried < wanted) return tryAgain(work, pending, round);
  if (!givesUp(context)) return stuck(work, pending);
  if (round.isStale) return tryOnceMore(work, pending, round);
  if (hasSucceededSince(context, round.lastFailedAt)) return giveUp(work, pending, block);
  return tryNext(work, pending, block);
}

/** Those before `resume`, where it is said, failed, and the one there succeeded. */
const giveUp = (
  work: RangeWork,
  pending: Pending,
  count: number,
  { resume, along }: { resume?: number; along?: Along } = {},
) => noted(work, condemned(pending, { count, reason: reasonOf(pending), ...(resume && { resume }) }), along);

/**
 * No time is left for more. Where all of the block, if there is one, have just failed again, what has succeeded meanwhile may tell: in this
 * sandbox, or in one that died of the first of them, and noted it.
 */
export async function leaveForTime(
  work: RangeWork,
  pending: Pending,
  { tried, lastFailedAt, isStale }: Round,
): Promise<RangeEnd> {
  const { context } = work;
  const isWhole = tried > 0 && tried === pending.block && !isStale;
  const isSeen = pending.proven === true || hasSucceededSince(context, lastFailedAt);
  const isProven = isWhole && givesUp(context) && isSeen;
  return (isProven ? await giveUp(work, pending, tried) : undefined) ?? 'deadline';
}

async function tryAgain(work: RangeWork, pending: Pending, round: Round): Promise<RangeEnd | undefined> {
  const { context } = work;
  const place = pending.done + round.tried;
  const where = await locate(work, pending, place);
  if (where === 'gone') {
    round.tried++;
    return undefined;
  }
  // It is past the retention: nothing can be found out about it.
  if (where === 'none' || where === 'unknown') return stuck(work, pending, 'deadline');
  const keep = (along: Along) =>
    round.tried > 0
      ? giveUp(work, where.pending, round.tried, { resume: place + 1, along })
      : noted(work, attempt.succeeded(where.pending, place + 1, context.groupNow()), along);
  const answer = await given(work, where.pending, where, keep, { place });
  if (answer === 'lost') return answer;
  const { delivered, givenMs } = answer;
  if (delivered.how === 'succeeded') return undefined;
  tellFailure(work, where, delivered, rulesOf(context).attemptsMax);
  if (delivered.how !== 'timedOut' || hadTime(work, givenMs)) round.tried++;
  if (delivered.how !== 'timedOut') return undefined;
  return leaveForTime(work, work.at.pending ?? pending, round);
}

/** Of a tick's time for work, what the first of a block has to show that what everything hung of is over. The rest is enough for another. */
const ONCE_MORE_SHARE = 1 / 3;

/**
 * What succeeds now tells nothing of a block that failed in ticks before. If something has succeeded, all of it is tried again. If not, the
 * first of it is, before the one behind it: unless the run would die.
 */
async function tryOnceMore(work: RangeWork, pending: Pending, round: Round): Promise<RangeEnd | undefined> {
  const { context, range } = work;
  round.isStale = false;
  if (hasSucceededSince(context, round.lastFailedAt)) {
    round.tried = 0;
    return undefined;
  }
  const limitMs = context.budget.workMs * ONCE_MORE_SHARE;
  // Where records take most of a tick, there is no time for both, and the one behind would never be tried.
  const { msPerRecord = 0 } = work.at.pace ?? {};
  const leftMs = (context.budget.remainingMs() - limitMs) * TIME_SHARE;
  if (pending.deadly || msPerRecord > leftMs) return undefined;
  const { done: place } = pending;
  const part = { first: place, last: place + 1 };
  const keep = (along: Along) =>
    noted(work, attempt.succeeded(pending, place + 1, context.groupNow()), along);
  const answer = await given(work, pending, { range, part }, keep, { place, limitMs });
  if (answer === 'lost') return answer;
  const { delivered } = answer;
  if (delivered.how === 'succeeded') return undefined;
  tellFailure(work, { range, part }, delivered, rulesOf(context).attemptsMax);
  return undefined;
}

/** The record after the block. Nothing else of what comes after it is begun before it is decided. */
async function tryNext(work: RangeWork, pending: Pending, block: number): Promise<RangeEnd | undefined> {
  const { context } = work;
  const place = pending.done + block;
  const where = await locate(work, pending, place);
  if (where === 'unknown') return stuck(work, pending, 'deadline');
  if (where === 'gone') return noted(work, { ...pending, block: block + 1 });
  if (where === 'none') {
    // Nothing else can tell: what was in the same batch has to do.
    const { firstAt, joinedAt = firstAt, successAt = Number.NEGATIVE_INFINITY } = pending;
    const isProven = joinedAt !== undefined && (successAt > joinedAt || hasSucceededSince(context, joinedAt));
    return isProven ? giveUp(work, pending, block) : stuck(work, pending);
  }
  const keep = (along: Along) => giveUp(work, where.pending, block, { resume: place + 1, along });
  const answer = await given(work, where.pending, where, keep);
  if (answer === 'lost') return answer;
  const { delivered, givenMs } = answer;
  if (delivered.how === 'succeeded') return undefined;
  if (delivered.how === 'timedOut' && !hadTime(work, givenMs)) return stuck(work, where.pending, 'deadline');
  const next = attempt.failedAlone(where.pending, place, failureOf(work, delivered), rulesOf(context));
  if ((await noted(work, next)) === 'lost') return 'lost';
  const isExhausted = next.block !== block;
  tellFailure(work, where, delivered, isExhausted ? rulesOf(context).attemptsMax : next.attempts);
  return stuck(work, next, delivered.how === 'timedOut' ? 'deadline' : undefined);
}

/** Nothing can be decided now: the shard waits as long as it ever does. */
async function stuck(work: RangeWork, pending: Pending, end?: 'deadline'): Promise<RangeEnd> {
  const { context, holding } = work;
  const now = context.groupNow();
  const isNoted = work.at.pending === pending && (pending.notBefore ?? 0) > now;
  const waiting = isNoted ? pending : attempt.failedAgain(pending, { at: now }, rulesOf(context));
  if (!isNoted && (await noted(work, waiting)) === 'lost') return 'lost';
  return tellStuck(context, holding.shard, waiting) ?? end ?? 'batchFailed';
}
