import assert from 'node:assert/strict';
import type { Times } from '../times.ts';
import { assign, isAssigned, type Target, targetOf } from './assign.ts';
import { logUnassigned, MORE_SLOTS_REMEDY } from './bounded.ts';
import { type ConsumerItem, consumerKey, type GroupItem, type GroupState } from './items.ts';
import { type Listing, listAll, remedyOf } from './listing.ts';
import { isOver } from './ownership.ts';
import type { Planning } from './planning.ts';
import { shardChanges, syncShards } from './shards.ts';
import type { Condition, RequestOptions } from './store.ts';

/** What somebody who looked has found. */
export interface Planned {
  /** When to look again. */
  planDueAt: number;
  /** A plan was written: slots may have other shards by now. */
  written: boolean;
  /** Streams that could not be listed: nothing is known of their new shards. */
  unlisted: string[];
  /** How many shards may be worked on and no slot is given. Undefined where the service assigns: others may have them. */
  unassigned: number | undefined;
  /** Slots whose session lives. */
  living: string[];
  /** How many there are to be, where that follows the load. */
  slotsWanted: number | undefined;
  /** Just now, every shard was found read up to the end time. */
  completed: boolean;
}

/**
 * Is it this tick's turn to try? When the plan is due, or early when the tick knows that there is something to
 * distribute (it is new itself, or it finished a shard), but not twice in a quarter of an interval.
 */
export function planIsDue(group: GroupItem, now: number, times: Times, early: boolean): boolean {
  if (group.planUntil >= now - times.skewMarginMs || group.paused) return false;
  if (group.planDueAt <= now) return true;
  return early && group.plannedAt !== undefined && now - group.plannedAt >= times.intervalMs / 4;
}

/**
 * Looks whether the group needs a plan, and if so makes it. Undefined: somebody else was faster. The plan is a hint: safety rests on epochs, grants and the compare-and-set of cursors.
 *
 * Most looks find nothing to do: they cost a read at half the price and one write, and take no lock.
 */
export async function plan(
  planning: Planning,
  seen: GroupItem,
  options: RequestOptions,
): Promise<Planned | undefined> {
  const { store, now, times, logger } = planning;
  const condition: Condition<GroupItem> = {
    all: [
      { less: 'planUntil', value: now - times.skewMarginMs },
      { equal: 'planDueAt', value: seen.planDueAt },
    ],
  };
  const state = await store.readAll({ ...options, consistent: false });
  // Once: what may hang must not hang twice. An item that is made from now on cannot be missing in it.
  const listed = await listAll(planning.stream, planning.asking, options);
  const listing = { ...listed, covers: (shard: string) => listed.covers(shard) && state.shards.has(shard) };
  for (const [stream, error] of listing.unlisted)
    logger.warn('stream.unlisted', { stream, error, remedy: remedyOf(error) });
  // With nothing to plan, a group has not begun.
  if (!seen.initialized && listing.shards.length === 0) throw [...listing.unlisted.values()][0];
  const unlisted = [...listing.unlisted.keys()];
  const { order, strategy } = planning;
  const target = targetOf(state, { order, strategy, isForeign: listing.isForeign });
  if (isSettled(planning, state, listing, target)) {
    const planDueAt = nextPlanAt(state, now, times);
    const postponed = await store.update('GROUP', { set: { planDueAt }, condition }, options);
    if (!postponed.accepted) return undefined;
    const unassigned = tellUnassigned(planning, state, target.unassigned);
    const living = [...state.consumers.keys()];
    const slotsWanted = state.group?.scale?.slots;
    return { planDueAt, written: false, unlisted, unassigned, living, slotsWanted, completed: false };
  }
  const { deadline: planUntil, planner } = planning;
  const set = { planUntil, planner, plannedAt: now };
  const locked = await store.update('GROUP', { set, add: { generation: 1 }, condition }, options);
  if (!locked.accepted) return undefined;
  return { ...(await makePlan(planning, locked.item.generation, listing, options)), unlisted };
}

/** Under the plan lock: reads everything, then writes what has changed: new shards, dead slots, assignments. */
async function makePlan(
  planning: Planning,
  generation: number,
  listing: Listing,
  options: RequestOptions,
): Promise<Omit<Planned, 'unlisted'>> {
  const { store, now, times, logger, order, strategy } = planning;
  const state = await store.readAll({ ...options, consistent: true });
  await syncShards(planning, state, listing, options);
  await removeExpired(planning, state, options);
  const { isForeign } = listing;
  const how = { generation, order, strategy, isForeign };
  const { moves, unassigned } = await assign(store, state, how, options);

  const planDueAt = nextPlanAt(state, now, times);
  const completed = completes(planning, state, listing);
  const awaited = stillAwaited(state, listing);
  const isAwaitedNews = awaited.length !== (state.group?.awaited ?? []).length;
  const set = {
    planUntil: 0,
    planDueAt,
    initialized: true,
    ...(isAwaitedNews && { awaited }),
    ...(completed && { completedAt: now }),
  };
  // The lock as well: sent again after it has landed, it must not undo what others wrote since.
  const condition: Condition<GroupItem> = {
    all: [
      { equal: 'generation', value: generation },
      { equal: 'planUntil', value: planning.deadline },
    ],
  };
  await store.update('GROUP', { set, condition }, options);
  logger.info('plan.made', { generation, moves, slots: state.consumers.size, shards: state.shards.size });
  if (completed) logger.info('group.complete', { endAt: planning.endAt });
  const living = [...state.consumers.keys()];
  const told = tellUnassigned(planning, state, unassigned);
  const slotsWanted = state.group?.scale?.slots;
  return { planDueAt, written: true, unassigned: told, living, slotsWanted, completed };
}

/** Said at every look, as long as it lasts: nobody reads these shards. Returns how many there are. */
function tellUnassigned(
  { assigns, logger }: Planning,
  { consumers }: GroupState,
  unassigned: readonly string[],
): number | undefined {
  if (!assigns) return undefined;
  const isLeft = [...consumers.values()].every(({ draining }) => draining === true);
  const remedy = isLeft ? 'every slot is draining: undrain one, or add slots' : MORE_SLOTS_REMEDY;
  logUnassigned(logger, unassigned, remedy);
  return unassigned.length;
}

/** Pure: a plan would change nothing. */
function isSettled(planning: Planning, state: GroupState, listing: Listing, target: Target): boolean {
  return (
    state.group?.initialized === true &&
    Object.values(shardChanges(state, listing, planning)).every((ids) => ids.length === 0) &&
    expiredSlots(planning, state).length === 0 &&
    isAssigned(state, target) &&
    !completes(planning, state, listing)
  );
}

/** Streams of which the group has had no list since it began. */
function stillAwaited({ group }: GroupState, { unlisted }: Listing): string[] {
  if (!group?.initialized) return [...unlisted.keys()];
  return (group.awaited ?? []).filter((stream) => unlisted.has(stream));
}

/** Past the end time, with every shard read up to it, for the first time. */
function completes({ endAt, now }: Planning, { group, shards }: GroupState, listing: Listing): boolean {
  if (endAt === undefined || now <= endAt || group?.completedAt !== undefined) return false;
  const read = [...shards].filter(([id]) => !listing.isForeign(id));
  return read.length > 0 && read.every(([, item]) => isOver(item));
}

function expiredSlots({ now, times }: Planning, state: GroupState): [slot: string, item: ConsumerItem][] {
  return [...state.consumers].filter(([, { expiresAt }]) => expiresAt + times.skewMarginMs < now);
}

/** Drops dead slots from the table and from `state`. A slot that came back meanwhile stays in both. */
async function removeExpired(planning: Planning, state: GroupState, options: RequestOptions): Promise<void> {
  for (const [slot, { expiresAt, heartbeatAt }] of expiredSlots(planning, state)) {
    const dead: Condition<ConsumerItem> = {
      all: [
        { equal: 'expiresAt', value: expiresAt },
        { less: 'busyUntil', value: planning.now - planning.times.skewMarginMs },
      ],
    };
    if (!(await planning.store.remove(consumerKey(slot), dead, options))) continue;
    state.consumers.delete(slot);
    planning.logger.warn('slot.expired', { expired: slot, heartbeatAt });
  }
}

/** The earliest moment at which a session can have expired; at most two intervals away, to notice new shards. */
function nextPlanAt(state: GroupState, now: number, times: Times): number {
  const earliest = Math.min(...[...state.consumers.values()].map((consumer) => consumer.expiresAt));
  const wanted = earliest + times.skewMarginMs + 1;
  const planDueAt = Math.round(
    Math.min(Math.max(wanted, now + times.intervalMs / 2), now + 2 * times.intervalMs),
  );
  assert(planDueAt > now, 'a group looks again, later');
  return planDueAt;
}
