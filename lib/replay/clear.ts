/** What a replay leaves in the table is removed when it ends, or by the next one. */
import { type ConsumerItem, consumerKey, type GroupState, shardKey } from '../group/items.ts';
import type { RequestOptions } from '../group/store.ts';
import { forEachParallel } from '../parallel.ts';
import type { ReplayTable } from './replay.ts';

const PARALLEL_MAX = 16;

export interface ClearLimits {
  readonly now: number;
  readonly skewMarginMs: number;
  /**
   * Whoever removes one's own has seen its runs end: that its session lives does not matter. What is not one's own stays. Unset: whatever is
   * there is removed, once nobody may be at work in it.
   */
  readonly isOwn?: ((state: GroupState) => boolean) | undefined;
}

/** `until`: a run of it may be at work until then. */
export type Cleared = { cleared: true } | { cleared: false; until: number };

/**
 * Removes all of a replay that nobody is at work in: its slots first, without which no run of it can begin any more, and its group last, so
 * that a repeat finds what is left.
 */
export async function clearReplay(
  { store, dropLetters }: ReplayTable,
  limits: ClearLimits,
  options: RequestOptions,
): Promise<Cleared> {
  const state = await store.readAll({ ...options, consistent: true });
  if (limits.isOwn?.(state) === false) return { cleared: true };
  const until = aliveUntil(state, limits.isOwn !== undefined);
  if (until >= limits.now - limits.skewMarginMs) return { cleared: false, until };
  for (const [slot, seen] of state.consumers) {
    // Whoever has begun meanwhile is at work.
    if (await store.remove(consumerKey(slot), isAsSeen(seen), options)) continue;
    const consumer = await store.get(consumerKey(slot), { ...options, consistent: true });
    if (consumer !== undefined) return { cleared: false, until: consumer.busyUntil };
  }
  await forEachParallel(state.shards, PARALLEL_MAX, async ([shard]) => {
    await store.remove(shardKey(shard), { exists: 'epoch' }, options);
  });
  await dropLetters(options);
  if (state.group !== undefined) {
    await store.remove('GROUP', { equal: 'createdAt', value: state.group.createdAt }, options);
  }
  return { cleared: true };
}

const isAsSeen = ({ tick, busyUntil }: ConsumerItem) =>
  ({
    all: [
      { equal: 'tick', value: tick },
      { equal: 'busyUntil', value: busyUntil },
    ],
  }) as const;

/** Until when somebody may be at work in it; 0 for nobody. `isOwn`: it has no other runs than those that one has seen. */
export function aliveUntil({ group, consumers }: GroupState, isOwn = false): number {
  const slots = [...consumers.values()];
  // A run that has come to its end has made its lock as old as its heartbeat.
  const atWork = slots.filter(({ busyUntil, heartbeatAt }) => busyUntil >= heartbeatAt);
  const busyUntil = Math.max(0, ...atWork.map((slot) => slot.busyUntil));
  if (isOwn) return busyUntil;
  const begunUntil = group === undefined ? 0 : group.createdAt + group.settings.sessionTimeoutMs;
  return Math.max(busyUntil, begunUntil, ...slots.map(({ expiresAt }) => expiresAt));
}
