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

export const newPending = ({ to, count }: Pick<Pending, 'to' | 'count'>): Pending => ({
  to,
  count,
  done: 0,
  attempts: 0,
});

/** What stays as it is whatever becomes of the records: of which there are so many finished now. */
const restFrom = ({ to, count, behind }: Pending, done: number): Pending =>
  clean({ to, count, done, attempts: 0, behind });

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
    tried: block > 0 && pending.deadly ? blocked : undefined,
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
  if (!hadTime) return clean({ ...pending, size: 1, inWork: undefined });
  const next = failedAlone(pending, part.first, failure, rules);
  // It has taken all of the tick: whether it is to blame is found out in the next one.
  return next.block === undefined ? next : clean({ ...next, tried: next.block, notBefore: undefined });
}

/** Of a block, so many were tried again, and no time was left to decide: it goes on in the next tick. */
export const triedSoFar = (pending: Pending, tried: number): Pending =>
  clean({ ...pending, tried, inWork: undefined, notBefore: undefined });

/**
 * Nothing has changed, and it is tried again after the longest wait: all of it, unless a run may die of it and there is something else that
 * can be tried.
 */
export function failedAgain(
  pending: Pending,
  { at, sparesDeadly }: { at: number; sparesDeadly: boolean },
  rules: Rules,
): Pending {
  const tried = pending.deadly && sparesDeadly ? pending.block : undefined;
  return clean({ ...pending, tried, lastAt: at, inWork: undefined, notBefore: waitLongest({ at }, rules) });
}

/** The run to which it was given did not end. */
export function died(pending: Pending, message: string, rules: Rules): Pending {
  const { done, size, inWork, attempts, block = 0 } = pending;
  const { at, place = done + block } = inWork!;
  const failure = { at, message };
  if (standsAlone(pending)) {
    const next = { ...failedAlone(pending, done + block, failure, rules), deadly: true };
    // One of the block was tried again.
    const isAgain = place < done + block;
    const known = isAgain ? { ...pending, deadly: true, lastAt: at, message, inWork: undefined } : next;
    // Nothing is to be tried again before the one behind it: that may be now.
    const isNow = isAgain || (block === 0 && next.block === 1);
    return clean({ ...known, tried: known.block, ...(isNow && { notBefore: undefined }) });
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
export function buried(pending: Pending, count: number): Pending {
  const { resume } = pending.condemned!;
  if (resume <= count) return restFrom(pending, resume);
  return { ...restFrom(pending, count), behindDone: resume - count };
}

/** What comes after a range that is finished, as far as something of it is known. */
export function nextOf({ behind: [next, ...behind] = [], behindDone = 0 }: Pending): Pending | undefined {
  if (next === undefined) return undefined;
  const done = Math.min(next.count, behindDone);
  return clean({
    ...newPending(next),
    done,
    behind: behind.length > 0 ? behind : undefined,
    behindDone: behindDone - done || undefined,
  });
}

type RangeEnd = NonNullable<Pending['behind']>[number];

/** Of ranges one after another, as noted, the one at `index` has turned out to reach further: into those that come after it. */
export function reaching(ranges: readonly RangeEnd[], index: number, { to, count }: RangeEnd): RangeEnd[] {
  let over = Math.max(0, count - ranges[index]!.count);
  const after = ranges.slice(index + 1).flatMap((range) => {
    const left = range.count - over;
    over = Math.max(0, -left);
    return left > 0 ? [{ to: range.to, count: left }] : [];
  });
  return [...ranges.slice(0, index), { to, count }, ...after];
}

/** The range was read again, and reaches further than noted. */
export function readBeyond(pending: Pending, range: RangeEnd): Pending {
  const { to, count, done, behind = [], behindDone = 0 } = pending;
  const [, ...after] = reaching([{ to, count }, ...behind], 0, range);
  const doneToo = done < count ? 0 : Math.min(behindDone, Math.max(0, range.count - count));
  return clean({
    ...pending,
    to: range.to,
    count: range.count,
    done: done + doneToo,
    behind: after.length > 0 ? after : undefined,
    behindDone: behindDone - doneToo || undefined,
  });
}

/** The records before `place` are gone: past the retention, whatever they were. */
export function withoutHead(pending: Pending, place: number): Pending {
  const { done, block = 0, tried = 0, condemned } = pending;
  const gone = place - done;
  if (gone <= 0) return pending;
  if (condemned !== undefined && condemned.resume > place) {
    const count = Math.max(0, condemned.count - gone);
    return { ...pending, done: place, condemned: { ...condemned, count } };
  }
  const isBlocked = condemned === undefined && block > gone;
  if (!isBlocked) return restFrom(pending, place);
  return clean({
    ...pending,
    done: place,
    block: block - gone,
    tried: Math.max(0, tried - gone) || undefined,
  });
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
