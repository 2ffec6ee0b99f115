import { type ConsumerItem, consumerKey } from './items.ts';
import type { GroupStore, RequestOptions } from './store.ts';

/**
 * Says in mid-tick that the run goes by the plan that last wrote its slot's item: from now on others may have what that plan took away.
 * As a heartbeat does, but for the session. The run must be at work on nothing, and go on by the answer: a plan that is newer still is in it,
 * and not acknowledged. Undefined: another run has the slot.
 */
export async function acknowledge(
  store: GroupStore,
  { slot, invocation }: { slot: string; invocation: string },
  generation: number,
  options: RequestOptions,
): Promise<ConsumerItem | undefined> {
  const written = await store.update(
    consumerKey(slot),
    {
      set: { acknowledged: generation },
      condition: { equal: 'invocation', value: invocation },
    },
    options,
  );
  return written.accepted ? written.item : undefined;
}
