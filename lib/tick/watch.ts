import { acknowledge } from '../group/acknowledge.ts';
import { type ConsumerItem, consumerKey } from '../group/items.ts';
import type { TickContext } from './context.ts';

/** What a slot that lingers has found of its own item. `lost`: another run has the slot, or somebody has removed it. */
export type News = { consumer: ConsumerItem } | 'lost';

/**
 * Looks whether anybody has changed the slot's item since this run last knew it: a plan writes its generation, an operator who pauses,
 * resumes or seeks counts a tick, one who drains says so. Undefined: nobody has. Throws what the store throws.
 */
export async function lookForNews({ store, slot, consumer, budget }: TickContext): Promise<News | undefined> {
  const options = { signal: budget.requests };
  const key = consumerKey(slot);
  // On the cheap: one that is some moments old tells nothing new, or is found not to be.
  const seen = await store.get(key, { ...options, consistent: false });
  if (isAsKnown(consumer, seen)) return undefined;
  const now = await store.get(key, { ...options, consistent: true });
  if (isAsKnown(consumer, now)) return undefined;
  return now?.invocation === consumer.invocation ? { consumer: now } : 'lost';
}

export function isAsKnown(known: ConsumerItem, item: ConsumerItem | undefined): boolean {
  return (
    item !== undefined &&
    item.invocation === known.invocation &&
    item.tick === known.tick &&
    item.generation === known.generation &&
    (item.draining === true) === (known.draining === true)
  );
}

/** Goes by what was found, once nothing is in work. Undefined: another run has the slot by now. */
export async function adoptNews(
  { store, slot, consumer: known, budget }: TickContext,
  consumer: ConsumerItem,
): Promise<ConsumerItem | undefined> {
  const { invocation, generation } = consumer;
  if (generation === undefined || generation === known.generation) return consumer;
  return acknowledge(store, { slot, invocation }, generation, { signal: budget.requests });
}
