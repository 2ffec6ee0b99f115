import type { Deliver } from './delivered.ts';
import type { EachBatch } from './userModule.ts';

/** For a tick that knows no more than whether the user's function throws: a record that is named fails the whole batch. */
export function thrownOf(deliver: Deliver): EachBatch {
  return async (batch, context) => {
    const delivered = await deliver(batch, context);
    if (delivered.how !== 'succeeded') throw delivered.error;
  };
}
