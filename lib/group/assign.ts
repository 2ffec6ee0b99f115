import assert from 'node:assert/strict';
import { bounded } from './bounded.ts';
import { type ConsumerItem, consumerKey, type Grant, type GroupState } from './items.ts';
import type { Pending } from './pending.ts';
import { type Assignment, eligibleShards, type PlanInput, type Strategy } from './planner.ts';
import { type GroupStore, type RequestOptions, unchanged } from './store.ts';

interface TargetOptions {
  /** The one that new grants carry. */
  generation?: number;
  order: boolean;
  strategy: Strategy;
  /** Is the shard of a stream that the group no longer reads? Then nobody is given it. */
  isForeign?: (shard: string) => boolean;
}

export interface Target {
  /** What every slot is to hold; nothing for those that are leaving. */
  assignment: Assignment;
  /** Shards that may be worked on and that no slot is to hold, in order: none has room, or all are leaving. */
  unassigned: string[];
}

/** Pure. Without a generation: only to compare it with what is held. */
export function targetOf(state: GroupState, options: TargetOptions): Target {
  const { generation = Number.NaN, strategy } = options;
  const shards = eligibleShards(state.shards, options);
  const staying = new Map([...state.consumers].filter(([, consumer]) => consumer.draining !== true));
  const input: PlanInput = { generation, consumers: staying, shards, failing: failingSlots(shards) };
  const wanted = strategy(input);
  assert(
    [...wanted.keys()].every((slot) => staying.has(slot)),
    'a strategy gives shards to slots of the group that stay',
  );
  const assignment = bounded(wanted, input);
  for (const slot of state.consumers.keys()) if (!staying.has(slot)) assignment.set(slot, {});
  const given = new Set([...assignment.values()].flatMap((held) => Object.keys(held)));
  return {
    assignment: new Map([...assignment].sort(([a], [b]) => (a < b ? -1 : 1))),
    unassigned: [...shards.keys()].filter((shard) => !given.has(shard)).sort(),
  };
}

/** Pure: every slot has been planned for, holds exactly what it is to hold, and knows which of it is closed. */
export function isAssigned(state: GroupState, { assignment }: Target): boolean {
  return [...assignment].every(([slot, wanted]) => {
    const { assigned = {}, generation } = state.consumers.get(slot)!;
    const same = Object.keys(assigned).length === Object.keys(wanted).length;
    return (
      generation !== undefined &&
      same &&
      !mustLook(state, wanted, generation) &&
      Object.keys(wanted).every((shard) => assigned[shard] === wanted[shard])
    );
  });
}

/**
 * Plans, and writes the consumer items that change: all revocations, then all grants, so that a shard is not listed twice
 * longer than needed. `moves`: how many shards were given to a slot.
 *
 * A refused write (the slot is gone, or another planner was here) is skipped: the next plan sees what is left to do.
 */
export async function assign(
  store: GroupStore,
  state: GroupState,
  options: TargetOptions & { generation: number },
  reading: RequestOptions,
): Promise<{ moves: number; unassigned: string[] }> {
  const { generation } = options;
  assert(Number.isSafeInteger(generation) && generation > 0, 'grants are of a plan that holds the lock');
  const { assignment: target, unassigned } = targetOf(state, options);

  const write = async (slot: string, assigned: Record<string, Grant>): Promise<void> => {
    const consumer = state.consumers.get(slot)!;
    const condition = {
      all: [
        { exists: 'heartbeatAt' as const },
        unchanged<ConsumerItem, 'generation'>('generation', consumer.generation),
      ],
    };
    const written = await store.update(
      consumerKey(slot),
      { set: { assigned, generation }, condition },
      reading,
    );
    if (written.accepted) state.consumers.set(slot, { ...consumer, assigned, generation });
  };

  for (const [slot, wanted] of target) {
    const before = state.consumers.get(slot)!.assigned ?? {};
    const kept = Object.fromEntries(
      Object.entries(before).filter(([shard, grant]) => wanted[shard] === grant),
    );
    if (Object.keys(kept).length < Object.keys(before).length) await write(slot, kept);
  }
  let moves = 0;
  for (const [slot, wanted] of target) {
    const { assigned = {}, generation: known } = state.consumers.get(slot)!;
    const granted = Object.keys(wanted).filter((shard) => assigned[shard] !== wanted[shard]).length;
    if (granted > 0 || known === undefined || mustLook(state, wanted, known)) await write(slot, wanted);
    moves += granted;
  }
  return { moves, unassigned };
}

/**
 * One of the slot's shards was closed since the plan that its cache may be of: a new generation makes it read again. Told
 * from the items, not from what this plan did: the one that closed the shard may have been broken off before it got here.
 */
function mustLook({ shards }: GroupState, wanted: Record<string, Grant>, generation: number): boolean {
  return Object.keys(wanted).some((shard) => shards.get(shard)?.closedUnder === generation);
}

/** Attempts of one batch after which the slot, and not the batch, comes under suspicion. */
const ATTEMPTS_SUSPICIOUS = 3;

const isStubborn = ({ attempts, block }: Pending): boolean =>
  attempts >= ATTEMPTS_SUSPICIOUS || block !== undefined;

/**
 * Slots in which the user's function refuses most of the shards they own, again and again. Of what nobody may work on (given up, or of a stream
 * that the group no longer reads) the failure stays: it is held against no slot.
 */
function failingSlots(eligible: GroupState['shards']): Set<string> {
  const owned = new Map<string, { shards: number; failing: number }>();
  for (const { owner, pending } of eligible.values()) {
    if (owner === undefined) continue;
    const counts = owned.get(owner) ?? { shards: 0, failing: 0 };
    counts.shards++;
    if (pending !== undefined && isStubborn(pending)) counts.failing++;
    owned.set(owner, counts);
  }
  return new Set([...owned].filter(([, { shards, failing }]) => failing * 2 > shards).map(([slot]) => slot));
}
