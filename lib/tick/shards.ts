import assert from 'node:assert/strict';
import type { Grant } from '../group/items.ts';
import { forEachParallel } from '../parallel.ts';
import { createBytes } from './bytes.ts';
import type { CachedShard } from './cache.ts';
import type { ShardOutcome, TickContext } from './context.ts';
import type { TickCoordination } from './coordination/coordination.ts';
import type { ShardResult } from './result.ts';
import { workOnShard } from './shard.ts';

/** Share of the tick's time for work after which those of which a run may die have their turn, whatever is left of the others. */
const OTHERS_SHARE = 0.75;

/**
 * Works on the assigned shards that are wanted, some at a time; those of which a run may die last, and one at a time. Puts what the next
 * tick may remember into `remembered`.
 */
export async function workOnShards(
  context: TickContext,
  coordination: TickCoordination,
  isWanted: (shard: string) => boolean,
  known: ReadonlyMap<string, CachedShard>,
  remembered: Map<string, CachedShard>,
): Promise<ShardResult[]> {
  const { consumer, settings, budget, clock } = context;
  const worked: ShardOutcome[] = [];
  const suspects = new Map<string, CachedShard>();
  const wanted = Object.entries(consumer.assigned ?? {}).filter(([shard]) => isWanted(shard));
  let shortPulls = 0;
  const bytes = createBytes({
    max: settings.bytesMax,
    shards: Math.min(settings.shardsParallelMax, wanted.length),
    onShort: () => shortPulls++,
  });
  const yieldFrom = budget.workUntil - budget.workMs * (1 - OTHERS_SHARE);
  const work = async (shard: string, grant: number, yields: (now: number) => boolean): Promise<void> => {
    const suspect = suspects.get(shard);
    const turn = { cached: suspect ?? known.get(shard), isItsTurn: suspect !== undefined };
    const outcome = await workOnShard({ ...context, bytes, yields }, coordination, { shard, grant }, turn);
    if ('suspect' in outcome) suspects.set(shard, outcome.suspect);
    else worked.push(outcome);
  };
  const assigned = rotated(wanted, consumer.tick);
  await forEachParallel(assigned, settings.shardsParallelMax, ([shard, grant]) =>
    work(shard, grant, (now) => suspects.size > 0 && now >= yieldFrom),
  );
  // A run that dies of what comes now tells nobody any more how far the others came.
  const outcomes = suspects.size > 0 ? await coordination.publish(worked.splice(0)) : [];
  let waiting = suspects.size;
  const suspected = ([shard]: readonly [string, Grant]): CachedShard => suspects.get(shard)!;
  const byDeaths = assigned
    .filter(([shard]) => suspects.has(shard))
    .sort((one, other) => bySuspicion(suspected(one), suspected(other)));
  for (const [shard, grant] of byDeaths) {
    // Whichever of them is to blame, the others need time, too.
    const until = clock.now() + budget.remainingMs() / waiting--;
    await work(shard, grant, (now) => now >= until);
  }
  assert(bytes.isFree(), 'whoever leaves a shard keeps nothing of it');
  tellShort(context, shortPulls);
  outcomes.push(...(await coordination.publish(worked)));
  for (const { result, remember } of outcomes) {
    if (remember !== undefined) remembered.set(result.shard, remember);
  }
  return outcomes.map(({ result }) => result);
}

const SHORT_REMEDY =
  'nothing is lost, but it goes slower and takes more checkpoints: give the function more memory, or raise SHARDBEAT_BYTES_MAX if it has enough';

/** Once in a tick. */
function tellShort({ meter, logger, settings }: TickContext, pulls: number): void {
  if (pulls === 0) return;
  meter.add('shortPulls', pulls);
  logger.info('bytes.short', { pulls, bytesMax: settings.bytesMax, remedy: SHORT_REMEDY });
}

/**
 * One that was only beside another has died once at most: it clears itself before that one is tried again. And before the next one of which
 * nobody knew.
 */
const bySuspicion = (one: CachedShard, other: CachedShard): number =>
  deathsOf(one) - deathsOf(other) || (one.pending?.lastAt ?? 0) - (other.pending?.lastAt ?? 0);

const deathsOf = ({ pending }: CachedShard): number =>
  pending?.block === undefined ? (pending?.attempts ?? 0) : Number.POSITIVE_INFINITY;

/** A tick too short for all of its shards begins with another one each time. */
function rotated<T>(items: readonly T[], tick: number): T[] {
  const first = items.length === 0 ? 0 : tick % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
