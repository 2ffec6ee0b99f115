import { type ConsumerItem, consumerKey } from '../group/items.ts';
import { giveBack } from '../group/lease.ts';
import type { TickContext } from './context.ts';
import { givesBack } from './slot.ts';
import { adoptNews, isAsKnown } from './watch.ts';

/** Somebody has rung: the tick polls once more, by this item. */
export interface Rung {
  consumer: ConsumerItem;
  /** Nobody has changed anything else of it. */
  isAsKnown: boolean;
}

/** Of rings that come while a tick with no time left gives its slot back. */
const ATTEMPTS_MAX = 3;

/**
 * The last write of a tick that came to its end in order: gives its slot back, where runs of the slot have lately come early, or rings are to be
 * heard at once. Where none of that is so, it costs nothing, and the lease ends at the deadline. A tick that leaves something behind keeps its
 * lease, and so does one that learns nothing of this write.
 *
 * Undefined: the tick is over.
 */
export async function giveBackUnlessRung(context: TickContext): Promise<Rung | undefined> {
  const { slot, consumer, settings, isEarly, leftovers, budget, logger } = context;
  if (!isEarly && !givesBack(consumer, settings.times, settings)) return undefined;
  if (leftovers.areAny() || budget.requests.aborted) return undefined;
  try {
    return await tryToGiveBack(context);
  } catch (error) {
    logger.info('lease.kept', { slot, error });
    return undefined;
  }
}

async function tryToGiveBack(context: TickContext): Promise<Rung | undefined> {
  const { store, slot, settings, isEarly, budget, groupNow } = context;
  const options = { signal: budget.requests };
  const given = {
    skewMarginMs: settings.times.skewMarginMs,
    earlyAt: isEarly ? groupNow() : undefined,
  };
  let { consumer } = context;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (await giveBack(store, { slot, consumer }, given, options)) return undefined;
    const item = await store.get(consumerKey(slot), { ...options, consistent: true });
    // By now another run has it, or an attempt that had no answer has given it back.
    if (item?.invocation !== consumer.invocation || item.busyUntil !== consumer.busyUntil) return undefined;
    if (!budget.work.aborted) {
      const adopted = await adoptNews(context, item);
      return adopted && { consumer: adopted, isAsKnown: isAsKnown(context.consumer, item) };
    }
    // There is no time for it: the next tick polls.
    consumer = item;
  }
  return undefined;
}
