/**
 * What becomes of a range of records that the user's function does not take: what is given next, and when it is given up. Pure: each
 * function makes the next state of what is pending from the one before.
 *
 * A part that fails once comes again as it was. From the second time on it is halved at once, until what fails stands alone; its failures
 * are counted one by one. Whatever succeeds moves `done`. When the one alone has failed as often as is allowed, it joins the *block*, and
 * the one after it is tried: what succeeds behind the block proves that the block, and not the world, is to blame.
 */
import type { GivenUp, Pending } from '../group/pending.ts';

/** Places in a range, `last` exclusive. */
export interface Part {
  first: number;
  last: number;
}

export interface Rules {
  attemptsMax: number;
  intervalMs: number;
  /** Uniform in [0, 1). */
  random(): number;
}

/** What is told of a failure. */
export interface Failed {
  at: number;
  message: string;
}

/** A death costs a tick: parts shrink faster than by halves. */
const DEADLY_SHARE = 1 / 8;
const LONGEST_WAIT_INTERVALS = 8;
const LONGEST_WAIT_MS = 15 * 60_000;

export const newPending = (to: string): Pending => ({ to, done: 0, attempts: 0 });

/** Whether the record at `done` is given by itself, as it has failed, so that its failures are its own. */
export const standsAlone = ({ size, block }: Pending): boolean => size === 1 || block !== undefined;

/** What to give next of a range of `count` records, unless there is a block. What has failed comes as it was; else no more than `sizeMax`. */
export function nextPart(pending: Pending, count: number, sizeMax: number): Part {
  const { done, size = sizeMax, until = count } = pending;
  return { first: done, last: Math.min(done + size, Math.max(until, done + 1), count) };
}

/** Everything before `last` is finished, at `now`. */
export function succeeded(pending: Pending, last: number, now: number): Pending {
  const { to, until, attempts, firstAt, lastAt, message, deadly } = pending;
  if (until === undefined || last >= until) return { to, done: last, attempts: 0 };
  const size = shareOf(until - last, deadly);
  return clean({
    to,
    done: last,
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

/** The part failed, and nobody knows at which of its records. `again`: without a wait. */
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
  const { to, done, until, successAt, block = 0 } = pending;
  const isSame = place === done + block && standsAlone(pending);
  // What was bisected has failed with the others before.
  const before = isSame || (place === done && until !== undefined) ? pending.attempts : 0;
  const attempts = before + 1;
  const since = place === done || block > 0 ? noted(pending, failure) : noted({}, failure);
  const isExhausted = attempts >= rules.attemptsMax;
  return clean({
    to,
    done: block > 0 ? done : place,
    size: 1,
    until: until !== undefined && until > place + 1 ? until : undefined,
    ...since,
    ...(place === done && { successAt }),
    attempts: isExhausted ? 0 : attempts,
    block: isExhausted ? block + 1 : block || undefined,
    notBefore: isExhausted || block > 0 ? waitLongest(failure, rules) : waitUntil(attempts, failure, rules),
    deadly: block > 0 ? pending.deadly : undefined,
  });
}

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
  return hadTime
    ? failedAlone(pending, part.first, failure, rules)
    : clean({ ...pending, size: 1, inWork: undefined });
}

/** Nothing has changed, and it is tried again after the longest wait. */
export const failedAgain = (pending: Pending, at: number, rules: Rules): Pending =>
  clean({ ...pending, lastAt: at, inWork: undefined, notBefore: waitLongest({ at }, rules) });

/** The run to which it was given did not end. */
export function died(pending: Pending, message: string, rules: Rules): Pending {
  const { done, size, inWork, attempts, block = 0 } = pending;
  const failure = { at: inWork!.at, message };
  if (standsAlone(pending)) {
    const next = { ...failedAlone(pending, done + block, failure, rules), deadly: true };
    // Nothing is to be tried again before the one behind it: that may be now.
    return clean(next.block === 1 && block === 0 ? { ...next, notBefore: undefined } : next);
  }
  const base = { ...pending, ...noted(pending, failure), inWork: undefined, deadly: true };
  // Each costs a tick by itself: it is the one alone that waits long.
  const again = { ...base, attempts: Math.min(2, attempts + 1), notBefore: waitUntil(1, failure, rules) };
  if (attempts === 0 || size === undefined) return clean(again);
  return clean({ ...again, until: done + size, size: shareOf(size, true) });
}

/** So many records from `done` on are given up; then it goes on at `resume`. */
export function condemned(
  pending: Pending,
  { count, resume = pending.done + count, reason }: { count: number; resume?: number; reason: GivenUp },
): Pending {
  return clean({
    ...pending,
    condemned: { count, resume, reason },
    inWork: undefined,
    notBefore: undefined,
  });
}

/** Those condemned have found their place in a range of `count` records: the rest is as if it had never failed. */
export function buried({ to, condemned, behindTo }: Pending, count: number): Pending {
  const { resume } = condemned!;
  if (resume <= count) return { to, done: resume, attempts: 0 };
  return clean({ to, done: count, attempts: 0, behindTo, behindDone: resume - count });
}

/** Why it has failed, for whoever keeps it. */
export function reasonOf({ deadly, message = '' }: Pending): GivenUp {
  if (deadly) return 'died';
  return message.startsWith(TIMED_OUT) ? 'timedOut' : 'failed';
}

export const TIMED_OUT = 'not finished when the time of the tick was over';

export function longestWaitMs(intervalMs: number): number {
  return Math.min(LONGEST_WAIT_INTERVALS * intervalMs, Math.max(intervalMs, LONGEST_WAIT_MS));
}

/** A quarter to half of an interval at first, so that the next tick mostly has it; twice as long each time; never the same for all. */
function waitUntil(attempts: number, { at }: Pick<Failed, 'at'>, { intervalMs, random }: Rules): number {
  const grownMs = Math.min(intervalMs * 2 ** (attempts - 2), longestWaitMs(intervalMs));
  return Math.round(at + grownMs * (0.5 + random() / 2));
}

function waitLongest({ at }: Pick<Failed, 'at'>, { intervalMs, random }: Rules): number {
  return Math.round(at + longestWaitMs(intervalMs) * (0.5 + random() / 2));
}

const shareOf = (count: number, deadly = false): number => Math.ceil(count * (deadly ? DEADLY_SHARE : 1 / 2));

const noted = ({ firstAt }: Pick<Pending, 'firstAt'>, { at, message }: Failed) => ({
  firstAt: firstAt ?? at,
  lastAt: at,
  message,
});

/** An item is billed by the KiB: what is not known takes no room. */
function clean(pending: { [A in keyof Pending]: Pending[A] | undefined }): Pending {
  return Object.fromEntries(
    Object.entries(pending).filter(([, value]) => value !== undefined),
  ) as unknown as Pending;
}
