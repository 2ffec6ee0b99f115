import { heartbeat } from '../group/heartbeat.ts';
import type { ConsumerItem, GroupItem } from '../group/items.ts';
import { joinGroup } from '../group/join.ts';
import { obey } from '../group/provider.ts';
import { settled } from '../group/settled.ts';
import type { ProviderGroup } from '../sources/providerGroup.ts';
import { startBudget } from './budget.ts';
import { type CachedShard, type TickCache, trusted, unlessExpired } from './cache.ts';
import type { Invocation, TickContext, TickDependencies, TickSettings } from './context.ts';
import { isPassedAtProvider, mirroredWord } from './mirror.ts';
import { besidePlan, type Looked, look } from './planning.ts';
import { achievedNothing, type ShardResult, type TickResult } from './result.ts';
import { workOnShards } from './shards.ts';
import { termsOf } from './terms.ts';

/**
 * One tick: heartbeat, then every assigned shard: claim, pull, process, checkpoint, until it is read up or the time is over;
 * beside that a plan, if it is due. Throws what the heartbeat throws: without an answer to it no work may be done.
 */
export async function tick(
  dependencies: TickDependencies,
  settings: TickSettings,
  invocation: Invocation,
): Promise<TickResult> {
  const { clock, random, caches } = dependencies;
  const store = settled(dependencies.store, { clock, random });
  const { slot, deadline, signal } = invocation;
  const logger = dependencies.logger.with({ slot });
  const skewNow = (): number => dependencies.skewMs?.() ?? 0;
  const cache = unlessExpired(caches.get(slot), clock.now() + skewNow(), settings.times);
  // Put back only when this tick ends normally.
  caches.delete(slot);

  const budget = startBudget(clock, { deadline, reserveMs: settings.times.reserveMs, signal });
  const options = { signal: budget.requests };
  const left = (outcome: TickResult['outcome']): TickResult => ({
    slot,
    outcome,
    tick: 0,
    generation: 0,
    warm: false,
    planned: false,
    planFailed: false,
    shards: [],
  });
  try {
    let group: GroupItem | undefined;
    if (cache === undefined) {
      // Before the heartbeat: a slot that may not work must not be given shards.
      const joined = await joinGroup(
        store,
        termsOf(settings, dependencies.provider),
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
    const context = {
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
    return await runTick(context, trusted(cache, consumer), group);
  } finally {
    budget.end();
  }
}

const DISAGREE_REMEDY =
  "deploy the settings that the group has, or raise SHARDBEAT_SETTINGS_VERSION above the group's to change them";

async function runTick(
  context: TickContext,
  cache: TickCache | undefined,
  group: GroupItem | undefined,
): Promise<TickResult> {
  const { slot, consumer } = context;
  const wantsPlan = consumer.generation === undefined || isLeaving(consumer);
  const looked = await look(context, { knownDueAt: cache?.planDueAt, group, early: wantsPlan });
  const result: TickResult = {
    slot,
    outcome: looked.outcome,
    tick: consumer.tick,
    generation: consumer.generation ?? 0,
    warm: cache !== undefined,
    planned: false,
    planFailed: false,
    shards: [],
  };
  if (looked.outcome === 'disagrees') return result;
  const [worked, plan] = await besidePlan(context, looked, () =>
    workAsAssigned(context, cache, looked.outcome),
  );
  const { remembered, workOn, unassigned } = worked;
  result.shards = worked.shards;
  const plans = [plan];
  // The service gives shards away as soon as they exist, hence before the plan that made their items.
  if (context.provider !== undefined && plan.planned && isAnyWaiting(result.shards))
    result.shards = await workOn();
  if (wantsPlanAfter(context, result.shards)) {
    const again = await look(context, { early: true });
    plans.push((await besidePlan(context, again, async () => {}))[1]);
  }
  result.planned = plans.some(({ planned }) => planned);
  result.planFailed = plans.some(({ failed }) => failed);
  const unassignedShards = unassigned ?? plans.findLast((made) => made.unassigned !== undefined)?.unassigned;
  if (unassignedShards !== undefined) result.unassignedShards = unassignedShards;
  if (result.outcome === 'worked' && achievedNothing(result)) result.outcome = 'failed';
  remembered.planDueAt = plans.at(-1)!.planDueAt;
  context.caches.set(slot, remembered);
  return result;
}

/** Works on what the slot is assigned, and says what its next tick may remember. `workOn` does what is still waiting. */
async function workAsAssigned(
  context: TickContext,
  cache: TickCache | undefined,
  outcome: Looked['outcome'],
) {
  const { consumer, known, unassigned } = await obeyProvider(context, cache);
  const remembered: TickCache = {
    tick: consumer.tick,
    heartbeatAt: consumer.heartbeatAt,
    generation: consumer.generation ?? 0,
    readAtTick: cache?.readAtTick ?? consumer.tick,
    planDueAt: 0,
    shards: outcome === 'paused' ? new Map(known) : new Map(),
  };
  let shards: ShardResult[] = [];
  const workOn = async (): Promise<ShardResult[]> => {
    const isLeft = (shard: string): boolean =>
      shards.every((result) => result.shard !== shard || result.stopped === 'waiting');
    const worked = await workOnShards({ ...context, consumer }, isLeft, known, remembered.shards);
    const done = shards.filter(({ stopped }) => stopped !== 'waiting');
    shards = [...done, ...worked];
    return shards;
  };
  if (outcome === 'worked') await workOn();
  return { remembered, shards, workOn, unassigned };
}

/**
 * The consumer item by which to work, what may be trusted of the cache under its grants, and how many shards the service has for
 * the slot that it has no room for.
 */
async function obeyProvider(
  context: TickContext,
  cache: TickCache | undefined,
): Promise<{
  consumer: ConsumerItem;
  known: ReadonlyMap<string, CachedShard>;
  unassigned: number | undefined;
}> {
  const { store, slot, consumer, provider: assigner, logger, budget } = context;
  const known = cache?.shards ?? new Map<string, CachedShard>();
  if (assigner === undefined) return { consumer, known, unassigned: undefined };
  const isMirrored = (shard: string): boolean => {
    const at = known.get(shard);
    return at !== undefined && at.mirrored === mirroredWord(at);
  };
  const isPassed = (shard: string, cursor: string) => isPassedAtProvider(context, shard, cursor);
  const obeying = { store, assigner, slot, consumer, now: context.groupNow(), isMirrored, isPassed, logger };
  const { consumer: obedient, unassigned } = await obey(obeying, { signal: budget.requests });
  if (mayHaveBeenDropped(context, cache)) return { consumer: obedient, known: new Map(), unassigned };
  const sameGrant = (shard: string): boolean => consumer.assigned?.[shard] === obedient.assigned?.[shard];
  const same = new Map([...known].filter(([shard]) => sameGrant(shard)));
  return { consumer: obedient, known: same, unassigned };
}

/**
 * Of a service that does not tell: whether it may have taken the slot for dead since its last heartbeat, and given its shards to
 * somebody who has read on in them. Then nothing is known; the shards are read, and held against the service's checkpoints.
 */
function mayHaveBeenDropped(context: TickContext, cache: TickCache | undefined): boolean {
  if (cache === undefined || context.provider?.tellsDropped !== false) return false;
  const { sessionTimeoutMs, skewMarginMs } = context.settings.times;
  // The heartbeat before was sent after that tick began, this one before now: the silence was no longer than this.
  return context.groupNow() - cache.heartbeatAt > sessionTimeoutMs - skewMarginMs;
}

function onceInTick(
  provider: ProviderGroup | undefined,
  signal: AbortSignal,
): TickContext['providerCheckpoints'] {
  let asked: Promise<ReadonlyMap<string, string>> | undefined;
  return () => {
    asked ??= provider?.checkpoints(signal) ?? Promise.resolve(new Map());
    return asked;
  };
}

/** A finished shard may let others begin; a shard without an item was made by the service after the last plan. */
function wantsPlanAfter({ provider }: TickContext, shards: readonly ShardResult[]): boolean {
  const finished = shards.some(({ stopped, cursor }) => stopped === 'done' && cursor !== undefined);
  return finished || (provider !== undefined && isAnyWaiting(shards));
}

const isAnyWaiting = (shards: readonly ShardResult[]): boolean =>
  shards.some(({ stopped }) => stopped === 'waiting');

/** A draining slot that still holds shards waits for a plan that takes them. */
function isLeaving(consumer: ConsumerItem): boolean {
  return consumer.draining === true && Object.keys(consumer.assigned ?? {}).length > 0;
}
