import { orAborted } from '../abort.ts';
import type { Deliver } from './delivered.ts';
import { firstFailed } from './failedRecords.ts';
import { tooMany, WRITES_MAX, writesOf } from './returnedWrites.ts';
import type { EachBatch } from './userModule.ts';

/** Gives batches to a function that takes a batch at a time. */
export function deliverBatches(eachBatch: EachBatch): Deliver {
  return async (batch, context) => {
    const { signal } = context;
    if (signal.aborted) return { how: 'timedOut', done: 0, error: signal.reason };
    let returned: unknown;
    try {
      const processing = (async () => eachBatch(batch, context))();
      // Code that ignores its signal is not waited for.
      returned = await orAborted(processing, signal);
    } catch (error) {
      return signal.aborted ? { how: 'timedOut', done: 0, error } : { how: 'failed', error };
    }
    try {
      const writes = writesOf(returned);
      const count = writes?.length ?? 0;
      if (count > WRITES_MAX) return { how: 'tooMany', writes: count, error: tooMany(count) };
      if (writes !== undefined) return { how: 'succeeded', writes };
      const first = firstFailed(returned, batch.records);
      if (first === undefined) return { how: 'succeeded' };
      const { done, error } = first;
      return done === undefined ? { how: 'failed', error } : { how: 'named', done, error };
    } catch (error) {
      // What was returned cannot be understood, or not even be read: nothing is known to have succeeded.
      return { how: 'failed', error };
    }
  };
}
