import { setImmediate as othersTurn } from 'node:timers/promises';
import type { EachBatch, EachRecord } from './userModule.ts';

/** Gives a batch to a function that takes one record: one after another, in order, until one fails or the time is over. */
export function eachRecordOf(eachRecord: EachRecord): EachBatch {
  return async ({ records, ...batch }, context) => {
    const given = { ...context, batch };
    for (const record of records) {
      // A function that never waits lets no timer run, and the signal would not be heard.
      if (context.remainingMs() <= 0) await othersTurn();
      context.signal.throwIfAborted();
      await eachRecord(record, given);
    }
  };
}
