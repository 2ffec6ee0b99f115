import { heartbeat } from '../group/heartbeat.ts';
import type { ConsumerItem, GroupItem } from '../group/items.ts';
import { joinGroup } from '../group/join.ts';
import { settled } from '../group/settled.ts';
import { createMeter } from '../observe/meter.ts';
import { noTracing } from '../observe/tracing.ts';
import { workAsAssigned } from './assigned.ts';
import { type Budget, startBudget } from './budget.ts';
import { isOfLastRun, mayHaveExpired, type TickCache, trusted } from './cache.ts';
import type { TickContext, TickSettings, TickTools } from './context.ts';
import type { Coordination, TickCoordination } from './coordination/coordination.ts';
import { besidePlan, look } from './planning.ts';
import { achievedNothing, emptyResult, type ShardResult, type TickResult } from './result.ts';
import { termsOf } from './terms.ts';

export interface TickDependencies extends TickTools {
  coordination: Coordination;
}

export interface Invocation {
  slot: string;
  /** When the platform kills this run, milliseconds since 1970. */
  deadline: number;
  /** Aborted when the run is given up before that. */
  signal?: AbortSignal;
}

/**
 * One tick: heartbeat, then every assigned shard: claim, pull, process, checkpoint, until it is read up or the time is over;
 * beside that a plan, if it is due. Throws what the heartbeat throws: without an answer to it no work may be done.
 */
export async function tick(
  dependencies: TickDependencies,
  settings: TickSettings,
  invocation: Invocation,
): Promise<TickResult> {
  const { clock, caches } = dependencies;
  const { slot, deadline, signal } = invocation;
  const now = (): number => clock.now() + (dependencies.skewMs?.() ?? 0);
  const cache = caches.get(slot);
  // Put back only when this tick ends normally.
  caches.delete(slot);
  const isLate = cache === undefined || mayHaveExpired(cache, now(), settings.times);
  const { reserveMs } = settings.times;
  const budget = startBudget(clock, { deadline, reserveMs, signal });
  try {
    return await begin(dependencies, settings, invocation, {
      budget,
      now,
      cache: isLate ? undefined : cache,
    });
  } finally {
    budget.end();
  }
}

interface Beginning {
  budget: Budget;
  /** The group's time, as far as it is known. */
  now(): number;
  /** Absent where the slot begins as if it were new. */
  cache: TickCache | undefined;
}

/** Joins the group where nothing is known of it, takes the slot, and works. */
async function begin(
  dependencies: TickDependencies,
  settings: TickSettings,
  { slot, deadline }: Invocation,
  { budget, now, cache }: Beginning,
): Promise<TickResult> {
  const { clock, random, coordination } = dependencies;
  const { times } = settings;
  const store = settled(dependencies.store, { clock, random });
  const logger = dependencies.logger.with({ slot });
  const options = { signal: budget.requests };
  const terms = termsOf(settings, coordination);
  let group: GroupItem | undefined;
  if (cache === undefined) {
    // Before the heartbeat: a slot that may not work must not be given shards.
    const joined = await joinGroup(store, terms, { now, times }, options);
    if (!joined.agreed) {
      logger.error('settings.disagree', { differences: joined.differences, remedy: DISAGREE_REMEDY });
      return emptyResult(slot, 'disagrees');
    }
    group = joined.group;
    await coordination.join(budget.requests);
  }
  // Once for the whole tick, and only now: a new sandbox learns it from its first answer.
  const skewMs = dependencies.skewMs?.() ?? 0;
  const groupNow = (): number => clock.now() + skewMs;
  if (Math.abs(skewMs) > times.skewMarginMs) logger.warn('clock.skewed', { skewMs });
  const beat = { slot, nonce: random.nonce(), now: groupNow(), deadline: deadline + skewMs, times };
  const answer = await heartbeat(store, beat, options);
  if (!answer.accepted) {
    logger.warn('tick.refused', { busyUntil: answer.busyUntil });
    return emptyResult(slot, 'busy');
  }
  const { consumer } = answer;
  const known = trusted(cache, consumer);
  const context: TickContext = {
    ...dependencies,
    store,
    logger,
    settings,
    terms,
    slot,
    meter: dependencies.meter ?? createMeter(clock),
    tracing: dependencies.tracing ?? noTracing,
    budget,
    groupNow,
    consumer,
    isCold: !isOfLastRun(cache, consumer),
    successes: { at: known?.successAt },
  };
  try {
    return await workAndPlan(context, coordination.forTick(context), known, group);
  } finally {
    const { invocation } = consumer;
    // One that could not even note any more what it had done has died, as far as anybody can tell.
    if (budget.requests.aborted) dependencies.caches.delete(slot);
    else noteEnded(dependencies.endedRuns, invocation);
    dependencies.lastWords?.ended({ slot, invocation });
  }
}

const ENDED_RUNS_MAX = 100;

/** The last ones, in order. */
function noteEnded(endedRuns: Set<string>, run: string): void {
  endedRuns.add(run);
  for (const oldest of endedRuns) {
    if (endedRuns.size <= ENDED_RUNS_MAX) return;
    endedRuns.delete(oldest);
  }
}

const DISAGREE_REMEDY =
  "deploy the settings that the group has, or raise SHARDBEAT_SETTINGS_VERSION above the group's to change them";

/** Works on what is assigned, and beside it plans, if it is this tick's turn; then again, if the work has made that needed. */
async function workAndPlan(
  context: TickContext,
  coordination: TickCoordination,
  cache: TickCache | undefined,
  group: GroupItem | undefined,
): Promise<TickResult> {
  const { slot, consumer, caches } = context;
  const wantsPlan = consumer.generation === undefined || isLeaving(consumer);
  const looked = await look(context, { knownDueAt: cache?.planDueAt, group, early: wantsPlan });
  const result: TickResult = {
    ...emptyResult(slot, looked.outcome),
    tick: consumer.tick,
    generation: consumer.generation ?? 0,
    warm: cache !== undefined,
  };
  if (looked.outcome === 'disagrees') return result;
  const work = () => workAsAssigned(context, coordination, cache, looked.outcome);
  const [worked, plan] = await besidePlan(context, coordination, looked, work);
  const { remembered, workOn, unassigned } = worked;
  const plans = [plan];
  const { isAheadOfPlans } = coordination;
  result.shards = worked.shards;
  if (isAheadOfPlans && plan.planned && isAnyWaiting(result.shards)) result.shards = await workOn();
  // A finished shard may let others begin.
  if (isAnyFinished(result.shards) || (isAheadOfPlans && isAnyWaiting(result.shards))) {
    const again = await look(context, { early: true });
    plans.push((await besidePlan(context, coordination, again, async () => {}))[1]);
  }
  result.planned = plans.some(({ planned }) => planned);
  result.planFailed = plans.some(({ failed }) => failed);
  const unassignedShards = unassigned ?? plans.findLast((made) => made.unassigned !== undefined)?.unassigned;
  if (unassignedShards !== undefined) result.unassignedShards = unassignedShards;
  const silentSlots = silentOf(context.settings.slots, plans.findLast(({ living }) => living)?.living);
  if (silentSlots !== undefined) result.silentSlots = silentSlots;
  if (result.outcome === 'worked' && achievedNothing(result)) result.outcome = 'failed';
  remembered.planDueAt = plans.at(-1)!.planDueAt;
  remembered.successAt = context.successes.at;
  caches.set(slot, remembered);
  return result;
}

/** How many of the slots that this deployment has do not live. */
function silentOf(
  slots: readonly string[] | undefined,
  living: readonly string[] | undefined,
): number | undefined {
  if (slots === undefined || living === undefined) return undefined;
  const alive = new Set(living);
  return slots.filter((slot) => !alive.has(slot)).length;
}

const isAnyWaiting = (shards: readonly ShardResult[]): boolean =>
  shards.some(({ stopped }) => stopped === 'waiting');

const isAnyFinished = (shards: readonly ShardResult[]): boolean =>
  shards.some(({ stopped, cursor }) => stopped === 'done' && cursor !== undefined);

/** A draining slot that still holds shards waits for a plan that takes them. */
function isLeaving(consumer: ConsumerItem): boolean {
  return consumer.draining === true && Object.keys(consumer.assigned ?? {}).length > 0;
}
