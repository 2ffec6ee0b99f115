import { consumerKey } from '../../lib/group/items.ts';
import { drain, pause, removeSlot, resume } from '../../lib/group/operations.ts';
import type { Dice } from '../../local/faults/dice.ts';
import type { Theatre } from './events.ts';

/** How long a drained slot may take to hand everything off. */
const DRAIN_INTERVALS_MAX = 60;

/** As an operator takes a slot out of service: drain it, wait until it holds nothing, end its schedule, remove it. */
export async function drainAndRemove(
  { stage, crew, times, clock, signal }: Theatre,
  dice: Dice,
): Promise<string> {
  const slot = dice.pick(crew.active());
  crew.reserve(slot);
  const { store } = stage;
  const until = clock.now() + DRAIN_INTERVALS_MAX * times.intervalMs;
  const untilTrue = async (what: string, look: () => Promise<boolean>): Promise<void> => {
    while (!(await look())) {
      if (clock.now() > until) throw new Error(`${slot} ${what} within ${DRAIN_INTERVALS_MAX} intervals`);
      await clock.sleep(times.intervalMs / 4, signal);
    }
  };
  await untilTrue('was not drained', async () => {
    const item = await store.get(consumerKey(slot), { consistent: true, signal });
    if (item?.draining === true) return Object.keys(item.assigned ?? {}).length === 0;
    // Not there yet, or there anew after its session expired: drained as soon as there is something to drain.
    if (item !== undefined) await drain(store, slot, { signal }).catch(() => {});
    return false;
  });
  await crew.leave(slot);
  await untilTrue('could not be removed', async () => {
    const limits = { now: clock.now(), skewMarginMs: times.skewMarginMs };
    return (await removeSlot(store, slot, limits, { signal })).removed;
  });
  return slot;
}

/** Lets nobody read for some intervals. */
export async function pauseAWhile({ stage, times, clock, signal }: Theatre, dice: Dice): Promise<string> {
  const durationMs = dice.between(times.intervalMs, 3 * times.intervalMs);
  await pause(stage.store, { signal });
  await clock.sleep(durationMs, signal);
  await resume(stage.store, { signal });
  return `${durationMs} ms`;
}
