/** Why nothing is read from a shard at the moment, as the items tell: for operators. */
import type { ConsumerItem, GroupState, ShardItem } from './items.ts';
import { isOver, mayWork, ownerHasLeft } from './ownership.ts';

/** What a shard waits for. */
export type Wait =
  /** It, or the whole group, is paused. */
  | { readonly for: 'resume'; readonly of: 'shard' | 'group' }
  /** Its parents, which have to be done first. */
  | { readonly for: 'parents'; readonly shards: readonly string[] }
  /** The service to list it again: with records left, it has not done so since then. */
  | { readonly for: 'listing'; readonly since: number }
  /** A plan that gives it to somebody. */
  | { readonly for: 'assignment' }
  /** A tick of the slot that is to read it, whose session is over; it ticked last then. */
  | { readonly for: 'slot'; readonly slot: string; readonly since: number }
  /** The slot that had it before, to give it up: in its next tick, or when its last one is over for certain. */
  | { readonly for: 'handOff'; readonly slot: string; readonly until: number }
  /** The slot that is to read it, to claim it in its next tick. */
  | { readonly for: 'claim'; readonly slot: string }
  /** The next attempt of what failed. */
  | {
      readonly for: 'attempt';
      readonly notBefore: number;
      readonly attempts: number;
      readonly message: string | undefined;
    }
  /** Anything to succeed: so many records have failed as often as is allowed, and it may not be their fault. */
  | { readonly for: 'success'; readonly records: number; readonly message: string | undefined };

/** Of several reasons the one that has to go first; undefined: it is read, or done. */
export function waitOf(id: string, { group, consumers, shards }: GroupState, now: number): Wait | undefined {
  const item = shards.get(id);
  if (group === undefined || item === undefined || item.state === 'done') return undefined;
  if (group.paused) return { for: 'resume', of: 'group' };
  if (item.paused) return { for: 'resume', of: 'shard' };
  if (item.givenUpAt !== undefined) return { for: 'listing', since: item.givenUpAt };
  const { order, coordination } = group.settings;
  const isLeft = (parent: string): boolean => shards.has(parent) && !isOver(shards.get(parent)!);
  const parents = order ? item.parents.filter(isLeft) : [];
  if (parents.length > 0) return { for: 'parents', shards: parents };
  // Whom the service has given a shard, only that knows.
  const wait = coordination === 'own' ? waitForSlot(id, item, consumers, now) : undefined;
  return wait ?? waitForUser(item, now);
}

function waitForSlot(
  id: string,
  item: ShardItem,
  consumers: ReadonlyMap<string, ConsumerItem>,
  now: number,
): Wait | undefined {
  const [slot, consumer] = [...consumers].find(([, { assigned }]) => assigned?.[id] !== undefined) ?? [];
  if (slot === undefined || consumer === undefined) return { for: 'assignment' };
  if (consumer.expiresAt < now) return { for: 'slot', slot, since: consumer.heartbeatAt };
  if (mayWork(item, slot, consumer.assigned![id]!)) return undefined;
  const owner = item.owner === undefined || item.owner === slot ? undefined : consumers.get(item.owner);
  if (owner === undefined || ownerHasLeft(owner, id, now, 0)) return { for: 'claim', slot };
  return { for: 'handOff', slot: item.owner!, until: owner.busyUntil };
}

function waitForUser({ pending }: ShardItem, now: number): Wait | undefined {
  if (pending === undefined) return undefined;
  const { block, attempts, notBefore, message } = pending;
  if (block !== undefined) return { for: 'success', records: block, message };
  if (notBefore === undefined || notBefore <= now) return undefined;
  return { for: 'attempt', notBefore, attempts, message };
}
