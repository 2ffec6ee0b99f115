import * as attempt from '../../delivery/attempt.ts';
import { condemned } from '../../delivery/condemned.ts';
import type { Delivered } from '../../delivery/delivered.ts';
import { newPending } from '../../delivery/rest.ts';
import { mustWait } from '../../delivery/waits.ts';
import { SourceError } from '../../errors.ts';
import type { Pending } from '../../group/pending.ts';
import type { Pace } from '../cache.ts';
import { leaveForTime, type Round, workOnBlock } from './block.ts';
import { bury } from './bury.ts';
import { checkpoint } from './checkpoint.ts';
import {
  type Along,
  failureOf,
  type Given,
  given,
  hadTime,
  noted,
  type RangeEnd,
  type RangeWork,
  rulesOf,
  TIME_SHARE,
  tellFailure,
} from './rangeWork.ts';
import { growFit, shrinkFit } from './recordsFit.ts';
import { firstTooOld, tooOldFrom } from './tooOld.ts';

/**
 * Gives a range to the user's function, part by part, until all of it is finished and the checkpoint behind it, or the shard has to be
 * left. Whatever is learned is noted before anything else is done.
 */
export async function workOnRange(work: RangeWork): Promise<RangeEnd> {
  const { context, at, range, result } = work;
  const { batchesMax } = context.settings;
  const { tried = 0, lastAt, block } = at.pending ?? {};
  const round: Round = { tried, lastFailedAt: lastAt, isStale: tried === block };
  for (;;) {
    const pending = at.pending ?? newPending(range);
    if (pending.condemned === undefined && pending.done >= range.count)
      return (await checkpoint(work, pending)) ?? 'finished';
    const end = pending.condemned
      ? await bury(work, pending, pending.condemned)
      : result.batches >= batchesMax
        ? 'batchesMax'
        : await takeStep(work, pending, round).catch((error: unknown) => leftFailing(work, round, error));
    if (end === 'finished' || end === 'lost') return end;
    if (end !== undefined) return (await left(work, round)) ?? end;
  }
}

/** What comes behind the range could not be read. */
async function leftFailing(work: RangeWork, round: Round, error: unknown): Promise<never> {
  if (error instanceof SourceError) await left(work, round);
  throw error;
}

/**
 * Notes what no note says yet. Of a block: how many of it were tried again, so that the next tick goes on there. And that nothing is in work
 * any more: a run that left it so would be taken for dead by others.
 */
async function left(work: RangeWork, { tried }: Round): Promise<'lost' | undefined> {
  const { at, context } = work;
  const { pending } = at;
  if (pending === undefined) return undefined;
  const { block, condemned } = pending;
  const isWaiting = mustWait(pending, context.groupNow(), context.settings.times.intervalMs);
  const isUndecided = block !== undefined && condemned === undefined && !isWaiting;
  if (isUndecided && tried !== (pending.tried ?? 0)) return noted(work, attempt.triedSoFar(pending, tried));
  if (pending.inWork?.run !== context.consumer.invocation) return undefined;
  const { inWork, ...rest } = pending;
  return noted(work, rest);
}

/** One part, or one decision. Undefined: it goes on. */
async function takeStep(work: RangeWork, pending: Pending, round: Round): Promise<RangeEnd | undefined> {
  const { context, range } = work;
  if (isTimeOver(work)) return leaveForTime(work, pending, round);
  const tooOld = tooOldFrom(context, range, pending.done);
  if (tooOld > 0) return noted(work, condemned(pending, { count: tooOld, reason: 'tooOld' }));
  const fit = sizeThatFits(work);
  if (fit < 1) return leaveForTime(work, pending, round);
  if (pending.block !== undefined) return workOnBlock(work, pending, pending.block, round);
  const { recordsFit = Number.POSITIVE_INFINITY } = work.at;
  const sizeMax = Math.min(fit, context.settings.delivery.recordsMax, recordsFit);
  const part = attempt.nextPart(pending, range.count, sizeMax);
  part.last = firstTooOld(context, range, part);
  // What has failed comes as it was, with the time for it: the next tick has that, as far as any has.
  if (part.last - part.first > fit && work.longestMs > 0) return 'deadline';
  const keep = (along: Along) => keepPart(work, pending, part, along);
  const answer = await given(work, pending, { range, part }, keep);
  if (answer === 'lost') return answer;
  const { delivered } = answer;
  if (delivered.how === 'tooMany') {
    const recordsFit = shrinkFit(work.at, part, delivered.writes);
    return noted(work, attempt.tooMany(work.at.pending ?? pending, recordsFit));
  }
  if (delivered.how !== 'succeeded') return onFailure(work, { ...answer, part, delivered, round });
  return part.last < range.count ? undefined : 'finished';
}

/** Says that the part was taken: by a note, or by the checkpoint, where nothing of the range is left. */
function keepPart(
  work: RangeWork,
  pending: Pending,
  part: attempt.Part,
  along: Along,
): Promise<'lost' | undefined> {
  const { context, at, range } = work;
  learnPace(work, part);
  growFit(at, part, along?.length ?? 0);
  const next = attempt.succeeded(at.pending ?? pending, part.last, context.groupNow());
  if (part.last < range.count) return noted(work, withPace(next, at.pace), along);
  return checkpoint(work, next, along);
}

/** A part, and how it failed. */
type Failing = Given & { part: attempt.Part; delivered: Exclude<Delivered, { how: 'succeeded' }> };

async function onFailure(
  work: RangeWork,
  { round, ...failing }: Failing & { round: Round },
): Promise<RangeEnd | undefined> {
  const { context, at, range } = work;
  const { part, delivered } = failing;
  const before = at.pending ?? newPending(range);
  const failure = failureOf(work, delivered);
  const next = nextOf(work, before, failing, failure);
  const attempts = next.block === undefined ? next.attempts : rulesOf(context).attemptsMax;
  try {
    // First of all: what is not noted comes again with another end, under another id.
    if ((await noted(work, next)) === 'lost') return 'lost';
  } finally {
    tellFailure(work, { range, part }, delivered, attempts);
  }
  // It has failed for the last time, just now.
  if (next.block !== undefined)
    Object.assign(round, { tried: next.block, lastFailedAt: before.lastAt, isStale: false });
  if (delivered.how === 'timedOut') return leaveForTime(work, next, round);
  if (next.block !== undefined) return undefined;
  return next.notBefore === undefined ? undefined : 'batchFailed';
}

function nextOf(
  work: RangeWork,
  before: Pending,
  { part, delivered, givenMs, elapsedMs }: Failing,
  failure: attempt.Failed,
): Pending {
  const { context, at } = work;
  const rules = rulesOf(context);
  if (!('done' in delivered)) return attempt.failed(before, part, failure, rules);
  const place = part.first + delivered.done;
  if (delivered.how === 'named') return attempt.failedAlone(before, place, failure, rules);
  at.pace ??= { msPerRecord: undefined };
  if (delivered.done > 0) at.pace.msPerRecord = elapsedMs / delivered.done;
  return attempt.timedOut(before, part, { ...failure, place, hadTime: hadTime(work, givenMs) }, rules);
}

/** Nothing more is begun: the rest of the time is for others, or for noting what was done. */
const isTimeOver = ({ context: { budget, clock, yields }, longestMs }: RangeWork): boolean =>
  budget.work.aborted || (longestMs > 0 && yields?.(clock.now()) === true);

/** How many records there is time for, as far as is known: where it has run out before. */
function sizeThatFits({ context, at, startedAt, longestMs }: RangeWork): number {
  const { budget } = context;
  const msPerRecord = at.pace?.msPerRecord;
  if (msPerRecord !== undefined) {
    const fit = Math.floor((budget.remainingMs() * TIME_SHARE) / Math.max(msPerRecord, Number.MIN_VALUE));
    // One that takes most of a tick has to be begun all the same, at the beginning of one.
    return Math.max(fit, longestMs === 0 ? 1 : 0);
  }
  // A part that takes as long as the longest one so far must still fit.
  return startedAt + longestMs >= budget.workUntil ? 0 : Number.POSITIVE_INFINITY;
}

const withPace = (pending: Pending, { msPerRecord }: Pace = { msPerRecord: undefined }): Pending =>
  msPerRecord === undefined ? pending : { ...pending, msPerRecord: Number(msPerRecord.toPrecision(3)) };

/** Only where time has run out: elsewhere one slow batch would make all that follow smaller. */
function learnPace({ at }: RangeWork, { first, last }: attempt.Part): void {
  if (at.pace !== undefined && at.batchMs !== undefined) at.pace.msPerRecord = at.batchMs / (last - first);
}
