import assert from 'node:assert/strict';
import type { ConsumerItem, Grant, ShardItem } from './items.ts';
import { isOver } from './ownership.ts';

/** Which slot works on which shard. Pure; the writes are in plan.ts. */

export interface PlanInput {
  /** The generation that new grants carry. */
  generation: number;
  /** Slots whose session lives and that are not leaving. */
  consumers: ReadonlyMap<string, Pick<ConsumerItem, 'assigned'>>;
  /** Shards that may be worked on now (`eligibleShards`). */
  shards: ReadonlyMap<string, Pick<ShardItem, 'owner' | 'lagMs'>>;
  /** Slots that keep failing: they are given no more than they hold. */
  failing?: ReadonlySet<string>;
}

/** A way to plan. Whatever it answers is safe; what it should be is complete, balanced, sticky and deterministic. */
export type Strategy = (input: PlanInput) => Assignment;

/** What every slot is to hold: shard → grant. */
export type Assignment = Map<string, Record<string, Grant>>;

/**
 * Shards that may be given to a slot: neither done nor given up, of a stream that the group reads, and, where order matters,
 * with every parent over. A parent without an item was cleaned up, which the group does only after it is done.
 */
export function eligibleShards(
  shards: ReadonlyMap<string, ShardItem>,
  options: { order: boolean; isForeign?: (shard: string) => boolean },
): Map<string, ShardItem> {
  const parentDone = (parent: string): boolean => {
    const item = shards.get(parent);
    return item === undefined || isOver(item);
  };
  return new Map(
    [...shards].filter(([id, item]) => {
      if (isOver(item) || options.isForeign?.(id)) return false;
      return !options.order || item.parents.every(parentDone);
    }),
  );
}

/**
 * Even and sticky: the slots' counts differ by at most one, and no balanced assignment moves fewer shards. A shard that
 * stays keeps its grant; one that nobody holds goes back to its recorded owner if that slot has room. Deterministic.
 */
export const planEvenly: Strategy = (input) => {
  const slots = [...input.consumers.keys()].sort();
  if (slots.length === 0) return new Map();
  const held = heldBySlot(input);
  const quotas = sharesOf(input.shards.size, slots, held, input.failing ?? new Set());

  const assignment: Assignment = new Map(slots.map((slot) => [slot, {}]));
  const rooms = new Map(quotas);
  const give = (shard: string, slot: string, grant: Grant): void => {
    assignment.get(slot)![shard] = grant;
    rooms.set(slot, rooms.get(slot)! - 1);
  };

  const homeless = new Set(input.shards.keys());
  for (const slot of slots) {
    for (const { shard, grant } of held.get(slot)!.slice(0, quotas.get(slot))) {
      give(shard, slot, grant);
      homeless.delete(shard);
    }
  }
  const waiting = [...homeless].sort();
  for (const shard of waiting) {
    const owner = input.shards.get(shard)!.owner;
    if (owner === undefined || (rooms.get(owner) ?? 0) < 1) continue;
    give(shard, owner, input.generation);
    homeless.delete(shard);
  }
  let next = 0;
  for (const shard of waiting) {
    if (!homeless.has(shard)) continue;
    while (rooms.get(slots[next]!) === 0) next++;
    assert(next < slots.length, 'the shares are as many as the shards');
    give(shard, slots[next]!, input.generation);
  }
  return assignment;
};

/** Which live slot holds an eligible shard. One listed twice (a revocation was refused) belongs to the highest grant. */
export function holdersOf(input: PlanInput): Map<string, { slot: string; grant: Grant }> {
  const holderOf = new Map<string, { slot: string; grant: Grant }>();
  for (const [slot, consumer] of input.consumers) {
    for (const [shard, grant] of Object.entries(consumer.assigned ?? {})) {
      const known = holderOf.get(shard);
      const higher =
        known === undefined || grant > known.grant || (grant === known.grant && slot < known.slot);
      if (input.shards.has(shard) && higher) holderOf.set(shard, { slot, grant });
    }
  }
  return holderOf;
}

/** What each live slot holds of the eligible shards, those it has claimed first. */
function heldBySlot(input: PlanInput): Map<string, { shard: string; grant: Grant }[]> {
  const held = new Map<string, { shard: string; grant: Grant }[]>(
    [...input.consumers.keys()].map((slot) => [slot, []]),
  );
  for (const [shard, { slot, grant }] of holdersOf(input)) held.get(slot)!.push({ shard, grant });
  for (const [slot, shards] of held) {
    const claimed = (shard: string): number => (input.shards.get(shard)!.owner === slot ? 0 : 1);
    shards.sort((a, b) => claimed(a.shard) - claimed(b.shard) || (a.shard < b.shard ? -1 : 1));
  }
  return held;
}

/**
 * How many shards each slot may hold. The shards left over by the division go to the slots that hold the most now:
 * that is what makes the moves fewest; of equal ones to the last by name, as in the example of CLS's documentation. A failing
 * slot's share ends at what it holds, as long as a healthy one is left.
 */
function sharesOf(
  shardCount: number,
  slots: readonly string[],
  held: ReadonlyMap<string, readonly unknown[]>,
  failing: ReadonlySet<string>,
): Map<string, number> {
  const heldBy = (slot: string): number => held.get(slot)!.length;
  const share = Math.floor(shardCount / slots.length);
  const larger = shardCount % slots.length;
  const byHeld = [...slots].sort((a, b) => heldBy(b) - heldBy(a) || (a < b ? 1 : -1));
  const shares = new Map(byHeld.map((slot, index) => [slot, share + (index < larger ? 1 : 0)]));

  const capped = slots.filter((slot) => failing.has(slot) && shares.get(slot)! > heldBy(slot));
  if (capped.length === 0 || capped.length === slots.length) return shares;
  const kept = new Map(capped.map((slot) => [slot, heldBy(slot)]));
  const left = shardCount - [...kept.values()].reduce((sum, count) => sum + count, 0);
  const others = slots.filter((slot) => !kept.has(slot));
  return new Map([...kept, ...sharesOf(left, others, held, failing)]);
}
