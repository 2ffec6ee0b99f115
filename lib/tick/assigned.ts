import type { ConsumerItem } from '../group/items.ts';
import type { TickCache } from './cache.ts';
import type { ShardOutcome, TickContext } from './context.ts';
import type { TickCoordination } from './coordination/coordination.ts';
import type { Looked } from './planning.ts';
import { givenBy } from './range/deliver.ts';
import { workOnShards } from './shards.ts';

/** What a slot is assigned, and how far the work on it came. */
export interface Worked {
  /** The slot's item, with the assignment. */
  consumer: ConsumerItem;
  outcomes: Map<string, ShardOutcome>;
  /** How many shards there are for the slot that its item has no room for. Undefined: only a plan can tell. */
  unassigned: number | undefined;
  /** Does what is still waiting. */
  workOn(): Promise<void>;
  /** What the next tick may remember, if nobody is in the slot until then. */
  remembered(planDueAt: number): TickCache;
}

/** Works on what the slot is assigned. `before`: what the tick has done so far. */
export async function workAsAssigned(
  context: TickContext,
  coordination: TickCoordination,
  { cache, before }: { cache: TickCache | undefined; before: ReadonlyMap<string, ShardOutcome> },
  outcome: Looked['outcome'],
): Promise<Worked> {
  const { consumer, known, unassigned } = await coordination.assignment(cache);
  const { slot, lifecycle } = context;
  const assignedShards = Object.keys(consumer.assigned ?? {});
  context.retention?.ask(assignedShards, context.budget.work);
  const why = consumer.draining ? 'drained' : 'lost';
  context.announcer?.assigned(slot, assignedShards, why);
  await lifecycle?.assigned(slot, assignedShards, why, givenBy(context));
  const outcomes = new Map<string, ShardOutcome>();
  const workOn = async (): Promise<void> => {
    const isLeft = (shard: string): boolean =>
      !outcomes.has(shard) || outcomes.get(shard)!.result.stopped === 'waiting';
    const assigned = { ...context, consumer };
    const worked = await workOnShards(assigned, coordination, isLeft, known, before);
    for (const outcome of worked) outcomes.set(outcome.result.shard, outcome);
  };
  const remembered = (planDueAt: number): TickCache => ({
    tick: consumer.tick,
    heartbeatAt: consumer.heartbeatAt,
    generation: consumer.generation ?? 0,
    readAtTick: cache?.readAtTick ?? consumer.tick,
    planDueAt,
    successAt: context.successes.at,
    shards: outcome === 'paused' ? new Map(known) : rememberedOf(outcomes),
  });
  if (outcome === 'worked') await workOn();
  return { consumer, outcomes, unassigned, workOn, remembered };
}

const rememberedOf = (outcomes: ReadonlyMap<string, ShardOutcome>): TickCache['shards'] =>
  new Map(
    [...outcomes].flatMap(([shard, { remember }]) => (remember === undefined ? [] : [[shard, remember]])),
  );
