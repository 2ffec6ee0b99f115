import { setImmediate } from 'node:timers/promises';
import { orAborted } from '../../abort.ts';

/** Of several items, in one call. */
export type Call<Item, Answer> = (items: readonly Item[], signal: AbortSignal) => Promise<Answer>;

interface Round<Item, Answer> {
  items: Item[];
  /** Of whoever came first. */
  signal: AbortSignal;
  answer: Promise<Answer>;
}

/**
 * Joins what is asked at the same time, and while a call is under way, into the next call. Every answer was asked for after
 * its question came: nobody gets one that is older. Whoever's signal aborts leaves alone; if that ends the call, the others
 * ask once more, each for itself.
 */
export function together<Item, Answer>(call: Call<Item, Answer>) {
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Round<Item, Answer> | undefined;

  const start = (signal: AbortSignal): Round<Item, Answer> => {
    const before = underWay;
    const run = async (): Promise<Answer> => {
      await before;
      await setImmediate();
      next = undefined;
      return call(round.items, signal);
    };
    const round: Round<Item, Answer> = { items: [], signal, answer: run() };
    underWay = round.answer.catch(() => undefined);
    return round;
  };

  return async (item: Item, signal: AbortSignal): Promise<Answer> => {
    signal.throwIfAborted();
    next ??= start(signal);
    const round = next;
    round.items.push(item);
    try {
      return await orAborted(round.answer, signal);
    } catch (error) {
      if (!round.signal.aborted || signal.aborted) throw error;
      return call([item], signal);
    }
  };
}
