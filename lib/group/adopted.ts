import { StoreError } from '../errors.ts';
import { type ConsumerItem, consumerKey, type Grant } from './items.ts';
import type { Strategy } from './planner.ts';
import type { GroupStore, RequestOptions } from './store.ts';

/** Where the log service assigns the shards, a plan leaves every assignment as it is: it only tends the items. */
export const keepAssigned: Strategy = ({ consumers }) =>
  new Map([...consumers].map(([slot, { assigned = {} }]) => [slot, assigned]));

/**
 * Writes what the log service has assigned as the slot's own assignment. A new generation: the cache of before is not for this
 * assignment, and a planner that has read the item yields.
 *
 * Throws StoreError if another run has the slot by now.
 */
export async function adoptAssignment(
  store: GroupStore,
  { slot, invocation }: { slot: string; invocation: string },
  assignment: { assigned: Record<string, Grant>; generation: Grant },
  options: RequestOptions,
): Promise<ConsumerItem> {
  const written = await store.update(
    consumerKey(slot),
    {
      set: { ...assignment, acknowledged: assignment.generation },
      condition: { equal: 'invocation', value: invocation },
    },
    options,
  );
  if (written.accepted) return written.item;
  throw new StoreError(`slot ${slot} was taken over in mid-tick`, {
    code: 'SlotTaken',
    outcome: 'refused',
    retriable: true,
  });
}
