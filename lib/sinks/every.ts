/** Several sinks for the same records. */
import { firstFailed } from '../delivery/failedRecords.ts';
import { ShardbeatError } from '../errors.ts';
import type { Sink } from './core/sink.ts';

export type { Sink } from './core/sink.ts';

/**
 * Gives each batch to all of these at the same time. Done is what is in every one of them: the first record that one of them has
 * named is named. If one throws, the batch has failed, and comes to all of them again, as it was.
 */
export function everySink(...sinks: readonly Sink[]): Sink {
  return async (batch, context) => {
    const settled = await Promise.allSettled(sinks.map(async (sink) => sink(batch, context)));
    let least: { done: number; error: unknown } | undefined;
    for (const one of settled) {
      if (one.status === 'rejected') throw one.reason;
      refuseWrites(one.value);
      const failure = firstFailed(one.value, batch.records);
      if (failure === undefined) continue;
      const { done, error } = failure;
      if (done === undefined) throw error;
      if (least === undefined || done < least.done) least = { done, error };
    }
    return least && { failed: [least.done], error: least.error };
  };
}

/** They would be lost: of several nobody says that theirs is all that is to be written with the checkpoint. */
function refuseWrites(returned: unknown): void {
  if (typeof returned !== 'object' || returned === null || !('writes' in returned)) return;
  throw new ShardbeatError(
    'everySink: one of the functions returned writes: return them from eachBatch itself',
    {
      retriable: false,
    },
  );
}
