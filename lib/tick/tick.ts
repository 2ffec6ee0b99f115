import { heartbeat } from '../group/heartbeat.ts';
import type { ConsumerItem, GroupItem } from '../group/items.ts';
import { obey } from '../group/provider.ts';
import { joinGroup } from '../group/settings.ts';
import { settled } from '../group/settled.ts';
import { forEachParallel } from '../parallel.ts';
import type { ProviderGroup } from '../sources/providerGroup.ts';
import { startBudget } from './budget.ts';
import { type CachedShard, type TickCache, trusted, unlessExpired } from './cache.ts';
import { groupSettings, lookAfterPlan } from './lookAfterPlan.ts';
import { isPassedAtProvider, mirror, mirroredWord } from './mirror.ts';
import type { ShardResult, TickResult } from './result.ts';
import type { Invocation, ShardOutcome, TickDependencies, TickRun, TickSettings } from './run.ts';
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
  const { clock, random, caches } = dependencies;
  const store = settled(dependencies.store, { clock, random });
  const { slot, deadline } = invocation;
  const logger = dependencies.logger.with({ slot });
  const skewNow = (): number => dependencies.skewMs?.() ?? 0;
  const cache = unlessExpired(caches.get(slot), clock.now() + skewNow(), settings.times);
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
        groupSettings({ ...dependencies, settings }),
        { now: () => clock.now() + skewNow(), times: settings.times },
        options,
      );
      if (!joined.agreed) {
        logger.error('settings.disagree', { differences: joined.differences, remedy: DISAGREE_REMEDY });
        return left('disagrees');
      }
      group = joined.group;
      await dependencies.provider?.join(options.signal);
    }
    // Once for the whole tick, and only now: a new sandbox learns it from its first answer.
    const skewMs = skewNow();
    const groupNow = (): number => clock.now() + skewMs;
    const { times } = settings;
    if (Math.abs(skewMs) > times.skewMarginMs) logger.warn('clock.skewed', { skewMs });
    const beat = { slot, nonce: random.nonce(), now: groupNow(), deadline: deadline + skewMs, times };
    const answer = await heartbeat(store, beat, options);
    if (!answer.accepted) {
      logger.warn('tick.refused', { busyUntil: answer.busyUntil });
      return left('busy');
    }
    const providerCheckpoints = onceInTick(dependencies.provider, budget.requests);
    const { consumer } = answer;
    const run = {
      ...dependencies,
      store,
      logger,
      settings,
      slot,
      budget,
      groupNow,
      consumer,
      providerCheckpoints,
    };
    return await runTick(run, trusted(cache, consumer), group);
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
  const obedient = await obeyProvider(run, cache);
  const remembered: TickCache = {
    tick: consumer.tick,
    heartbeatAt: consumer.heartbeatAt,
    generation: obedient.consumer.generation ?? 0,
    readAtTick: cache?.readAtTick ?? consumer.tick,
    planDueAt: looked.planDueAt,
    shards: looked.outcome === 'paused' ? new Map(obedient.known) : new Map(),
  };
  if (looked.outcome === 'worked') {
    result.shards = await workOnShards(
      { ...run, consumer: obedient.consumer },
      obedient.known,
      remembered.shards,
    );
    if (wantsPlanAfter(run, result.shards)) {
      const after = await lookAfterPlan(run, { early: true });
      result.planned ||= after.planned;
      remembered.planDueAt = after.planDueAt;
    }
  }
  run.caches.set(slot, remembered);
  return result;
}

/** The consumer item by which to work, and what may be trusted of the cache under its grants. */
async function obeyProvider(
  run: TickRun,
  cache: TickCache | undefined,
): Promise<{ consumer: ConsumerItem; known: ReadonlyMap<string, CachedShard> }> {
  const { store, slot, consumer, provider: assigner, logger, budget } = run;
  const known = cache?.shards ?? new Map<string, CachedShard>();
  if (assigner === undefined) return { consumer, known };
  const isMirrored = (shard: string): boolean => {
    const at = known.get(shard);
    return at !== undefined && at.mirrored === mirroredWord(at);
  };
  const isPassed = (shard: string, cursor: string) => isPassedAtProvider(run, shard, cursor);
  const obeying = { store, assigner, slot, consumer, now: run.groupNow(), isMirrored, isPassed, logger };
  const obedient = await obey(obeying, { signal: budget.requests });
  if (mayHaveBeenDropped(run, cache)) return { consumer: obedient, known: new Map() };
  const sameGrant = (shard: string): boolean => consumer.assigned?.[shard] === obedient.assigned?.[shard];
  return { consumer: obedient, known: new Map([...known].filter(([shard]) => sameGrant(shard))) };
}

/**
 * Of a service that does not tell: whether it may have taken the slot for dead since its last heartbeat, and given its shards to
 * somebody who has read on in them. Then nothing is known; the shards are read, and held against the service's checkpoints.
 */
function mayHaveBeenDropped(run: TickRun, cache: TickCache | undefined): boolean {
  if (cache === undefined || run.provider?.tellsDropped !== false) return false;
  const { sessionTimeoutMs, skewMarginMs } = run.settings.times;
  // The heartbeat before was sent after that tick began, this one before now: the silence was no longer than this.
  return run.groupNow() - cache.heartbeatAt > sessionTimeoutMs - skewMarginMs;
}

function onceInTick(
  provider: ProviderGroup | undefined,
  signal: AbortSignal,
): TickRun['providerCheckpoints'] {
  let asked: Promise<ReadonlyMap<string, string>> | undefined;
  return () => {
    asked ??= provider?.checkpoints(signal) ?? Promise.resolve(new Map());
    return asked;
  };
}

/** A finished shard may let others begin; a shard without an item was made by the service after the last plan. */
function wantsPlanAfter({ provider }: TickRun, shards: readonly ShardResult[]): boolean {
  const finished = shards.some(({ stopped, cursor }) => stopped === 'done' && cursor !== undefined);
  return finished || (provider !== undefined && shards.some(({ stopped }) => stopped === 'waiting'));
}

/** A draining slot that still holds shards waits for a plan that takes them. */
function isLeaving(consumer: ConsumerItem): boolean {
  return consumer.draining === true && Object.keys(consumer.assigned ?? {}).length > 0;
}

async function workOnShards(
  run: TickRun,
  known: ReadonlyMap<string, CachedShard>,
  remembered: Map<string, CachedShard>,
): Promise<ShardResult[]> {
  const worked: ShardOutcome[] = [];
  const assigned = rotated(Object.entries(run.consumer.assigned ?? {}), run.consumer.tick);
  await forEachParallel(assigned, run.settings.shardsParallelMax, async ([shard, grant]) => {
    worked.push(await workOnShard(run, shard, grant, known.get(shard)));
  });
  const outcomes = await mirror(run, worked);
  for (const { result, remember } of outcomes) {
    if (remember !== undefined) remembered.set(result.shard, remember);
  }
  return outcomes.map(({ result }) => result);
}

/** A tick too short for all of its shards begins with another one each time. */
function rotated<T>(items: readonly T[], tick: number): T[] {
  const first = items.length === 0 ? 0 : tick % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
