import type { Delivered } from './delivered.ts';

/** Which records of a batch are finished, and which one failed first. */
export interface RecordProgress {
  /** How many records from the first one on are finished. */
  readonly done: number;
  finish(index: number): void;
  /** `isRecords`: it is the record's failure, and not that of reading it. */
  fail(index: number, error: unknown, isRecords?: boolean): void;
  /** Whether a record at this place may still begin. */
  isWanted(index: number): boolean;
  /** How it has gone, with nothing more in work. */
  outcome(): Delivered;
  /** How far it has come when the time is over. */
  timedOut(error: unknown): Delivered;
}

export function createRecordProgress(): RecordProgress {
  let done = 0;
  /** Beyond the first that is not finished. */
  const ahead = new Set<number>();
  let first: { index: number; error: unknown; isRecords: boolean } | undefined;

  const failed = (): Delivered | undefined => {
    // Before the first one that failed, all must have been finished for it to be named.
    if (first === undefined || first.index !== done) return undefined;
    const { error, isRecords } = first;
    return isRecords ? { how: 'named', done, error } : { how: 'failed', error };
  };
  return {
    get done() {
      return done;
    },
    finish(index) {
      ahead.add(index);
      while (ahead.delete(done)) done += 1;
    },
    fail(index, error, isRecords = true) {
      if (first === undefined || index < first.index) first = { index, error, isRecords };
    },
    isWanted: (index) => first === undefined || index < first.index,
    outcome: () => failed() ?? { how: 'succeeded' },
    timedOut: (error) => failed() ?? { how: 'timedOut', done, error },
  };
}
