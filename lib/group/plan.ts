import type { Times } from '../config/times.ts';
import type { Logger } from '../observe/logger.ts';
import type { Position, SourceShard } from '../sources/source.ts';
import { assign } from './assign.ts';
import { consumerKey, type GroupItem, type GroupState } from './items.ts';
import type { Strategy } from './planner.ts';
import { syncShards } from './shards.ts';
import type { GroupStore, ReadOptions } from './store.ts';

/** What planning needs of the log service; the group knows nothing else of it. */
export interface Stream {
  listShards(signal: AbortSignal): Promise<SourceShard[]>;
  cursorAt(shard: string, position: Position, signal: AbortSignal): Promise<string>;
}

export interface Planning {
  store: GroupStore;
  stream: Stream;
  now: number;
  /** End of the plan lock: this run is dead by then. */
  deadline: number;
  times: Times;
  order: boolean;
  start: Position;
  endAt: number | undefined;
  strategy: Strategy;
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
 * Takes the plan lock, reads everything, and writes what has changed: new shards, dead slots, assignments. Answers
 * when the next plan is due; undefined: somebody else was faster. The plan is a hint: safety rests on epochs, grants and the compare-and-set of cursors.
 */
export async function plan(
  planning: Planning,
  seen: GroupItem,
  options: ReadOptions,
): Promise<number | undefined> {
  const { store, now, times, logger } = planning;
  const locked = await store.update(
    'GROUP',
    {
      set: { planUntil: planning.deadline, plannedAt: now },
      add: { generation: 1 },
      condition: {
        all: [
          { less: 'planUntil', value: now - times.skewMarginMs },
          { equal: 'planDueAt', value: seen.planDueAt },
        ],
      },
    },
    options,
  );
  if (!locked.accepted) return undefined;
  const generation = locked.item.generation;

  const state = await store.readAll(options);
  const listed = await planning.stream.listShards(options.signal);
  const touched = await syncShards(planning, state, listed, options);
  await removeExpired(planning, state, options);
  const { order, strategy } = planning;
  const moves = await assign(store, state, { generation, order, strategy, touched }, options);

  const planDueAt = nextPlanAt(state, now, times);
  const completed = isComplete(planning, state) && state.group?.completedAt === undefined;
  await store.update(
    'GROUP',
    {
      set: { planUntil: 0, planDueAt, initialized: true, ...(completed && { completedAt: now }) },
      condition: { equal: 'generation', value: generation },
    },
    options,
  );
  logger.info('plan.made', { generation, moves, slots: state.consumers.size, shards: state.shards.size });
  if (completed) logger.info('group.complete', { endAt: planning.endAt });
  return planDueAt;
}

/** Past the end time, with every shard read up to it. */
function isComplete({ endAt, now }: Planning, state: GroupState): boolean {
  if (endAt === undefined || now <= endAt || state.shards.size === 0) return false;
  return [...state.shards.values()].every((item) => item.state === 'done');
}

/** Drops dead slots from the table and from `state`. A slot that came back meanwhile stays in both. */
async function removeExpired(planning: Planning, state: GroupState, options: ReadOptions): Promise<void> {
  const expiry = planning.now - planning.times.skewMarginMs;
  for (const [slot, consumer] of state.consumers) {
    if (consumer.expiresAt >= expiry) continue;
    const removed = await planning.store.remove(
      consumerKey(slot),
      {
        all: [
          { equal: 'expiresAt', value: consumer.expiresAt },
          { less: 'busyUntil', value: expiry },
        ],
      },
      options,
    );
    if (!removed) continue;
    state.consumers.delete(slot);
    planning.logger.warn('slot.expired', { expired: slot, heartbeatAt: consumer.heartbeatAt });
  }
}

/** The earliest moment at which a session can have expired; at most two intervals away, to notice new shards. */
function nextPlanAt(state: GroupState, now: number, times: Times): number {
  const earliest = Math.min(...[...state.consumers.values()].map((consumer) => consumer.expiresAt));
  const wanted = earliest + times.skewMarginMs + 1;
  return Math.round(Math.min(Math.max(wanted, now + times.intervalMs / 2), now + 2 * times.intervalMs));
}
