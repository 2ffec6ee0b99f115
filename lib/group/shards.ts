import { forEachParallel } from '../parallel.ts';
import type { SourceShard } from '../sources/source.ts';
import { type GroupState, type ShardItem, shardKey } from './items.ts';
import type { Planning } from './plan.ts';
import type { GroupStore, ReadOptions } from './store.ts';

const REQUESTS_PARALLEL_MAX = 16;

/**
 * Brings the shard items in line with what the source lists, in the table and in `state`: new shards (parents first),
 * closed ones, those that the source has forgotten. Returns the shards whose owner must read the item again.
 *
 * Throws what the source or the store throws: a plan without all items would let a child start before its parent.
 */
export async function syncShards(
  planning: Planning,
  state: GroupState,
  listed: readonly SourceShard[],
  options: ReadOptions,
): Promise<Set<string>> {
  const known = new Set(state.shards.keys());
  for (const generation of parentsFirst(listed.filter((shard) => !known.has(shard.id)))) {
    await forEachParallel(generation, REQUESTS_PARALLEL_MAX, async (shard) => {
      const continues = shard.parents.some((parent) => known.has(parent));
      state.shards.set(shard.id, await create(planning, state, shard, continues, options));
    });
  }
  const touched = new Set<string>();
  for (const shard of listed) {
    if (shard.state !== 'closed' || state.shards.get(shard.id)!.state !== 'open') continue;
    await setState(planning.store, state, shard.id, { from: 'open', to: 'closing' }, options);
    touched.add(shard.id);
  }
  await forgetUnlisted(planning, state, new Set(listed.map((shard) => shard.id)), options);
  return touched;
}

/**
 * `start` holds only for the shards of the group's first listing. What appears later, or continues a shard that the group
 * has, got its records after the group began: it is read from its beginning.
 */
async function create(
  planning: Planning,
  state: GroupState,
  shard: SourceShard,
  continues: boolean,
  options: ReadOptions,
): Promise<ShardItem> {
  const { store, stream, now, start } = planning;
  const position = state.group?.initialized || continues ? ({ at: 'begin' } as const) : start;
  const cursor = await stream.cursorAt(shard.id, position, options.signal);
  const item: ShardItem = {
    epoch: now,
    cursor,
    state: shard.state === 'closed' ? 'closing' : 'open',
    parents: shard.parents,
  };
  const key = shardKey(shard.id);
  const written = await store.update(key, { set: item, condition: { absent: 'epoch' } }, options);
  if (written.accepted) return written.item;
  const made = await store.get(key, { ...options, consistent: true });
  return made ?? item;
}

/** Groups shards so that each one's parents stand in an earlier group, or are not among them. */
function parentsFirst(shards: readonly SourceShard[]): SourceShard[][] {
  const generations: SourceShard[][] = [];
  let left = [...shards];
  while (left.length > 0) {
    const ids = new Set(left.map((shard) => shard.id));
    const ready = left.filter((shard) => !shard.parents.some((parent) => ids.has(parent)));
    // Parents in a circle: a listing nobody can order. Keep what it says, in its order.
    const generation = ready.length > 0 ? ready : left;
    generations.push(generation);
    left = left.filter((shard) => !generation.includes(shard));
  }
  return generations;
}

/**
 * A shard that is no longer listed is past its retention. A finished one goes once no child waits to be claimed. One
 * with records left has lost them: it counts as done, so that its children can go on, and that is said aloud.
 */
async function forgetUnlisted(
  planning: Planning,
  state: GroupState,
  listed: ReadonlySet<string>,
  options: ReadOptions,
): Promise<void> {
  const waitedFor = new Set(
    [...state.shards.values()].filter((item) => item.owner === undefined).flatMap((item) => item.parents),
  );
  for (const [id, item] of state.shards) {
    if (listed.has(id)) continue;
    if (item.state !== 'done') {
      planning.logger.warn('shard.vanished', { shard: id, state: item.state, cursor: item.cursor });
      await setState(planning.store, state, id, { from: item.state, to: 'done' }, options);
    } else if (!waitedFor.has(id)) {
      const condition = { equal: 'state', value: 'done' } as const;
      if (await planning.store.remove(shardKey(id), condition, options)) state.shards.delete(id);
    }
  }
}

/** `done` from outside takes the epoch away from whoever still holds the shard. */
async function setState(
  store: GroupStore,
  state: GroupState,
  shard: string,
  change: { from: ShardItem['state']; to: ShardItem['state'] },
  options: ReadOptions,
): Promise<void> {
  const written = await store.update(
    shardKey(shard),
    {
      set: { state: change.to },
      ...(change.to === 'done' && { add: { epoch: 1 } }),
      condition: { equal: 'state', value: change.from },
    },
    options,
  );
  if (written.accepted) state.shards.set(shard, written.item);
}
