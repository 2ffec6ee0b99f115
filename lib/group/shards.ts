import type { Times } from '../config/times.ts';
import { forEachParallel } from '../parallel.ts';
import type { SourceShard } from '../sources/source.ts';
import { type ConsumerItem, type GroupState, type ShardItem, shardKey } from './items.ts';
import type { Planning } from './plan.ts';
import type { ReadOptions, Write } from './store.ts';

const REQUESTS_PARALLEL_MAX = 16;

/** What the source's list says that the shard items do not say yet. Ids, but for the shards to create. */
export interface ShardChanges {
  create: SourceShard[];
  close: string[];
  /** Not listed, for the first time: perhaps a list that is not up to date. */
  miss: string[];
  /** Listed again. */
  find: string[];
  /** Not listed for long, with records left: they are past the retention. */
  giveUp: string[];
  /** Done, not listed for long, and no child waits for it. */
  forget: string[];
}

/** Pure. `state` must have been read before `listed`: an item made later would seem to be missing. */
export function shardChanges(
  { shards }: Pick<GroupState, 'shards'>,
  listed: readonly SourceShard[],
  { now, times }: { now: number; times: Times },
): ShardChanges {
  const listedIds = new Set(listed.map((shard) => shard.id));
  const waitedFor = new Set(
    [...shards.values()].filter((item) => item.owner === undefined).flatMap((item) => item.parents),
  );
  const gone = [...shards].filter(([id]) => !listedIds.has(id));
  const goneForLong = gone.filter(([, { missingSince = now }]) => now - missingSince > 2 * times.intervalMs);
  return {
    create: listed.filter((shard) => !shards.has(shard.id)),
    close: listed
      .filter(({ id, state }) => state === 'closed' && shards.get(id)?.state === 'open')
      .map(({ id }) => id),
    miss: gone.filter(([, item]) => item.missingSince === undefined).map(([id]) => id),
    find: [...listedIds].filter((id) => shards.get(id)?.missingSince !== undefined),
    giveUp: goneForLong.filter(([, item]) => item.state !== 'done').map(([id]) => id),
    forget: goneForLong.filter(([id, item]) => item.state === 'done' && !waitedFor.has(id)).map(([id]) => id),
  };
}

/**
 * Brings the shard items in line with what the source lists, in the table and in `state`: new shards (parents first),
 * closed ones, those that the source has forgotten.
 *
 * Throws what the source or the store throws: a plan without all items would let a child start before its parent.
 */
export async function syncShards(
  planning: Planning,
  state: GroupState,
  listed: readonly SourceShard[],
  options: ReadOptions,
): Promise<void> {
  const { store, logger, now } = planning;
  const known = new Set(state.shards.keys());
  const changes = shardChanges(state, listed, planning);
  for (const generation of parentsFirst(changes.create)) {
    await forEachParallel(generation, REQUESTS_PARALLEL_MAX, async (shard) => {
      const continues = shard.parents.some((parent) => known.has(parent));
      // For its own children, listed at the same time after an earlier plan that was broken off.
      if (continues) known.add(shard.id);
      state.shards.set(shard.id, await create(planning, state, shard, continues, options));
    });
  }
  const write = async (id: string, change: Write<ShardItem>): Promise<void> => {
    const written = await store.update(shardKey(id), change, options);
    if (written.accepted) state.shards.set(id, written.item);
  };
  for (const id of changes.close) {
    const closedUnder = generationOfHolder(state, id);
    const set = { state: 'closing' as const, ...(closedUnder !== undefined && { closedUnder }) };
    await write(id, { set, condition: { equal: 'state', value: 'open' } });
  }
  for (const id of changes.miss) {
    await write(id, { set: { missingSince: now }, condition: { exists: 'epoch' } });
  }
  for (const id of changes.find) {
    await write(id, { unset: ['missingSince'], condition: { exists: 'epoch' } });
  }
  for (const id of changes.giveUp) {
    const { state: from, cursor } = state.shards.get(id)!;
    const lost = planning.assigns || state.shards.get(id)!.owner !== undefined;
    const tell = lost ? logger.warn : logger.info;
    tell('shard.vanished', { shard: id, state: from, cursor });
    // It counts as done, so that its children can go on. The epoch takes it away from whoever still holds it.
    await write(id, {
      set: { state: 'done' },
      add: { epoch: 1 },
      condition: { equal: 'state', value: from },
    });
  }
  for (const id of changes.forget) {
    const condition = { equal: 'state', value: 'done' } as const;
    if (await store.remove(shardKey(id), condition, options)) state.shards.delete(id);
  }
}

/** Where two slots list the shard, that of the higher grant will keep it. */
function generationOfHolder({ consumers }: GroupState, shard: string): number | undefined {
  let holder: ConsumerItem | undefined;
  for (const consumer of consumers.values()) {
    const grant = consumer.assigned?.[shard];
    if (grant !== undefined && grant > (holder?.assigned?.[shard] ?? 0)) holder = consumer;
  }
  return holder?.generation;
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
