import type { Part } from '../delivery/attempt.ts';
import type { Pending } from '../group/pending.ts';
import type { Range } from './range.ts';
import { noted, type RangeWork } from './rangeWork.ts';

/** Where a record stands, and what is pending once that is known. */
export interface Place {
  range: Range;
  part: Part;
  pending: Pending;
}

/**
 * Finds a place of a range, or behind it: what comes after the range is a range of its own, under ids of its own, whose end is noted before
 * anything of it is given. `none`: there is no such record, for now. `unknown`: that cannot be told in this tick.
 */
export async function locate(
  work: RangeWork,
  pending: Pending,
  place: number,
): Promise<Place | 'none' | 'unknown' | 'lost'> {
  const { range } = work;
  if (place < range.count) return { range, part: { first: place, last: place + 1 }, pending };
  const behind = await behindOf(work, pending.behindTo);
  if (behind === undefined) return 'none';
  if (behind === 'unknown') return behind;
  const first = place - range.count;
  if (first >= behind.count) return 'none';
  const part = { first, last: first + 1 };
  if (pending.behindTo !== undefined) return { range: behind, part, pending };
  const withEnd = { ...pending, behindTo: behind.to };
  return (await noted(work, withEnd)) ?? { range: behind, part, pending: withEnd };
}

/** What comes after the range; read once in a tick. */
export async function behindOf(
  work: RangeWork,
  to: string | undefined,
): Promise<Range | undefined | 'unknown'> {
  if (work.behind !== undefined) return work.behind;
  const read = await work.readOn(to);
  if (read !== 'unknown') work.behind = read;
  return read;
}
