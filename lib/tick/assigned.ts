import type { TickCache } from './cache.ts';
import type { TickContext } from './context.ts';
import type { TickCoordination } from './coordination/coordination.ts';
import type { Looked } from './planning.ts';
import { givenBy } from './range/deliver.ts';
import type { ShardResult } from './result.ts';
import { workOnShards } from './shards.ts';

/** Works on what the slot is assigned, and says what its next tick may remember. `workOn` does what is still waiting. */
export async function workAsAssigned(
  context: TickContext,
  coordination: TickCoordination,
  cache: TickCache | undefined,
  outcome: Looked['outcome'],
) {
  const { consumer, known, unassigned } = await coordination.assignment(cache);
  const { slot, lifecycle } = context;
  const assignedShards = Object.keys(consumer.assigned ?? {});
  context.retention?.ask(assignedShards, context.budget.work);
  const why = consumer.draining ? 'drained' : 'lost';
  context.announcer?.assigned(slot, assignedShards, why);
  await lifecycle?.assigned(slot, assignedShards, why, givenBy(context));
  const remembered: TickCache = {
    tick: consumer.tick,
    heartbeatAt: consumer.heartbeatAt,
    generation: consumer.generation ?? 0,
    readAtTick: cache?.readAtTick ?? consumer.tick,
    planDueAt: 0,
    successAt: undefined,
    shards: outcome === 'paused' ? new Map(known) : new Map(),
  };
  let shards: ShardResult[] = [];
  const workOn = async (): Promise<ShardResult[]> => {
    const isLeft = (shard: string): boolean =>
      shards.every((result) => result.shard !== shard || result.stopped === 'waiting');
    const assigned = { ...context, consumer };
    const worked = await workOnShards(assigned, coordination, isLeft, known, remembered.shards);
    const done = shards.filter(({ stopped }) => stopped !== 'waiting');
    shards = [...done, ...worked];
    return shards;
  };
  if (outcome === 'worked') await workOn();
  return { remembered, shards, workOn, unassigned };
}
