import { endOf } from '../../service/log.ts';
import { decodeCursor } from '../state/cursor.ts';
import type { Shard } from '../state/shard.ts';

/**
 * A consumer group as the service keeps it: who is alive, and where each shard is in the automaton that the official
 * Java consumer library documents (README, "Finite state automaton"). Pure data; nothing here reads a clock.
 */
export interface ConsumerGroup {
  readonly name: string;
  timeoutSec: number;
  /** A shard is consumed only when all the shards that it continues are. */
  order: boolean;
  /** Time of the last heartbeat, milliseconds since 1970, in the order in which consumers joined. */
  readonly consumers: Map<string, number>;
  readonly shards: Map<number, GroupShard>;
}

export interface GroupShard {
  readonly id: number;
  readonly parents: readonly number[];
  allocation: Allocation;
  /** Cursor of the next group to read; empty until one is committed. */
  checkpoint: string;
  /** Microseconds since 1970; 0 until a checkpoint is committed. */
  updatedAtUs: number;
  /** Who committed the checkpoint; empty if nobody said. */
  committedBy: string;
}

/**
 * - `not_alloc`: may be consumed, and nobody does.
 * - `already_alloc`: `holder` consumes it.
 * - `transfer`: `holder` was told to give it up; as soon as it has, `next` gets it.
 * - `wait`: something that it continues is not consumed to its end.
 * - `over`: consumed to its end.
 */
export type Allocation =
  | { readonly state: 'not_alloc' | 'wait' | 'over' }
  | { readonly state: 'already_alloc'; readonly holder: string }
  | { readonly state: 'transfer'; readonly holder: string; readonly next: string };

export function createGroup(name: string, timeoutSec: number, order: boolean): ConsumerGroup {
  return { name, timeoutSec, order, consumers: new Map(), shards: new Map() };
}

/**
 * Brings a group up to date: new shards enter it, those that are no more leave it, consumers that were silent for
 * longer than the timeout leave it, and so do their claims. To be called before anything else is done with the group.
 */
export function refresh(group: ConsumerGroup, shards: readonly Shard[], nowMs: number): void {
  for (const { id, parents } of shards) {
    if (!group.shards.has(id)) enter(group, id, parents);
  }
  const ids = new Set(shards.map(({ id }) => id));
  for (const id of group.shards.keys()) {
    if (!ids.has(id)) group.shards.delete(id);
  }
  for (const [consumer, seenAtMs] of group.consumers) {
    if (nowMs - seenAtMs > group.timeoutSec * 1000) group.consumers.delete(consumer);
  }
  for (const shard of group.shards.values()) shard.allocation = withoutTheDead(group, shard.allocation);
  settle(group, shards);
}

/**
 * Finds what is consumed to its end, and frees what waited for it: edges 8 and 2 of the automaton. A shard is over if
 * it is readonly and its checkpoint is its end. The README has the service look when a checkpoint is committed; as the
 * consumer libraries commit none that did not change, it must also look when a shard becomes readonly, or no consumer
 * that had caught up would get past a split. A shard without any checkpoint is never over, even if it is empty.
 */
export function settle(group: ConsumerGroup, shards: readonly Shard[]): void {
  for (const shard of shards) {
    const known = group.shards.get(shard.id);
    if (known && shard.status === 'readonly' && decodeCursor(known.checkpoint) === endOf(shard)) {
      known.allocation = { state: 'over' };
    }
  }
  release(group, (shard) => !hasOpenAncestor(group, shard.parents));
}

/**
 * Changes the settings. Giving up the order frees what waits; taking it up concerns only the shards of later splits
 * and merges (README, `UpdateConsumerGroup`).
 */
export function configure(
  group: ConsumerGroup,
  { timeoutSec = group.timeoutSec, order = group.order }: { timeoutSec?: number; order?: boolean },
): void {
  group.timeoutSec = timeoutSec;
  group.order = order;
  if (!order) release(group, () => true);
}

function enter(group: ConsumerGroup, id: number, parents: readonly number[]): void {
  const state = group.order && hasOpenAncestor(group, parents) ? 'wait' : 'not_alloc';
  group.shards.set(id, {
    id,
    parents,
    allocation: { state },
    checkpoint: '',
    updatedAtUs: 0,
    committedBy: '',
  });
}

function release(group: ConsumerGroup, isReady: (shard: GroupShard) => boolean): void {
  for (const shard of group.shards.values()) {
    if (shard.allocation.state === 'wait' && isReady(shard)) shard.allocation = { state: 'not_alloc' };
  }
}

/** Whether any of the shards that one continues, directly or not, is not consumed to its end. */
function hasOpenAncestor(group: ConsumerGroup, parents: readonly number[]): boolean {
  const ancestors = new Set(parents);
  for (const id of ancestors) {
    const ancestor = group.shards.get(id);
    if (ancestor && ancestor.allocation.state !== 'over') return true;
    // A set is iterated to what was added last, and adds nothing twice.
    for (const parent of ancestor?.parents ?? []) ancestors.add(parent);
  }
  return false;
}

/** Edges 4, 6 and 9: without its holder a shard is free; without the next one it stays with its holder. */
function withoutTheDead(group: ConsumerGroup, allocation: Allocation): Allocation {
  if (!('holder' in allocation)) return allocation;
  const { holder } = allocation;
  if (!group.consumers.has(holder)) return { state: 'not_alloc' };
  if (allocation.state === 'transfer' && !group.consumers.has(allocation.next)) {
    return { state: 'already_alloc', holder };
  }
  return allocation;
}
