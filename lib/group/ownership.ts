import type { ConsumerItem, Grant, ShardItem } from './items.ts';

/** Who may work on a shard, and when it may change hands. Pure: the writes are in claim.ts and commit.ts. */

/**
 * May the slot work on the shard without claiming it first? The grant matters: after A → B → A, before anybody
 * claimed, the item still names A as owner, and B may be about to claim.
 */
export function mayWork(item: ShardItem, slot: string, grant: Grant): boolean {
  return item.owner === slot && item.grant === grant && item.givenUpAt === undefined;
}

/** Nobody has to wait for the shard any more: it was read to its end, or given up. */
export function isOver({ state, givenUpAt }: Pick<ShardItem, 'state' | 'givenUpAt'>): boolean {
  return state === 'done' || givenUpAt !== undefined;
}

/**
 * Has the recorded owner certainly stopped working on the shard? Either it is gone, or the plan took the shard from it
 * and it has ticked under that plan, or the tick that it may still be in has passed its deadline.
 */
export function ownerHasLeft(
  owner: ConsumerItem | undefined,
  shard: string,
  now: number,
  skewMarginMs: number,
): boolean {
  if (owner === undefined) return true;
  if (owner.assigned?.[shard] !== undefined) return false;
  return owner.acknowledged === (owner.generation ?? 0) || owner.busyUntil + skewMarginMs < now;
}
