import type { Deliver } from '../delivery/delivered.ts';
import type { Lifecycle } from '../delivery/lifecycle.ts';
import { StoreError } from '../errors.ts';
import type { GroupStore } from '../group/store.ts';

/** What a tick uses, and whether it leaves something behind that could have an effect while another run has the slot. */
export interface Leftovers {
  store: GroupStore;
  deliver: Deliver;
  /** A write to the group without an answer, or code of the user's that was not waited for. */
  areAny(): boolean;
}

/** `store`: one that finds out what became of its writes, as far as that can be known. */
export function watchLeftovers(
  store: GroupStore,
  { deliver, lifecycle }: { deliver: Deliver; lifecycle?: Lifecycle | undefined },
): Leftovers {
  let open = 0;
  let isAnyLeft = false;
  const watched = async <T>(writing: Promise<T>): Promise<T> => {
    open += 1;
    try {
      return await writing;
    } catch (error) {
      // A refusal is an answer.
      if (!(error instanceof StoreError && error.outcome === 'refused')) isAnyLeft = true;
      throw error;
    } finally {
      open -= 1;
    }
  };
  return {
    store: {
      ...store,
      update: (key, write, options) => watched(store.update(key, write, options)),
      remove: (key, condition, options) => watched(store.remove(key, condition, options)),
    },
    async deliver(batch, context) {
      const delivered = await deliver(batch, context);
      // Code that ignores its signal goes on.
      if (delivered.how === 'timedOut') isAnyLeft = true;
      return delivered;
    },
    areAny: () => isAnyLeft || open > 0 || lifecycle?.isAnyRunning() === true,
  };
}
