import { readBeyond, withoutHead } from '../../delivery/reach.ts';
import { SourceError } from '../../errors.ts';
import type { Holding } from '../../group/commit.ts';
import type { Pending } from '../../group/pending.ts';
import type { Pulled } from '../../sources/source.ts';
import { takeAhead } from '../ahead.ts';
import type { CachedShard } from '../cache.ts';
import type { TickContext } from '../context.ts';
import { pull } from '../pull.ts';
import type { Reading } from '../reading.ts';
import { type Range, rangeOf } from './range.ts';
import type { RangeEndNote } from './rangeWork.ts';

/** Of a tick's time for work, what joining pulls may take. */
const JOINING_SHARE = 1 / 2;

/**
 * Reads what is to be worked on next: the range that was begun, up to its noted end; else what one pull brings, or several, where
 * batches are to have a size. `gathering`: there is less than that, and it can wait.
 */
export async function readRange(
  reading: Reading,
  { cursor: from }: Pick<Holding, 'cursor'>,
): Promise<Range | 'deadline' | 'cursorExpired' | 'gathering'> {
  const { context, at, endCursor } = reading;
  if (at.pending !== undefined) {
    const again = await readAgain(reading, from, at.pending);
    if (again !== undefined) return again;
    // Nothing stands there any more that it could be said of.
    at.pending = undefined;
  }
  const { settings, budget, clock } = context;
  const { bytesMin } = settings.delivery;
  // What is joined has to be worked on in the same tick.
  const joinUntil = budget.workUntil - budget.workMs * (1 - JOINING_SHARE);
  const pulls: Pulled[] = [];
  let bytes = 0;
  for (let cursor = from; ; cursor = pulls.at(-1)!.nextCursor) {
    const pulled = (await takeAhead(reading, cursor)) ?? (await pull(reading, { cursor, endCursor }));
    if (typeof pulled === 'string') {
      if (pulls.length > 0) break;
      return pulled;
    }
    tellFiltered(reading, pulled);
    pulls.push(pulled);
    bytes += pulled.bytes;
    const isEnough = bytes >= bytesMin || clock.now() + settings.pullIntervalMs >= joinUntil;
    if (isEnough || pulled.caughtUp || pulled.nextCursor === cursor) break;
  }
  const range = rangeOf(from, pulls);
  return bytes < bytesMin && mayWait(context, at, range) ? 'gathering' : range;
}

/** The range that was begun. Undefined: its records are gone. */
async function readAgain(
  reading: Reading,
  from: string,
  pending: Pending,
): Promise<Range | 'deadline' | 'cursorExpired' | undefined> {
  const { context, shard, at } = reading;
  const pulls: Pulled[] = [];
  let cursor = from;
  do {
    const pulled = await pull(reading, { cursor, endCursor: pending.to });
    if (typeof pulled === 'string') return pulled;
    const standsStill = pulled.nextCursor === cursor;
    if (standsStill && isShort(context, pulled, pending.to)) return gone(context, shard, cursor, pending.to);
    // Its end is that of the range, not of the shard.
    pulls.push({ ...pulled, caughtUp: false, endOfShard: false });
    cursor = pulled.nextCursor;
    if (standsStill || pulled.endOfShard || isBehind(context, pending.to, cursor)) break;
  } while (cursor !== pending.to);
  if (cursor === from) return undefined;
  const isAsNoted = cursor === pending.to;
  const left = isAsNoted ? await withoutHole(context, shard, pulls, pending.count) : pulls;
  const range = rangeOf(from, left, isAsNoted ? pending.count : 0);
  // A source that cannot stop where it is told to has read beyond.
  at.pending = isAsNoted ? withoutHead(pending, range.missing) : readBeyond(pending, range);
  return range;
}

/**
 * Of pulls of a range that had more records once, those that follow each other: places are counted from the end. If the shard begins
 * behind the place of a later pull by now, some may be missing before it, and all before those are past the retention, too.
 */
async function withoutHole(
  { source, budget }: TickContext,
  shard: string,
  pulls: readonly Pulled[],
  countBefore: number,
): Promise<readonly Pulled[]> {
  const count = pulls.reduce((sum, pulled) => sum + pulled.count, 0);
  if (count >= countBefore || pulls.length === 1 || source.distance === undefined) return pulls;
  const begin = await source.cursorAt(shard, { at: 'begin' }, budget.work);
  const isPast = ({ nextCursor }: Pulled): boolean => (source.distance?.(nextCursor, begin) ?? 0) > 0;
  return pulls.slice(pulls.slice(0, -1).findLastIndex(isPast) + 1);
}

/** Whether a pull that has brought nothing should have: the end that the service once told lies further on. */
const isShort = ({ source }: TickContext, { nextCursor, endOfShard }: Pulled, end: string): boolean => {
  const left = source.distance?.(nextCursor, end);
  return left === undefined ? !endOfShard : left > 0;
};

/**
 * Of such a pull. A service that has nothing where it had records is asked again in the next tick: taken at its word, they would come
 * under other ids, or be passed over. Unless they are past the retention, and it does not say so.
 */
async function gone(
  { source, budget }: TickContext,
  shard: string,
  cursor: string,
  end: string,
): Promise<'cursorExpired'> {
  const begin = await source.cursorAt(shard, { at: 'begin' }, budget.work);
  if ((source.distance?.(cursor, begin) ?? 0) > 0) return 'cursorExpired';
  const what = `shard ${shard}: nothing at cursor ${cursor}, though records were there, up to ${end}`;
  throw new SourceError(what, { code: 'RecordsMissing', status: 200, retriable: true });
}

const isBehind = ({ source }: TickContext, end: string, cursor: string): boolean =>
  (source.distance?.(end, cursor) ?? 0) > 0;

/** Of pulls behind a range: some bring no record, where the service filters. */
const EMPTY_PULLS_MAX = 10;

/** Reads what comes after a range: up to its end, if that is noted, else one pull of it. `unknown`: no time is left, or it is past the retention. */
export async function readBehind(
  reading: Reading,
  from: string,
  noted: RangeEndNote | undefined,
): Promise<Range | undefined | 'unknown'> {
  const { context, endCursor } = reading;
  const pulls: Pulled[] = [];
  let cursor = from;
  // One that is noted is read to its end, however little an answer brings.
  for (let empty = 0; noted !== undefined || empty < EMPTY_PULLS_MAX; ) {
    const pulled = await pull(reading, { cursor, endCursor: noted?.to ?? endCursor });
    if (typeof pulled === 'string') return 'unknown';
    const standsStill = pulled.nextCursor === cursor;
    if (standsStill && noted !== undefined && isShort(context, pulled, noted.to)) return 'unknown';
    pulls.push(pulled);
    if (pulled.count === 0) empty++;
    const range = rangeOf(from, pulls, noted?.count);
    const { nextCursor } = pulled;
    const isAtEnd =
      nextCursor === noted?.to || (noted !== undefined && isBehind(context, noted.to, nextCursor));
    const isWhole = noted === undefined ? range.count > 0 : isAtEnd;
    if (isWhole) return range;
    if (standsStill) return range.count > 0 ? range : undefined;
    cursor = pulled.nextCursor;
  }
  return 'unknown';
}

function tellFiltered({ context, shard }: Reading, { filtered }: Pulled): void {
  if (filtered?.failed) context.logger.warn('filter.failed', { shard, records: filtered.failed });
}

/**
 * Whether a batch that is too small can be left for a later tick. Its age is that of its first record, and no less than the time
 * since a tick of this sandbox first saw it.
 */
function mayWait(context: TickContext, at: CachedShard, range: Range): boolean {
  const { waitMaxMs } = context.settings.delivery;
  if (range.count === 0 || range.endOfShard || !range.caughtUp) return false;
  const now = context.groupNow();
  const [first] = range.records(0, 1);
  const ageMs = now - (first?.timeMs ?? 0);
  at.gatheringSince ??= now;
  // A record of the future tells nothing: a sandbox that will not be there for the next tick must not wait for ever. One that was just
  // written may be ahead by as much as clocks are.
  const isKnown = ageMs >= -context.settings.times.skewMarginMs;
  return isKnown && ageMs < waitMaxMs && now - at.gatheringSince < waitMaxMs;
}
