import type { ConsumerItem, Grant, ShardItem } from './items.ts';

/** Which slot works on which shard. Pure; the writes are in plan.ts. */

export interface PlanInput {
  /** The generation that new grants carry. */
  generation: number;
  /** Slots whose session lives. */
  consumers: ReadonlyMap<string, Pick<ConsumerItem, 'assigned'>>;
  /** Shards that may be worked on now (`eligibleShards`). */
  shards: ReadonlyMap<string, Pick<ShardItem, 'owner'>>;
}

/** What every slot is to hold: shard → grant. */
export type Assignment = Map<string, Record<string, Grant>>;

/**
 * Shards that may be given to a slot: not done, and, where order matters, with every parent done. A parent without an
 * item was cleaned up, which the group does only after it is done.
 */
export function eligibleShards(
  shards: ReadonlyMap<string, ShardItem>,
  options: { order: boolean },
): Map<string, ShardItem> {
  const parentDone = (parent: string): boolean => (shards.get(parent)?.state ?? 'done') === 'done';
  return new Map(
    [...shards].filter(([, item]) => {
      if (item.state === 'done') return false;
      return !options.order || item.parents.every(parentDone);
    }),
  );
}

/**
 * Even and sticky: the slots' counts differ by at most one, and no balanced assignment moves fewer shards. A shard that
 * stays keeps its grant; one that nobody holds goes back to its recorded owner if that slot has room. Deterministic.
 */
export function planEvenly(input: PlanInput): Assignment {
  const slots = [...input.consumers.keys()].sort();
  if (slots.length === 0) return new Map();
  const held = currentHolders(input);
  const quotas = sharesOf(input.shards.size, slots, held);

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
    while (rooms.get(slots[next]!)! < 1) next++;
    give(shard, slots[next]!, input.generation);
  }
  return assignment;
}

/**
 * What each live slot holds of the eligible shards, those it has claimed first. A shard listed twice (a revocation was
 * refused) belongs to the highest grant.
 */
function currentHolders(input: PlanInput): Map<string, { shard: string; grant: Grant }[]> {
  const holderOf = new Map<string, { slot: string; grant: Grant }>();
  for (const [slot, consumer] of input.consumers) {
    for (const [shard, grant] of Object.entries(consumer.assigned ?? {})) {
      const known = holderOf.get(shard);
      const higher =
        known === undefined || grant > known.grant || (grant === known.grant && slot < known.slot);
      if (input.shards.has(shard) && higher) holderOf.set(shard, { slot, grant });
    }
  }
  const held = new Map<string, { shard: string; grant: Grant }[]>(
    [...input.consumers.keys()].map((slot) => [slot, []]),
  );
  for (const [shard, { slot, grant }] of holderOf) held.get(slot)!.push({ shard, grant });
  for (const [slot, shards] of held) {
    const claimed = (shard: string): number => (input.shards.get(shard)!.owner === slot ? 0 : 1);
    shards.sort((a, b) => claimed(a.shard) - claimed(b.shard) || (a.shard < b.shard ? -1 : 1));
  }
  return held;
}

/**
 * How many shards each slot may hold. The shards left over by the division go to the slots that hold the most now:
 * that is what makes the moves fewest.
 */
function sharesOf(
  shardCount: number,
  slots: readonly string[],
  held: ReadonlyMap<string, readonly unknown[]>,
): Map<string, number> {
  const share = Math.floor(shardCount / slots.length);
  const larger = shardCount % slots.length;
  const byHeld = [...slots].sort((a, b) => held.get(b)!.length - held.get(a)!.length || (a < b ? -1 : 1));
  return new Map(byHeld.map((slot, index) => [slot, share + (index < larger ? 1 : 0)]));
}
