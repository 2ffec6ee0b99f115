import type { Deliver } from './delivered.ts';
import { runRecords } from './runRecords.ts';
import type { EachRecord, RecordKey } from './userModule.ts';

/** Gives batches to a function that takes one record: one after another, in order, or some at a time. */
export function deliverRecords(
  eachRecord: EachRecord,
  { parallelMax, key }: { parallelMax: number; key?: RecordKey | undefined },
): Deliver {
  return ({ records, ...batch }, context) => {
    const given = { ...context, batch };
    const { signal, remainingMs } = context;
    const work = (record: Parameters<EachRecord>[0]): unknown => eachRecord(record, given);
    return runRecords(records, work, {
      parallelMax,
      // One after another is in order, whatever their keys.
      key: parallelMax > 1 ? key : undefined,
      signal,
      remainingMs,
    });
  };
}
