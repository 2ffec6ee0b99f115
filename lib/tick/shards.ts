import { forEachParallel } from '../parallel.ts';
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
  const { consumer, settings, budget } = context;
  const worked: ShardOutcome[] = [];
  const suspects = new Map<string, CachedShard>();
  const yieldFrom = budget.workUntil - budget.workMs * (1 - OTHERS_SHARE);
  const yields = (now: number): boolean => suspects.size > 0 && now >= yieldFrom;
  const work = async (shard: string, grant: number, suspect?: CachedShard): Promise<void> => {
    const isItsTurn = suspect !== undefined;
    const cached = suspect ?? known.get(shard);
    const turn = isItsTurn ? context : { ...context, yields };
    const outcome = await workOnShard(turn, coordination, { shard, grant }, { cached, isItsTurn });
    if ('suspect' in outcome) suspects.set(shard, outcome.suspect);
    else worked.push(outcome);
  };
  const wanted = Object.entries(consumer.assigned ?? {}).filter(([shard]) => isWanted(shard));
  const assigned = rotated(wanted, consumer.tick);
  await forEachParallel(assigned, settings.shardsParallelMax, ([shard, grant]) => work(shard, grant));
  for (const [shard, grant] of assigned) {
    const suspect = suspects.get(shard);
    if (suspect !== undefined) await work(shard, grant, suspect);
  }
  const outcomes = await coordination.publish(worked);
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
