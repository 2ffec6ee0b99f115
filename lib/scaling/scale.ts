/** Brings a group to the number of slots that its load asks for. */
import { type ConsumerItem, consumerKey, type GroupState, type Scale } from '../group/items.ts';
import { planSoon } from '../group/operations.ts';
import { type GroupStore, type RequestOptions, unchanged } from '../group/store.ts';
import type { Logger } from '../observe/logger.ts';
import type { Times } from '../times.ts';
import { chooseSlots } from './chooseSlots.ts';
import { nextScale, type Seen } from './nextScale.ts';

export interface Scaling {
  store: GroupStore;
  logger: Logger;
  /** The group's time. */
  now(): number;
  times: Times;
  /** All that there may be, those first that are there longest. */
  slots: readonly string[];
  slotsMin: number;
}

/**
 * Decides how many slots there are to be, writes what changes by that, and answers with the slots that are to be started now. What cannot
 * be written is told, and tried again by the next run, which finds it as it is. Throws what reading throws.
 */
export async function scale(
  scaling: Scaling,
  options: RequestOptions,
): Promise<{ wanted: number; start: string[] }> {
  const { store, logger, slots } = scaling;
  // Some moments old, at half the price: each write that follows from it has its own condition.
  const state = await store.readAll({ ...options, consistent: false });
  const wanted = await decide(scaling, state, options).catch((error: unknown) => {
    logger.error('slots.notScaled', { error });
    return state.group?.scale?.slots ?? scaling.slotsMin;
  });
  const choice = chooseSlots(slots, state.consumers, wanted);
  const each = async (names: readonly string[], write: (slot: string) => Promise<unknown>): Promise<void> => {
    for (const slot of names) {
      await write(slot).catch((error: unknown) => logger.error('slot.notChanged', { slot, error }));
    }
  };
  await each(choice.drain, (slot) => leave(store, slot, options));
  await each(choice.undrain, (slot) => comeBack(store, slot, options));
  await each(choice.remove, (slot) => remove(scaling, slot, state.consumers.get(slot)!, options));
  // It would wait for the next plan, with nothing to do.
  if (choice.undrain.length > 0) await each(choice.undrain.slice(0, 1), () => planSoon(store, options));
  return { wanted, start: choice.start };
}

async function decide(
  { store, logger, now, times, slots, slotsMin }: Scaling,
  { group, consumers, shards }: GroupState,
  options: RequestOptions,
): Promise<number> {
  // Its first tick makes it.
  if (group === undefined) return slotsMin;
  const before = group.scale && { ...group.scale, at: group.scaledAt ?? 0 };
  // What stands still tells nothing of the load.
  if (before !== undefined && (group.paused || group.completedAt !== undefined)) return before.slots;
  const at = now();
  const seen: Seen = {
    shards: [...shards.values()].filter(({ state }) => state !== 'done').length,
    slots: [...consumers.values()].map(({ assigned = {}, load }) => ({
      shards: Object.keys(assigned).length,
      load,
    })),
  };
  const bounds = { min: slotsMin, max: slots.length };
  const next: Scale = nextScale(before, seen, bounds, { now: at, intervalMs: times.intervalMs });
  if (next.slots === before?.slots) return next.slots;
  const { slots: wanted, lowered, calmIntervals } = next;
  const set = { scale: { slots: wanted, lowered, calmIntervals }, scaledAt: at };
  const condition = {
    all: [{ exists: 'generation' as const }, unchanged<typeof group, 'scaledAt'>('scaledAt', group.scaledAt)],
  };
  const written = await store.update('GROUP', { set, condition }, options);
  // Another run was here: by the next one it is as that one has decided.
  if (!written.accepted) return before?.slots ?? wanted;
  const behind = seen.slots.reduce((sum, { load }) => sum + (load?.behind ?? 0), 0);
  logger.info('slots.scaled', { from: before?.slots, to: wanted, shards: seen.shards, behind });
  return wanted;
}

/** It hands over what it holds, as if an operator had said so; unless one has. */
async function leave(store: GroupStore, slot: string, options: RequestOptions): Promise<void> {
  const condition = {
    all: [{ exists: 'heartbeatAt' }, { any: [{ absent: 'draining' }, { equal: 'draining', value: false }] }],
  } as const;
  await store.update(consumerKey(slot), { set: { draining: true, scaledDown: true }, condition }, options);
}

/** Unless an operator has drained it meanwhile. */
async function comeBack(store: GroupStore, slot: string, options: RequestOptions): Promise<void> {
  const condition = { equal: 'scaledDown', value: true } as const;
  await store.update(
    consumerKey(slot),
    { set: { draining: false }, unset: ['scaledDown'], condition },
    options,
  );
}

/** Unless a run of it may be at work, or it was given something meanwhile. */
async function remove(
  { store, logger, now, times }: Scaling,
  slot: string,
  { generation }: ConsumerItem,
  options: RequestOptions,
): Promise<void> {
  const removed = await store.remove(
    consumerKey(slot),
    {
      all: [
        { equal: 'scaledDown', value: true },
        unchanged<ConsumerItem, 'generation'>('generation', generation),
        { less: 'busyUntil', value: now() - times.skewMarginMs },
      ],
    },
    options,
  );
  if (removed) logger.info('slot.left', { left: slot });
}
