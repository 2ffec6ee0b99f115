/**
 * How far what is pending reaches: what comes behind it, and what of it is gone or turns out to be longer than noted. Pure, as attempt.ts.
 */
import type { Pending } from '../group/pending.ts';
import { clean, newPending, restFrom } from './rest.ts';

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
