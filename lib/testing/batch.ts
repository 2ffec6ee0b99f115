import type { Batch, RecordContext } from '../delivery/userModule.ts';
import { createLogger, type Fields } from '../observe/logger.ts';
import { bytesOf } from '../sources/pairsRecord.ts';
import { type RecordLike, recordLike } from './records.ts';

/**
 * A batch of these records, to call `eachBatch` with in a unit test. It is the first one of the shard `0` unless `given` says
 * otherwise, and its records have ids as if they were one log group.
 */
export function batchOf(records: readonly RecordLike[], given: Partial<Omit<Batch, 'records'>> = {}): Batch {
  const { group = 'test', shard = '0', from = '0', to = cursorAfter(from, records.length) } = given;
  const all = records.map((record, index) => recordLike(record, { id: `${shard}/${from}/${index}` }));
  return {
    id: `${group}/${shard}/${from}-${to}`,
    ...{ group, shard, from, to, first: 0 },
    bytes: all.reduce((sum, record) => sum + bytesOf(record), 0),
    tags: { source: 'memory' },
    ...given,
    records: all,
  };
}

/** Services have cursors that are no numbers, or larger ones than a number holds. */
function cursorAfter(from: string, count: number): string {
  return /^\d+$/.test(from) ? String(BigInt(from) + BigInt(count)) : `${from}+${count}`;
}

/** A context for a unit test, which keeps what is logged. */
export interface TestContext extends RecordContext {
  /** What was logged, in order: level, event and fields. */
  readonly logged: readonly Fields[];
}

const REMAINING_MS = 30_000;

/** What `eachBatch` and `eachRecord` are given besides: time enough, and a logger that prints nothing. */
export function contextOf(given: Partial<RecordContext> = {}): TestContext {
  const logged: Fields[] = [];
  const write = (line: string): void => {
    const { time: _time, ...fields } = JSON.parse(line);
    logged.push(fields);
  };
  const { records: _records, ...batch } = batchOf([]);
  return {
    signal: new AbortController().signal,
    remainingMs: () => REMAINING_MS,
    logger: createLogger({ level: 'debug', write, now: Date.now }),
    batch,
    ...given,
    logged,
  };
}
