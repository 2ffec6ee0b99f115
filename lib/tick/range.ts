import type { LogRecord, Pulled } from '../sources/source.ts';

/** Records of one shard that were read and are to be finished before its checkpoint moves: what one or several pulls have brought. */
export interface Range {
  /** Cursor of the first record, and after the last one. */
  from: string;
  to: string;
  count: number;
  bytes: number;
  caughtUp: boolean;
  endOfShard: boolean;
  lagMs: number | undefined;
  /** From one place to another, exclusive. May be iterated more than once. */
  records(first: number, last: number): Iterable<LogRecord>;
}

/** Of what was pulled one after another, from a cursor on. */
export function rangeOf(from: string, pulls: readonly Pulled[]): Range {
  const last = pulls.at(-1)!;
  const count = pulls.reduce((sum, pulled) => sum + pulled.count, 0);
  const all: Iterable<LogRecord> = pulls.length === 1 ? last.records : chained(pulls);
  let listed: LogRecord[] | undefined;
  return {
    from,
    to: last.nextCursor,
    count,
    bytes: pulls.reduce((sum, { bytes }) => sum + bytes, 0),
    caughtUp: last.caughtUp,
    endOfShard: last.endOfShard,
    lagMs: last.lagMs,
    records(first, end) {
      if (first === 0 && end >= count) return all;
      // Records are views: an array of them costs no copy, and finds a place at once.
      listed ??= [...all];
      return listed.slice(first, end);
    },
  };
}

const chained = (pulls: readonly Pulled[]): Iterable<LogRecord> => ({
  *[Symbol.iterator]() {
    for (const { records } of pulls) yield* records;
  },
});

/** What a part of a range weighs, about. */
export const bytesOf = ({ bytes, count }: Range, records: number): number =>
  records === count ? bytes : Math.round((bytes * records) / Math.max(1, count));
