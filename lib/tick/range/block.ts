import * as attempt from '../../delivery/attempt.ts';
import { condemned, reasonOf } from '../../delivery/condemned.ts';
import type { Pending } from '../../group/pending.ts';
import { locate } from './behind.ts';
import {
  failureOf,
  given,
  hadTime,
  hasSucceededSince,
  noted,
  type RangeEnd,
  type RangeWork,
  rulesOf,
  tellFailure,
} from './rangeWork.ts';
import { tellStuck } from './stuck.ts';

/** Of one visit to a range: so many records of its block have failed again, and when it had failed before. */
export interface Round {
  tried: number;
  lastFailedAt: number | undefined;
}

/**
 * Decides about records that have each failed as often as is allowed: the block. They are tried once more, one by one, unless they just
 * were, or a run may die of them: if one of them succeeds, those before it were to blame. If none does, and another shard of the slot has succeeded since
 * they failed before, they are. Else the record after them is tried. Where that fails, too, everything may fail: nothing is given up.
 */
export async function workOnBlock(
  work: RangeWork,
  pending: Pending,
  block: number,
  round: Round,
): Promise<RangeEnd | undefined> {
  const { context } = work;
  if (round.tried < block) return tryAgain(work, pending, round);
  if (context.settings.delivery.onPoison === 'block') return stuck(work, pending, { isLast: true });
  if (hasSucceededSince(context, round.lastFailedAt)) return giveUp(work, pending, block);
  return tryNext(work, pending, block);
}

/** Those before `resume`, where it is said, failed, and the one there succeeded. */
const giveUp = (work: RangeWork, pending: Pending, count: number, resume?: number) =>
  noted(work, condemned(pending, { count, reason: reasonOf(pending), ...(resume && { resume }) }));

async function tryAgain(work: RangeWork, pending: Pending, round: Round): Promise<RangeEnd | undefined> {
  const { context } = work;
  const place = pending.done + round.tried;
  const where = await locate(work, pending, place);
  // It is past the retention: nothing can be found out about it.
  if (where === 'none' || where === 'unknown') return stuck(work, pending, { end: 'deadline' });
  const answer = await given(work, where.pending, where, place);
  if (answer === 'lost') return answer;
  const { delivered, elapsedMs } = answer;
  if (delivered.how === 'succeeded') {
    if (round.tried > 0) return giveUp(work, where.pending, round.tried, place + 1);
    const next = attempt.succeeded(where.pending, place + 1, context.groupNow());
    return noted(work, next);
  }
  tellFailure(work, where, delivered, rulesOf(context).attemptsMax);
  if (delivered.how !== 'timedOut' || hadTime(work, elapsedMs)) round.tried++;
  return delivered.how === 'timedOut' ? 'deadline' : undefined;
}

/** The record after the block. Nothing else of what comes after it is begun before it is decided. */
async function tryNext(work: RangeWork, pending: Pending, block: number): Promise<RangeEnd | undefined> {
  const { context } = work;
  const place = pending.done + block;
  const where = await locate(work, pending, place);
  if (where === 'unknown') return stuck(work, pending, { end: 'deadline' });
  if (where === 'none') {
    // Nothing else can tell: what was in the same batch has to do.
    const { firstAt, joinedAt = firstAt, successAt = Number.NEGATIVE_INFINITY } = pending;
    const isProven = joinedAt !== undefined && (successAt > joinedAt || hasSucceededSince(context, joinedAt));
    return isProven ? giveUp(work, pending, block) : stuck(work, pending, { isLast: true });
  }
  const answer = await given(work, where.pending, where);
  if (answer === 'lost') return answer;
  const { delivered, elapsedMs } = answer;
  if (delivered.how === 'succeeded') return giveUp(work, where.pending, block, place + 1);
  if (delivered.how === 'timedOut' && !hadTime(work, elapsedMs))
    return stuck(work, where.pending, { end: 'deadline' });
  const next = attempt.failedAlone(where.pending, place, failureOf(work, delivered), rulesOf(context));
  if ((await noted(work, next)) === 'lost') return 'lost';
  const isExhausted = next.block !== block;
  tellFailure(work, where, delivered, isExhausted ? rulesOf(context).attemptsMax : next.attempts);
  return stuck(work, next, delivered.how === 'timedOut' ? { end: 'deadline' } : {});
}

/** Nothing can be decided now: the shard waits as long as it ever does. `isLast`: there is nothing else that could be tried. */
async function stuck(
  work: RangeWork,
  pending: Pending,
  { end, isLast = false }: { end?: 'deadline'; isLast?: boolean },
): Promise<RangeEnd> {
  const { context, holding } = work;
  const now = context.groupNow();
  const isNoted = work.at.pending === pending && (pending.notBefore ?? 0) > now;
  const waiting = isNoted
    ? pending
    : attempt.failedAgain(pending, { at: now, sparesDeadly: !isLast }, rulesOf(context));
  if (!isNoted && (await noted(work, waiting)) === 'lost') return 'lost';
  return tellStuck(context, holding.shard, waiting) ?? end ?? 'batchFailed';
}
