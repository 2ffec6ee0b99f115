import type { LogRecord, Pulled } from '../../sources/source.ts';

/** Records of one shard that were read and are to be finished before its checkpoint moves: what one or several pulls have brought. */
export interface Range {
  /** Cursor of the first record, and after the last one. */
  from: string;
  to: string;
  count: number;
  /** So many of them, from the first one on, are past the retention by now. */
  missing: number;
  bytes: number;
  caughtUp: boolean;
  endOfShard: boolean;
  lagMs: number | undefined;
  /** From one place to another, exclusive. May be iterated more than once. */
  records(first: number, last: number): Iterable<LogRecord>;
  /** All of it is finished, and nobody will read it any more. */
  release(): void;
}

/**
 * Of what was pulled one after another, from a cursor on. Of a range that had more records once, those at its beginning are gone: places
 * are counted as they were.
 */
export function rangeOf(from: string, pulls: readonly Pulled[], countBefore = 0): Range {
  const last = pulls.at(-1)!;
  const left = pulls.reduce((sum, pulled) => sum + pulled.count, 0);
  const missing = Math.max(0, countBefore - left);
  const count = missing + left;
  const all: Iterable<LogRecord> = pulls.length === 1 ? last.records : chained(pulls);
  let listed: LogRecord[] | undefined;
  return {
    from,
    to: last.nextCursor,
    count,
    missing,
    bytes: pulls.reduce((sum, { bytes }) => sum + bytes, 0),
    caughtUp: last.caughtUp,
    endOfShard: last.endOfShard,
    lagMs: last.lagMs,
    records(first, end) {
      if (first <= missing && end >= count) return all;
      // Records are views: an array of them costs no copy, and finds a place at once.
      listed ??= [...all];
      return listed.slice(Math.max(0, first - missing), Math.max(0, end - missing));
    },
    release() {
      for (const pulled of pulls) pulled.release?.();
    },
  };
}

const chained = (pulls: readonly Pulled[]): Iterable<LogRecord> => ({
  *[Symbol.iterator]() {
    for (const { records } of pulls) yield* records;
  },
});

/** `group/shard/from-to`: the id of its batch, or the beginning of that of a part. */
export const rangeId = (group: string, shard: string, { from, to }: Pick<Range, 'from' | 'to'>): string =>
  `${group}/${shard}/${from}-${to}`;

/** What a part of a range weighs, about. */
export const bytesOf = ({ bytes, count }: Range, records: number): number =>
  records === count ? bytes : Math.round((bytes * records) / Math.max(1, count));
