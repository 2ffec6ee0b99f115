import assert from 'node:assert/strict';
import { consumerKey, type Grant, type ShardItem, shardKey } from './items.ts';
import { isOver, ownerHasLeft } from './ownership.ts';
import { type GroupStore, type RequestOptions, unchanged } from './store.ts';

export interface Claim {
  slot: string;
  shard: string;
  grant: Grant;
  now: number;
  skewMarginMs: number;
  /** Whether children wait until every parent is done. */
  order: boolean;
}

/** `waiting` names what for; the next tick asks again. */
export type ClaimAnswer =
  | { claimed: true; item: ShardItem; from: string | undefined }
  | { claimed: false; waiting: 'owner' | 'parents' | 'race' | 'givenUp' };

/**
 * Takes a shard over from its recorded owner, whom `seen` names. The shard must have been read before the owner: read
 * the other way round, an owner that claims in between would be taken for one that has left.
 *
 * Cursor and state come from the write's answer, never from `seen`: the old owner may have committed in between.
 * Throws StoreError when the write had no answer: leave the shard for this tick.
 */
export async function claim(
  store: GroupStore,
  request: Claim,
  seen: ShardItem,
  options: RequestOptions,
): Promise<ClaimAnswer> {
  const { slot, shard, grant } = request;
  assert(Number.isSafeInteger(grant) && grant > 0, 'a plan granted the shard');
  assert(seen.state !== 'done', 'there is something left to read');
  // Its children may be at work. A plan that finds it listed again gives it out anew.
  if (seen.givenUpAt !== undefined) return { claimed: false, waiting: 'givenUp' };
  if (request.order && !(await parentsDone(store, seen.parents, options))) {
    return { claimed: false, waiting: 'parents' };
  }
  // Our own slot needs no waiting: the slot lock says that nobody else is in it.
  if (seen.owner !== undefined && seen.owner !== slot) {
    const owner = await store.get(consumerKey(seen.owner), { ...options, consistent: true });
    if (!ownerHasLeft(owner, shard, request.now, request.skewMarginMs)) {
      return { claimed: false, waiting: 'owner' };
    }
  }
  const written = await store.update(
    shardKey(shard),
    {
      set: { owner: slot, grant },
      add: { epoch: 1 },
      condition: { all: [unchanged('owner', seen.owner), { equal: 'epoch', value: seen.epoch }] },
    },
    options,
  );
  if (!written.accepted) return { claimed: false, waiting: 'race' };
  const { item } = written;
  assert(item.owner === slot && item.epoch === seen.epoch + 1, 'every claim has an epoch of its own');
  return { claimed: true, item, from: seen.owner };
}

/** An absent parent was cleaned up, which happens only once the source no longer lists it. */
async function parentsDone(
  store: GroupStore,
  parents: readonly string[],
  options: RequestOptions,
): Promise<boolean> {
  for (const parent of parents) {
    const item = await store.get(shardKey(parent), { ...options, consistent: true });
    if (item !== undefined && !isOver(item)) return false;
  }
  return true;
}
