import type { GroupItem } from '../group/items.ts';
import { agreement } from '../group/join.ts';
import { remedyOf } from '../group/listing.ts';
import { plan, planIsDue } from '../group/plan.ts';
import type { Clock } from '../runtime.ts';
import type { TickContext } from './context.ts';
import type { TickCoordination } from './coordination/coordination.ts';

export interface Looked {
  outcome: 'worked' | 'paused' | 'disagrees';
  /** Until then the next tick need not look. */
  planDueAt: number;
  /** The next tick has to look, whatever a plan of this one says. */
  looksAgain: boolean;
  /** The group item, if it is this tick's turn to plan. */
  due: GroupItem | undefined;
}

export interface Planned {
  planned: boolean;
  /** The plan gave shards to slots, or may have. */
  written: boolean;
  planDueAt: number;
  failed: boolean;
  /** Shards that no slot is given. Undefined: not known. */
  unassigned?: number | undefined;
  /** Slots whose session lives. Undefined: not known. */
  living?: readonly string[] | undefined;
  /** How many there are to be, where that follows the load. */
  slotsWanted?: number | undefined;
}

interface Known {
  /** From the cache: until then the group item need not be read. */
  knownDueAt?: number | undefined;
  /** Read in this tick. */
  group?: GroupItem | undefined;
  /** There is something to distribute before the plan is due. */
  early: boolean;
}

/** Reads the group item when the plan may be due: whether the tick may work, and whether it is its turn to plan. */
export async function look(context: TickContext, known: Known): Promise<Looked> {
  const { store, settings, budget, logger } = context;
  const now = context.groupNow();
  const { knownDueAt, early } = known;
  if (knownDueAt !== undefined && knownDueAt > now && !early) {
    return { outcome: 'worked', planDueAt: knownDueAt, looksAgain: false, due: undefined };
  }
  const options = { signal: budget.requests };
  // A warm tick reads on the cheap: the lock's condition guards a plan, and a pause makes the slot's cache cold.
  const consistent = knownDueAt === undefined;
  const group = known.group ?? (await store.get('GROUP', { ...options, consistent }));
  if (group === undefined || !agreement(group, context.terms).agreed) {
    logger.warn('group.changed', { deleted: group === undefined });
    return { outcome: 'disagrees', planDueAt: 0, looksAgain: true, due: undefined };
  }
  const outcome = group.paused ? 'paused' : 'worked';
  // A time in the cache is leave to work until then. Not for a paused slot; nor by an item read before the heartbeat: a
  // pause in between has made a cache cold that was not there yet.
  const looksAgain = group.paused || known.group !== undefined;
  const due = planIsDue(group, now, settings.times, early) ? group : undefined;
  return { outcome, planDueAt: looksAgain ? 0 : group.planDueAt, looksAgain, due };
}

/**
 * Share of the tick's time for work that a plan gets in any case. It may take longer as long as the work does: the two go on
 * beside each other, so that a plan costs the reading nothing.
 */
const PLAN_SHARE = 1 / 3;
/** Of that share, on top of it: what needs no list is planned also where the service has used up the time. */
const WRITING_SHARE = 1 / 4;

/**
 * Runs `work`, and beside it the plan, if it is this tick's turn: a log service that lists nothing may still be read. Ends when
 * both have ended; throws what `work` throws.
 */
export async function besidePlan<T>(
  context: TickContext,
  coordination: TickCoordination,
  looked: Looked,
  work: () => Promise<T>,
): Promise<[worked: T, plan: Planned]> {
  const { clock, budget } = context;
  const unplanned = { planned: false, written: false, failed: false, planDueAt: looked.planDueAt };
  if (looked.due === undefined) return [await work(), unplanned];
  const shareMs = budget.workMs * PLAN_SHARE;
  const startedAt = clock.now();
  const ended = new AbortController();
  const asking = limited(budget.requests);
  const planning = limited(budget.requests);
  const planned = planNow(context, coordination, looked, looked.due, {
    asking: asking.signal,
    signal: planning.signal,
  });
  const working = work();
  await working.catch(() => {});
  const leftMs = Math.max(0, shareMs - (clock.now() - startedAt));
  asking.endAfter(clock, leftMs, ended.signal);
  planning.endAfter(clock, leftMs + shareMs * WRITING_SHARE, ended.signal);
  const plan = await planned;
  ended.abort();
  return [await working, plan];
}

/** A signal whose end is set later. */
function limited(within: AbortSignal) {
  const stop = new AbortController();
  const timeUp = (): void => stop.abort(new DOMException('the time for the plan is over', 'TimeoutError'));
  return {
    signal: AbortSignal.any([within, stop.signal]),
    endAfter(clock: Clock, leftMs: number, ended: AbortSignal): void {
      if (leftMs <= 0) timeUp();
      else clock.sleep(leftMs, ended).then(timeUp, () => {});
    },
  };
}

/** Never throws: the shards we hold need no plan. The lock ends with this run; whoever ticks next tries again. */
async function planNow(
  context: TickContext,
  coordination: TickCoordination,
  { planDueAt: seenDueAt, looksAgain }: Looked,
  group: GroupItem,
  { asking, signal }: { asking: AbortSignal; signal: AbortSignal },
): Promise<Planned> {
  const { store, settings, logger, consumer } = context;
  const { times, order, start, endAt, replay } = settings;
  const how = coordination.planning();
  const now = context.groupNow();
  const { busyUntil: deadline, invocation: planner } = consumer;
  const planning = {
    store,
    now,
    planner,
    deadline,
    times,
    asking,
    order,
    start,
    endAt,
    replay,
    logger,
    ...how,
  };
  try {
    const made = await plan(planning, group, { signal });
    if (made === undefined) return { planned: false, written: false, failed: false, planDueAt: seenDueAt };
    const failed = made.unlisted.length > 0;
    const { unassigned, living, slotsWanted, written } = made;
    if (made.completed && endAt !== undefined)
      context.announcer?.happened(context.slot, { type: 'complete', endAt });
    const planDueAt = looksAgain ? 0 : made.planDueAt;
    return { planned: true, written, failed, planDueAt, unassigned, living, slotsWanted };
  } catch (error) {
    logger.error('plan.failed', { error, remedy: remedyOf(error) });
    return { planned: false, written: true, failed: true, planDueAt: seenDueAt };
  }
}
