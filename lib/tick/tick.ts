import type { GroupItem } from '../group/items.ts';
import { joinGroup } from '../group/join.ts';
import { settled } from '../group/settled.ts';
import { createMeter } from '../observe/meter.ts';
import { noTracing } from '../observe/tracing.ts';
import { type Budget, startBudget } from './budget.ts';
import { isOfLastRun, mayHaveExpired, type TickCache, trusted } from './cache.ts';
import type { TickContext, TickSettings, TickTools } from './context.ts';
import type { Coordination } from './coordination/coordination.ts';
import { watchLeftovers } from './leftovers.ts';
import { emptyResult, type TickResult } from './result.ts';
import { workInRounds } from './rounds.ts';
import { takeSlot } from './slot.ts';
import { termsOf } from './terms.ts';

export interface TickDependencies extends TickTools {
  coordination: Coordination;
}

export interface Invocation {
  slot: string;
  /** When the platform kills this run, milliseconds since 1970. */
  deadline: number;
  /**
   * Nobody's schedule: something has happened, and somebody is to look. Where a run of the slot is at work, that one looks once more before it
   * ends, and this one leaves at once.
   */
  rung?: boolean;
  /** Aborted when the run is given up before that. */
  signal?: AbortSignal;
}

/**
 * One tick: heartbeat, then every assigned shard: claim, pull, process, checkpoint, until it is read up or the time is over;
 * beside that a plan, if it is due; then, if it is to linger, the same again as records come. Throws what the heartbeat throws: without an answer to it no work may be done.
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
  { slot, deadline, rung = false }: Invocation,
  { budget, now, cache }: Beginning,
): Promise<TickResult> {
  const { clock, random, coordination } = dependencies;
  const { times } = settings;
  const leftovers = watchLeftovers(settled(dependencies.store, { clock, random }), dependencies);
  const { store, deliver } = leftovers;
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
  const beat = { slot, nonce: random.nonce(), deadline: deadline + skewMs, times, load: cache?.load };
  const beforeAt = cache?.heartbeatAt;
  const taking = { store, settings, clock, random, budget, groupNow, beforeAt, isRing: rung };
  const taken = await takeSlot(taking, beat);
  if (!taken.accepted) {
    const { busyUntil, folded } = taken;
    if (folded) logger.info('ring.folded', { busyUntil });
    else logger.warn('tick.refused', { busyUntil });
    return { ...emptyResult(slot, 'busy'), ...(folded && { folded }) };
  }
  const { consumer, isEarly } = taken;
  const known = trusted(cache, consumer);
  const context: TickContext = {
    ...dependencies,
    store,
    deliver,
    leftovers,
    isEarly,
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
    return await workInRounds(context, coordination, { cache: known, group });
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
