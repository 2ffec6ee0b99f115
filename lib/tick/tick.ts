import { heartbeat } from '../group/heartbeat.ts';
import type { ConsumerItem, GroupItem } from '../group/items.ts';
import { plan, planIsDue } from '../group/plan.ts';
import { agreement, type GroupSettings, joinGroup } from '../group/settings.ts';
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
  const options = { signal: budget.requests };
  const left = (outcome: TickResult['outcome']): TickResult => ({
    slot,
    outcome,
    tick: 0,
    generation: 0,
    warm: false,
    planned: false,
    shards: [],
  });
  try {
    let group: GroupItem | undefined;
    if (cache === undefined) {
      // Before the heartbeat: a slot that may not work must not be given shards.
      const joined = await joinGroup(
        store,
        groupSettings(settings),
        { now: clock.now(), times: settings.times },
        options,
      );
      if (!joined.agreed) {
        logger.error('settings.disagree', { differences: joined.differences, remedy: DISAGREE_REMEDY });
        return left('disagrees');
      }
      group = joined.group;
    }
    const skewMs = dependencies.skewMs?.() ?? 0;
    if (Math.abs(skewMs) > settings.times.skewMarginMs) logger.warn('clock.skewed', { skewMs });
    const groupNow = (): number => clock.now() + skewMs;
    const { times } = settings;
    const beat = { slot, nonce: random.nonce(), now: groupNow(), deadline: deadline + skewMs, times };
    const answer = await heartbeat(store, beat, options);
    if (!answer.accepted) {
      logger.warn('tick.refused', { busyUntil: answer.busyUntil });
      return left('busy');
    }
    const run = { ...dependencies, logger, settings, slot, budget, groupNow, consumer: answer.consumer };
    return await runTick(run, trusted(cache, answer.consumer), group);
  } finally {
    budget.end();
  }
}

const DISAGREE_REMEDY =
  "deploy the settings that the group has, or raise SHARDBEAT_SETTINGS_VERSION above the group's to change them";

async function runTick(
  run: TickRun,
  cache: TickCache | undefined,
  group: GroupItem | undefined,
): Promise<TickResult> {
  const { slot, consumer } = run;
  const generation = consumer.generation ?? 0;
  const wantsPlan = consumer.generation === undefined || isLeaving(consumer);
  const looked = await lookAfterPlan(run, { knownDueAt: cache?.planDueAt, group, early: wantsPlan });
  const result: TickResult = {
    slot,
    outcome: looked.outcome,
    tick: consumer.tick,
    generation,
    warm: cache !== undefined,
    planned: looked.planned,
    shards: [],
  };
  if (looked.outcome === 'disagrees') return result;
  const remembered: TickCache = {
    tick: consumer.tick,
    generation,
    readAtTick: cache?.readAtTick ?? consumer.tick,
    planDueAt: looked.planDueAt,
    shards: looked.outcome === 'paused' ? new Map(cache?.shards) : new Map(),
  };
  if (looked.outcome === 'worked') {
    result.shards = await workOnShards(run, cache, remembered.shards);
    if (result.shards.some((shard) => shard.stopped === 'done' && shard.cursor !== undefined)) {
      const after = await lookAfterPlan(run, { early: true });
      result.planned ||= after.planned;
      remembered.planDueAt = after.planDueAt;
    }
  }
  run.caches.set(slot, remembered);
  return result;
}

/** A draining slot that still holds shards waits for a plan that takes them. */
function isLeaving(consumer: ConsumerItem): boolean {
  return consumer.draining === true && Object.keys(consumer.assigned ?? {}).length > 0;
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
  outcome: 'worked' | 'paused' | 'disagrees';
  planned: boolean;
  planDueAt: number;
}

interface Known {
  /** From the cache: until then the group item need not be read. */
  knownDueAt?: number | undefined;
  /** Read in this tick. */
  group?: GroupItem | undefined;
  /** There is something to distribute before the plan is due. */
  early: boolean;
}

/** Reads the group item when the plan may be due, and plans if it is this tick's turn. */
async function lookAfterPlan(run: TickRun, known: Known): Promise<Looked> {
  const { store, settings, budget, logger } = run;
  const { times } = settings;
  const now = run.groupNow();
  const { knownDueAt, early } = known;
  if (knownDueAt !== undefined && knownDueAt > now && !early) {
    return { outcome: 'worked', planned: false, planDueAt: knownDueAt };
  }
  const options = { signal: budget.requests };
  // A warm tick reads on the cheap: the lock's condition guards a plan, and a pause makes the slot's cache cold.
  const consistent = knownDueAt === undefined;
  const group = known.group ?? (await store.get('GROUP', { ...options, consistent }));
  if (group === undefined || !agreement(group, groupSettings(settings)).agreed) {
    logger.warn('group.changed', { deleted: group === undefined });
    return { outcome: 'disagrees', planned: false, planDueAt: 0 };
  }
  const outcome = group.paused ? 'paused' : 'worked';
  // A paused slot looks again in its next tick: a time in the cache would be taken for leave to work until then.
  const looked: Looked = { outcome, planned: false, planDueAt: group.paused ? 0 : group.planDueAt };
  if (!planIsDue(group, now, times, early)) return looked;
  try {
    const { order, start, endAt, strategy } = settings;
    const deadline = run.consumer.busyUntil;
    const planning = {
      store,
      stream: run.source,
      now,
      deadline,
      times,
      order,
      start,
      endAt,
      strategy,
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

function groupSettings(settings: TickSettings): { settings: GroupSettings; settingsVersion: number } {
  const { times, stream, order, start, endAt, settingsVersion } = settings;
  return {
    settings: {
      stream,
      intervalMs: times.intervalMs,
      sessionTimeoutMs: times.sessionTimeoutMs,
      order,
      start: String(start.at === 'time' ? start.unixMs : start.at),
      end: String(endAt ?? 'never'),
    },
    settingsVersion,
  };
}
