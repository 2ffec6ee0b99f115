import { heartbeat } from '../group/heartbeat.ts';
import type { GroupItem } from '../group/items.ts';
import { ensureGroup, plan, planIsDue } from '../group/plan.ts';
import { forEachParallel } from '../parallel.ts';
import { startBudget } from './budget.ts';
import { type CachedShard, type TickCache, trusted } from './cache.ts';
import type { ShardResult, TickResult } from './result.ts';
import type { Invocation, TickDependencies, TickRun, TickSettings } from './run.ts';
import { workOnShard } from './shard.ts';

/**
 * One tick: heartbeat, plan if it is due, then every assigned shard: claim, pull, process, checkpoint, until it is read
 * up or the time is over. Throws what the heartbeat throws: without an answer to it no work may be done.
 */
export async function tick(
  dependencies: TickDependencies,
  settings: TickSettings,
  invocation: Invocation,
): Promise<TickResult> {
  const { store, clock, random, caches } = dependencies;
  const { slot, deadline } = invocation;
  const logger = dependencies.logger.with({ slot });
  const cache = caches.get(slot);
  // Put back only when this tick ends normally.
  caches.delete(slot);

  const budget = startBudget(clock, { deadline, reserveMs: settings.times.reserveMs });
  try {
    const beat = { slot, nonce: random.nonce(), now: clock.now(), deadline, times: settings.times };
    const answer = await heartbeat(store, beat, { signal: budget.requests });
    if (!answer.accepted) {
      logger.warn('tick.refused', { busyUntil: answer.busyUntil });
      return { slot, outcome: 'busy', tick: 0, generation: 0, warm: false, planned: false, shards: [] };
    }
    const run = { ...dependencies, logger, settings, slot, budget, consumer: answer.consumer };
    return await runTick(run, trusted(cache, answer.consumer));
  } finally {
    budget.end();
  }
}

async function runTick(run: TickRun, cache: TickCache | undefined): Promise<TickResult> {
  const { slot, consumer } = run;
  const generation = consumer.generation ?? 0;
  const isNew = consumer.generation === undefined;
  const looked = await lookAfterPlan(run, cache?.planDueAt, isNew);
  const result: TickResult = {
    slot,
    outcome: looked.paused ? 'paused' : 'worked',
    tick: consumer.tick,
    generation,
    warm: cache !== undefined,
    planned: looked.planned,
    shards: [],
  };
  const remembered: TickCache = {
    tick: consumer.tick,
    generation,
    readAtTick: cache?.readAtTick ?? consumer.tick,
    planDueAt: looked.planDueAt,
    shards: looked.paused ? new Map(cache?.shards) : new Map(),
  };
  if (!looked.paused) {
    result.shards = await workOnShards(run, cache, remembered.shards);
    if (result.shards.some((shard) => shard.stopped === 'done' && shard.cursor !== undefined)) {
      const after = await lookAfterPlan(run, undefined, true);
      result.planned ||= after.planned;
      remembered.planDueAt = after.planDueAt;
    }
  }
  run.caches.set(slot, remembered);
  return result;
}

async function workOnShards(
  run: TickRun,
  cache: TickCache | undefined,
  remembered: Map<string, CachedShard>,
): Promise<ShardResult[]> {
  const results: ShardResult[] = [];
  const assigned = rotated(Object.entries(run.consumer.assigned ?? {}), run.consumer.tick);
  await forEachParallel(assigned, run.settings.shardsParallelMax, async ([shard, grant]) => {
    const { result, remember } = await workOnShard(run, shard, grant, cache?.shards.get(shard));
    results.push(result);
    if (remember !== undefined) remembered.set(shard, remember);
  });
  return results;
}

/** A tick too short for all of its shards begins with another one each time. */
function rotated<T>(items: readonly T[], tick: number): T[] {
  const first = items.length === 0 ? 0 : tick % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

interface Looked {
  paused: boolean;
  planned: boolean;
  planDueAt: number;
}

/** Reads the group item when the plan may be due, makes the group if there is none, and plans if it is this tick's turn. */
async function lookAfterPlan(run: TickRun, knownDueAt: number | undefined, early: boolean): Promise<Looked> {
  const { store, clock, settings, budget, logger } = run;
  const { times } = settings;
  const now = clock.now();
  if (knownDueAt !== undefined && knownDueAt > now && !early) {
    return { paused: false, planned: false, planDueAt: knownDueAt };
  }
  const options = { signal: budget.requests };
  let group: GroupItem | undefined = await store.get('GROUP', { ...options, consistent: false });
  group ??= await ensureGroup({ store, now, times }, groupSettings(settings), options);
  const looked = { paused: group.paused, planned: false, planDueAt: group.planDueAt };
  if (!planIsDue(group, now, times, early)) return looked;
  try {
    const planning = {
      store,
      stream: run.source,
      now,
      deadline: run.consumer.busyUntil,
      times,
      order: settings.order,
      start: settings.start,
      logger,
    };
    const planDueAt = await plan(planning, group, options);
    return planDueAt === undefined ? looked : { ...looked, planned: true, planDueAt };
  } catch (error) {
    // The shards we hold need no plan. The lock ends with this run; whoever ticks next tries again.
    logger.error('plan.failed', { error });
    return looked;
  }
}

function groupSettings(settings: TickSettings): GroupItem['settings'] {
  const { times, order, start } = settings;
  return {
    intervalMs: times.intervalMs,
    sessionTimeoutMs: times.sessionTimeoutMs,
    order,
    start: start.at === 'time' ? start.unixMs : start.at,
  };
}
