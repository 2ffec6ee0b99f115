import { forEachParallel } from '../parallel.ts';
import type { Position, SourceShard } from '../sources/source.ts';
import { type ConsumerItem, type GroupItem, type GroupState, type ShardItem, shardKey } from './items.ts';
import { type Listing, streamOf } from './listing.ts';
import { isOver } from './ownership.ts';
import { parentsFirst } from './parentsFirst.ts';
import type { Planning } from './planning.ts';
import { type RequestOptions, unchanged, type Write } from './store.ts';

const REQUESTS_PARALLEL_MAX = 16;

/** What the source's list says that the shard items do not say yet. Ids, but for the shards to create. */
export interface ShardChanges {
  create: SourceShard[];
  close: string[];
  /** Not listed, for the first time: perhaps a list that is not up to date. */
  miss: string[];
  /** Listed again. */
  find: string[];
  /** Not listed for long, with records left: most likely past the retention. */
  giveUp: string[];
  /** Done, and not listed for long: a child waits for no parent that has no item. */
  forget: string[];
}

/** Pure. Of a stream that was not listed, or that the group no longer reads, nothing changes. */
export function shardChanges(
  { shards }: Pick<GroupState, 'shards'>,
  listing: Pick<Listing, 'shards' | 'covers'>,
  { now, times, assigns, replay }: Pick<Planning, 'now' | 'times' | 'assigns' | 'replay'>,
): ShardChanges {
  const listed = listing.shards;
  const listedIds = new Set(listed.map((shard) => shard.id));
  const gone = [...shards].filter(([id]) => !listedIds.has(id) && listing.covers(id));
  // Its checkpoint must outlast it: the shard may be listed again. Where the service assigns, its own is kept by the service.
  const isOfNoUse = ({ state, owner, givenUpAt }: ShardItem): boolean =>
    replay === undefined &&
    (state === 'done' || (!assigns && owner === undefined && givenUpAt !== undefined));
  const goneForLong = gone.filter(([, { missingSince = now }]) => now - missingSince > 2 * times.intervalMs);
  const isWanted = ({ id }: SourceShard): boolean => replay?.shards?.includes(id) ?? true;
  return {
    create: listed.filter((shard) => !shards.has(shard.id) && isWanted(shard)),
    close: listed
      .filter(({ id, state }) => state === 'closed' && shards.get(id)?.state === 'open')
      .map(({ id }) => id),
    miss: gone.filter(([, item]) => item.missingSince === undefined).map(([id]) => id),
    find: [...listedIds].filter((id) => shards.get(id)?.missingSince !== undefined),
    giveUp: goneForLong.filter(([, item]) => !isOver(item)).map(([id]) => id),
    forget: goneForLong.filter(([, item]) => isOfNoUse(item)).map(([id]) => id),
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
  listing: Listing,
  options: RequestOptions,
): Promise<void> {
  const { store, now } = planning;
  const known = new Set(state.shards.keys());
  const changes = shardChanges(state, listing, planning);
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
  const children = changes.find.length > 0 ? childrenIn(state) : new Map();
  for (const id of changes.find) await write(id, found(planning, state, id, children.get(id) ?? []));
  for (const id of changes.giveUp) await write(id, givenUp(planning, state, id));
  for (const id of changes.forget) {
    const { state: seen, epoch } = state.shards.get(id)!;
    const condition = {
      all: [{ equal: 'state', value: seen }, { equal: 'epoch', value: epoch }, { exists: 'missingSince' }],
    } as const;
    if (await store.remove(shardKey(id), condition, options)) state.shards.delete(id);
  }
}

/**
 * Nobody is given the shard any more, and its children can go on; but its checkpoint stays, as it may be listed again. The epoch
 * takes it away from whoever still holds it.
 */
function givenUp({ now, assigns, logger }: Planning, { shards }: GroupState, id: string): Write<ShardItem> {
  const { state, cursor, owner, missingSince } = shards.get(id)!;
  const tell = assigns || owner !== undefined ? logger.warn : logger.info;
  tell('shard.vanished', { shard: id, state, cursor });
  return {
    set: { givenUpAt: now },
    add: { epoch: 1 },
    condition: {
      all: [
        { equal: 'state', value: state },
        { absent: 'givenUpAt' },
        unchanged<ShardItem, 'missingSince'>('missingSince', missingSince),
      ],
    },
  };
}

/** Listed again. One that was given up goes on at its checkpoint, also if children of it have begun: then out of order, aloud. */
function found(
  { logger }: Planning,
  { shards }: GroupState,
  id: string,
  children: readonly string[],
): Write<ShardItem> {
  const { givenUpAt, cursor } = shards.get(id)!;
  if (givenUpAt === undefined) return { unset: ['missingSince'], condition: { exists: 'epoch' } };
  const begun = children.filter((child) => shards.get(child)?.owner !== undefined);
  logger.warn('shard.returned', { shard: id, cursor, givenUpAt, begun });
  return {
    unset: ['missingSince', 'givenUpAt'],
    condition: { equal: 'givenUpAt', value: givenUpAt },
  };
}

/** By the id of the parent: all shards of a stream may be found again at once. */
function childrenIn({ shards }: GroupState): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const [child, { parents }] of shards) {
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  return children;
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

const BEGIN: Position = { at: 'begin' };

function startOf({ start, replay }: Planning, group: GroupItem | undefined, shard: string): Position {
  if (!group?.initialized || replay !== undefined) return start;
  if (!group.awaited?.includes(streamOf(shard))) return BEGIN;
  // The end that was meant is where the stream ended when the group began, not where it ends by now.
  return start.at === 'end' ? { at: 'time', unixMs: group.createdAt } : start;
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
  options: RequestOptions,
): Promise<ShardItem> {
  const { store, stream, now } = planning;
  const position =
    continues && planning.replay === undefined ? BEGIN : startOf(planning, state.group, shard.id);
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
