import { forEachParallel } from '../parallel.ts';
import type { CachedShard } from './cache.ts';
import type { ShardOutcome, TickContext } from './context.ts';
import type { TickCoordination } from './coordination/coordination.ts';
import type { ShardResult } from './result.ts';
import { workOnShard } from './shard.ts';

/** Works on the assigned shards that are wanted, some at a time; puts what the next tick may remember into `remembered`. */
export async function workOnShards(
  context: TickContext,
  coordination: TickCoordination,
  isWanted: (shard: string) => boolean,
  known: ReadonlyMap<string, CachedShard>,
  remembered: Map<string, CachedShard>,
): Promise<ShardResult[]> {
  const worked: ShardOutcome[] = [];
  const wanted = Object.entries(context.consumer.assigned ?? {}).filter(([shard]) => isWanted(shard));
  const assigned = rotated(wanted, context.consumer.tick);
  await forEachParallel(assigned, context.settings.shardsParallelMax, async ([shard, grant]) => {
    worked.push(await workOnShard(context, coordination, shard, grant, known.get(shard)));
  });
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
