/**
 * What becomes of a range of records that the user's function does not take: what is given next, and when it is given up. Pure: each
 * function makes the next state of what is pending from the one before.
 *
 * A part that fails once comes again as it was. From the second time on it is halved at once, until what fails stands alone; its failures
 * are counted one by one. Whatever succeeds moves `done`. When the one alone has failed as often as is allowed, it joins the *block*, and
 * the one after it is tried: what succeeds behind the block proves that the block, and not the world, is to blame.
 */
import type { Pending } from '../group/pending.ts';
import { clean, restFrom } from './rest.ts';
import { type WaitRules, waitLongest, waitUntil } from './waits.ts';

/** Places in a range, `last` exclusive. */
export interface Part {
  first: number;
  last: number;
}

export interface Rules extends WaitRules {
  attemptsMax: number;
}

/** What is told of a failure. */
export interface Failed {
  at: number;
  message: string;
}

/** A death costs a tick: parts shrink faster than by halves. */
const DEADLY_SHARE = 1 / 8;
/** Whether the record at `done` is given by itself, as it has failed, so that its failures are its own. */
export const standsAlone = ({ size, block }: Pending): boolean => size === 1 || block !== undefined;

/** What to give next of a range of `count` records, unless there is a block. What has failed comes as it was; else no more than `sizeMax`. */
export function nextPart(pending: Pending, count: number, sizeMax: number): Part {
  const { done, size = sizeMax, until = count } = pending;
  return { first: done, last: Math.min(done + size, Math.max(until, done + 1), count) };
}

/** Everything before `last` is finished, at `now`. */
export function succeeded(pending: Pending, last: number, now: number): Pending {
  const { until, attempts, firstAt, lastAt, message, deadly } = pending;
  const rest = restFrom(pending, last);
  if (until === undefined || last >= until) return rest;
  const size = shareOf(until - last, deadly);
  return clean({
    ...rest,
    size,
    until,
    attempts: Math.min(2, attempts),
    firstAt,
    lastAt,
    successAt: now,
    message,
    deadly,
  });
}

/** The part failed, and nobody knows at which of its records. */
export function failed(pending: Pending, part: Part, failure: Failed, rules: Rules): Pending {
  const count = part.last - part.first;
  if (count === 1) return failedAlone(pending, part.first, failure, rules);
  const { attempts } = pending;
  const base = { ...pending, ...noted(pending, failure), inWork: undefined };
  if (attempts === 0)
    return clean({ ...base, size: count, attempts: 1, notBefore: waitUntil(1, failure, rules) });
  return clean({
    ...base,
    attempts: Math.max(2, attempts),
    until: part.last,
    size: shareOf(count),
    notBefore: undefined,
  });
}

/** The record at `place` failed, alone or by its name; those before it succeeded. */
export function failedAlone(pending: Pending, place: number, failure: Failed, rules: Rules): Pending {
  const { done, until, successAt, joinedAt, block = 0 } = pending;
  const isSame = place === done + block && standsAlone(pending);
  // What was bisected has failed with the others before.
  const before = isSame || (place === done && until !== undefined) ? pending.attempts : 0;
  const attempts = before + 1;
  const since = place === done || block > 0 ? noted(pending, failure) : noted({}, failure);
  const isExhausted = attempts >= rules.attemptsMax;
  const blocked = isExhausted ? block + 1 : block;
  const wasSuspected = until !== undefined && until > place;
  return clean({
    ...restFrom(pending, block > 0 ? done : place),
    size: 1,
    until: until !== undefined && until > place + 1 ? until : undefined,
    ...since,
    ...((place === done || block > 0) && { successAt }),
    joinedAt: block > 0 && before === 0 && !wasSuspected ? failure.at : joinedAt,
    attempts: isExhausted ? 0 : attempts,
    block: blocked || undefined,
    notBefore: isExhausted || block > 0 ? waitLongest(failure, rules) : waitUntil(attempts, failure, rules),
    deadly: block > 0 ? pending.deadly : undefined,
  });
}

/** For the part, more was returned than can be written at once. That is no failure: it comes again with fewer records. */
export const tooMany = (pending: Pending, recordsFit: number): Pending =>
  clean({ ...pending, size: recordsFit, inWork: undefined });

/**
 * The part was not finished in time, or the records before `place` were. It comes again smaller. One alone that had time enough has failed.
 */
export function timedOut(
  pending: Pending,
  part: Part,
  { place, hadTime, ...failure }: Failed & { place: number; hadTime: boolean },
  rules: Rules,
): Pending {
  if (place > part.first) return succeeded(pending, place, failure.at);
  const count = part.last - part.first;
  if (count > 1)
    return clean({ ...pending, size: shareOf(count), inWork: undefined, message: failure.message });
  if (!hadTime) return clean({ ...pending, size: 1, inWork: undefined });
  const next = failedAlone(pending, part.first, failure, rules);
  // It has taken all of the tick: whether it is to blame is found out in the next one.
  return next.block === undefined ? next : clean({ ...next, tried: next.block, notBefore: undefined });
}

/** Of a block, so many were tried again, and no time was left to decide: it goes on in the next tick. */
export const triedSoFar = (pending: Pending, tried: number): Pending =>
  clean({ ...pending, tried: tried || undefined, inWork: undefined, notBefore: undefined });

/** Nothing has changed, and all of it is tried again after the longest wait. */
export const failedAgain = (pending: Pending, { at }: { at: number }, rules: Rules): Pending =>
  clean({
    ...pending,
    tried: undefined,
    proven: undefined,
    lastAt: at,
    inWork: undefined,
    notBefore: waitLongest({ at }, rules),
  });

/** The run to which it was given did not end. `isProven`: something else had succeeded since it failed before. */
export function died(
  pending: Pending,
  { message, isProven }: { message: string; isProven: boolean },
  rules: Rules,
): Pending {
  const { done, size, inWork, attempts, block = 0 } = pending;
  const { at, place = done + block } = inWork!;
  const failure = { at, message };
  // One of the block was tried again. Where nothing proves that it is to blame, the one behind it is tried next.
  if (place < done + block) {
    const tried = isProven ? place - done + 1 : block;
    const proven = isProven || undefined;
    return clean({ ...triedSoFar(pending, tried), lastAt: at, message, deadly: true, proven });
  }
  if (standsAlone(pending)) {
    const next = { ...failedAlone(pending, place, failure, rules), deadly: true };
    return block === 0 && next.block === 1 ? triedSoFar(next, 1) : next;
  }
  const base = { ...pending, ...noted(pending, failure), inWork: undefined, deadly: true };
  // Each costs a tick by itself: it is the one alone that waits long.
  const again = { ...base, attempts: Math.min(2, attempts + 1), notBefore: waitUntil(1, failure, rules) };
  if (attempts === 0 || size === undefined) return clean(again);
  return clean({ ...again, until: done + size, size: shareOf(size, true) });
}

const shareOf = (count: number, deadly = false): number => Math.ceil(count * (deadly ? DEADLY_SHARE : 1 / 2));

const noted = ({ firstAt }: Pick<Pending, 'firstAt'>, { at, message }: Failed) => ({
  firstAt: firstAt ?? at,
  lastAt: at,
  message,
});
