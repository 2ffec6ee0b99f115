import type { Part } from '../../delivery/attempt.ts';
import { reaching } from '../../delivery/reach.ts';
import type { Pending } from '../../group/pending.ts';
import type { Range } from './range.ts';
import type { RangeEndNote, RangeWork } from './rangeWork.ts';

/** Where a record stands, and what is pending once that is known. */
export interface Place {
  range: Range;
  part: Part;
  pending: Pending;
}

/** In an outage of days a block may grow by ranges of one record each. */
const BEHIND_RANGES_MAX = 100;

/**
 * Finds a place of a range, or behind it: what comes after the range are ranges of their own, under ids of their own, whose ends are noted
 * with whatever is noted next. `none`: there is no such record, for now. `gone`: there was, and there is not any more. `unknown`: that
 * cannot be told in this tick.
 */
export async function locate(
  work: RangeWork,
  begun: Pending,
  place: number,
): Promise<Place | 'none' | 'gone' | 'unknown'> {
  let { behind = [] } = begun;
  let { range } = work;
  let first = place;
  for (let index = 0; first >= range.count; index++) {
    first -= range.count;
    if (index >= BEHIND_RANGES_MAX) return 'unknown';
    const isNew = index >= behind.length;
    const next = await readNext(work, behind, { index, from: range.to });
    if (next === undefined) return 'none';
    if (next === 'unknown') return next;
    range = next;
    behind = asRead(behind, index, range);
    if (isNew) break;
  }
  if (first < range.missing) return 'gone';
  const pending = behind.length > 0 ? { ...begun, behind } : begun;
  return { range, part: { first, last: first + 1 }, pending };
}

/** All places from one to another, exclusive, by the ranges in which they are. */
export async function locateAll(
  work: RangeWork,
  pending: Pending,
  { first, last }: Part,
): Promise<{ range: Range; part: Part }[] | 'unknown'> {
  let { behind = [] } = pending;
  const found: { range: Range; part: Part }[] = [];
  let { range } = work;
  for (let index = 0, start = 0; ; index++) {
    const part = { first: Math.max(0, first - start), last: Math.min(range.count, last - start) };
    if (part.last > part.first) found.push({ range, part });
    start += range.count;
    if (last <= start || index >= behind.length) return found;
    const next = await readNext(work, behind, { index, from: range.to });
    // What was noted and is not there any more is past the retention.
    if (next === undefined) return found;
    if (next === 'unknown') return next;
    range = next;
    behind = asRead(behind, index, range);
  }
}

/** The ranges behind, once that one is read: a source that cannot stop at its end has read into the next. */
function asRead(
  behind: readonly RangeEndNote[],
  index: number,
  { to, count }: Range,
): readonly RangeEndNote[] {
  if (index >= behind.length) return [...behind, { to, count }];
  return to === behind[index]!.to ? behind : reaching(behind, index, { to, count });
}

/** One of the ranges that come after the one in work; read once in a tick. */
async function readNext(
  work: RangeWork,
  behind: readonly RangeEndNote[],
  { index, from }: { index: number; from: string },
): Promise<Range | undefined | 'unknown'> {
  const known = work.behind[index];
  if (known !== undefined) return known;
  const read = await work.readOn(from, behind[index]);
  if (read !== undefined && read !== 'unknown') work.behind[index] = read;
  return read;
}
