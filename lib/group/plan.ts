import type { Times } from '../config/times.ts';
import type { Logger } from '../observe/logger.ts';
import type { Position, SourceShard } from '../sources/source.ts';
import { assign, isAssigned } from './assign.ts';
import { type ConsumerItem, consumerKey, type GroupItem, type GroupState } from './items.ts';
import type { Strategy } from './planner.ts';
import { shardChanges, syncShards } from './shards.ts';
import type { Condition, GroupStore, ReadOptions } from './store.ts';

/** What planning needs of the log service; the group knows nothing else of it. */
export interface Stream {
  listShards(signal: AbortSignal): Promise<SourceShard[]>;
  cursorAt(shard: string, position: Position, signal: AbortSignal): Promise<string>;
}

export interface Planning {
  store: GroupStore;
  stream: Stream;
  now: number;
  /** Nonce of this run. */
  planner: string;
  /** End of the plan lock: this run is dead by then. */
  deadline: number;
  times: Times;
  order: boolean;
  start: Position;
  endAt: number | undefined;
  strategy: Strategy;
  /** False where the service assigns the shards: then others may read them too, and the plan only tends the items. */
  assigns: boolean;
  logger: Logger;
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
 * Looks whether the group needs a plan, and if so makes it. Answers when to look again; undefined: somebody else was
 * faster. The plan is a hint: safety rests on epochs, grants and the compare-and-set of cursors.
 *
 * Most looks find nothing to do: they cost a read at half the price and one write, and take no lock.
 */
export async function plan(
  planning: Planning,
  seen: GroupItem,
  options: ReadOptions,
): Promise<number | undefined> {
  const { store, now, times } = planning;
  const condition: Condition<GroupItem> = {
    all: [
      { less: 'planUntil', value: now - times.skewMarginMs },
      { equal: 'planDueAt', value: seen.planDueAt },
    ],
  };
  const state = await store.readAll({ ...options, consistent: false });
  const listed = await planning.stream.listShards(options.signal);
  if (isSettled(planning, state, listed)) {
    const planDueAt = nextPlanAt(state, now, times);
    const postponed = await store.update('GROUP', { set: { planDueAt }, condition }, options);
    return postponed.accepted ? planDueAt : undefined;
  }
  const { deadline: planUntil, planner } = planning;
  const set = { planUntil, planner, plannedAt: now };
  const locked = await store.update('GROUP', { set, add: { generation: 1 }, condition }, options);
  return locked.accepted ? makePlan(planning, locked.item.generation, options) : undefined;
}

/** Under the plan lock: reads everything, then writes what has changed: new shards, dead slots, assignments. */
async function makePlan(planning: Planning, generation: number, options: ReadOptions): Promise<number> {
  const { store, now, times, logger, order, strategy } = planning;
  const state = await store.readAll({ ...options, consistent: true });
  // After the items: see shardChanges.
  const listed = await planning.stream.listShards(options.signal);
  await syncShards(planning, state, listed, options);
  await removeExpired(planning, state, options);
  const moves = await assign(store, state, { generation, order, strategy }, options);

  const planDueAt = nextPlanAt(state, now, times);
  const completed = completes(planning, state);
  const set = { planUntil: 0, planDueAt, initialized: true, ...(completed && { completedAt: now }) };
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
  return planDueAt;
}

/** Pure: a plan would change nothing. */
function isSettled(planning: Planning, state: GroupState, listed: readonly SourceShard[]): boolean {
  return (
    state.group?.initialized === true &&
    Object.values(shardChanges(state, listed, planning)).every((ids) => ids.length === 0) &&
    expiredSlots(planning, state).length === 0 &&
    isAssigned(state, planning) &&
    !completes(planning, state)
  );
}

/** Past the end time, with every shard read up to it, for the first time. */
function completes({ endAt, now }: Planning, { group, shards }: GroupState): boolean {
  if (endAt === undefined || now <= endAt || group?.completedAt !== undefined || shards.size === 0)
    return false;
  return [...shards.values()].every((item) => item.state === 'done');
}

function expiredSlots({ now, times }: Planning, state: GroupState): [slot: string, item: ConsumerItem][] {
  return [...state.consumers].filter(([, { expiresAt }]) => expiresAt + times.skewMarginMs < now);
}

/** Drops dead slots from the table and from `state`. A slot that came back meanwhile stays in both. */
async function removeExpired(planning: Planning, state: GroupState, options: ReadOptions): Promise<void> {
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
  return Math.round(Math.min(Math.max(wanted, now + times.intervalMs / 2), now + 2 * times.intervalMs));
}
