import type { Grant } from '../group/items.ts';
import { forEachParallel } from '../parallel.ts';
import type { CachedShard } from './cache.ts';
import type { ShardOutcome, TickContext } from './context.ts';
import type { TickCoordination } from './coordination/coordination.ts';
import { workOnShard } from './shard.ts';
import { shareBytes } from './sharedBytes.ts';

/** Share of the tick's time for work after which those of which a run may die have their turn, whatever is left of the others. */
const OTHERS_SHARE = 0.75;

/**
 * Works on the assigned shards that are wanted, some at a time; those of which a run may die last, and one at a time. `before`: what the
 * tick has done in them so far.
 */
export async function workOnShards(
  context: TickContext,
  coordination: TickCoordination,
  isWanted: (shard: string) => boolean,
  known: ReadonlyMap<string, CachedShard>,
  before: ReadonlyMap<string, ShardOutcome>,
): Promise<ShardOutcome[]> {
  const { consumer, settings, budget, clock } = context;
  const worked: ShardOutcome[] = [];
  const suspects = new Map<string, CachedShard>();
  const wanted = Object.entries(consumer.assigned ?? {}).filter(([shard]) => isWanted(shard));
  const shared = shareBytes(context, wanted.length);
  const { bytes } = shared;
  const yieldFrom = budget.workUntil - budget.workMs * (1 - OTHERS_SHARE);
  const work = async (shard: string, grant: number, yields: (now: number) => boolean): Promise<void> => {
    const suspect = suspects.get(shard);
    const turn = {
      cached: suspect ?? known.get(shard),
      isItsTurn: suspect !== undefined,
      before: before.get(shard),
    };
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
  shared.end();
  outcomes.push(...(await coordination.publish(worked)));
  return outcomes;
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
