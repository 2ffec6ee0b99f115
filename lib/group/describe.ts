import type { ConsumerItem, GroupState, ShardItem } from './items.ts';
import type { GroupStore, RequestOptions } from './store.ts';
import { type Wait, waitOf } from './waits.ts';

/** A group as its items stand. */
export interface Description {
  /** When, by the clock of its table: all of its times are by that. */
  at: number;
  status: 'absent' | 'running' | 'paused' | 'complete' | 'idle';
  group: GroupState['group'];
  consumers: (ConsumerItem & { slot: string; live: boolean; busy: boolean })[];
  /** `waits`: why nothing is read from it, as the table tells. */
  shards: (ShardItem & { shard: string; assignedTo: string | undefined; waits: Wait | undefined })[];
}

/** Everything about a group at one time, in order of name. `idle`: it has no live consumer. */
export async function describe(
  store: GroupStore,
  now: number,
  options: RequestOptions,
): Promise<Description> {
  const state = await store.readAll({ ...options, consistent: true });
  const { group, consumers, shards } = state;
  const listed = [...consumers]
    .map(([slot, item]) => ({ slot, ...item, live: item.expiresAt >= now, busy: item.busyUntil >= now }))
    .sort((a, b) => (a.slot < b.slot ? -1 : 1));
  const assignedTo = new Map(
    listed.flatMap(({ slot, assigned }) =>
      Object.keys(assigned ?? {}).map((shard) => [shard, slot] as const),
    ),
  );
  return {
    at: now,
    status: statusOf(
      group,
      listed.some(({ live }) => live),
    ),
    group,
    consumers: listed,
    shards: [...shards]
      .map(([shard, item]) => ({
        shard,
        ...item,
        assignedTo: assignedTo.get(shard),
        waits: waitOf(shard, state, now),
      }))
      .sort((a, b) => (a.shard < b.shard ? -1 : 1)),
  };
}

function statusOf(group: GroupState['group'], anyLive: boolean): Description['status'] {
  if (group === undefined) return 'absent';
  if (group.completedAt !== undefined) return 'complete';
  if (group.paused) return 'paused';
  return anyLive ? 'running' : 'idle';
}
