import { describe, expect, it } from 'vitest';
import { claim } from '../../lib/group/claim.ts';
import type { ShardItem } from '../../lib/group/items.ts';
import { toListing } from '../../lib/group/listing.ts';
import { deleteGroup, seek } from '../../lib/group/operations.ts';
import { shardChanges } from '../../lib/group/shards.ts';
import { combineSources } from '../../lib/sources/combined.ts';
import type { Source } from '../../lib/sources/source.ts';
import { createManualClock } from '../support/clock.ts';
import { createMemorySource } from '../support/memorySource.ts';
import { createGroup, createWorld, INTERVAL_MS, type World } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const shardOf = (world: Pick<World, 'store'>, shard: string) => world.store.get(`SHARD#${shard}`, read);
const eventsOf = ({ events }: Pick<World, 'events'>, event: string) =>
  events.filter((entry) => entry.event === event);

/** The shard is not listed, but all else is as before. */
function hide(source: Source, shard: string): () => void {
  const { listShards } = source;
  source.listShards = async (signal) => (await listShards(signal)).filter(({ id }) => id !== shard);
  return () => {
    source.listShards = listShards;
  };
}

async function rounds(world: Pick<World, 'round'>, count: number, ...slots: string[]): Promise<void> {
  for (let round = 0; round < count; round++) await world.round(...slots);
}

describe('a shard that was not listed for long', () => {
  async function setUp() {
    const world = createWorld(['0', '1']);
    world.source.append('0', 'a', 'b');
    world.source.append('1', 'x');
    await rounds(world, 3, 'a');
    const show = hide(world.source, '0');
    await rounds(world, 8, 'a');
    return { world, show };
  }

  it('is given up, and not done: nobody is given it, its checkpoint stays', async () => {
    const { world } = await setUp();
    world.source.append('0', 'c');
    await rounds(world, 30, 'a');
    expect(await shardOf(world, '0')).toMatchObject({
      state: 'open',
      cursor: '2',
      givenUpAt: expect.any(Number),
    });
    expect(eventsOf(world, 'shard.vanished')).toHaveLength(1);
    expect((await world.store.get('CONSUMER#a', read))?.assigned).toEqual({ 1: expect.any(Number) });
    expect(world.delivered).toEqual(['1:x', '0:a', '0:b']);
  });

  it('goes on at its checkpoint when it is listed again, and that is said', async () => {
    const { world, show } = await setUp();
    world.source.append('0', 'c');
    show();
    await rounds(world, 5, 'a');
    expect(world.delivered).toEqual(['1:x', '0:a', '0:b', '0:c']);
    expect(eventsOf(world, 'shard.returned')).toEqual([
      expect.objectContaining({ level: 'warn', shard: '0', cursor: '2', begun: [] }),
    ]);
    expect(await shardOf(world, '0')).not.toHaveProperty('givenUpAt');
  });

  it('lets its children begin; back again, it names them, and they wait for it', async () => {
    const world = createWorld(['0']);
    world.source.append('0', ...'abcdef');
    await world.round('a');
    world.source.replace(['0'], ['1']);
    world.source.append('1', 'x');
    world.eachBatch = async ({ shard }) => {
      if (shard === '0') throw new Error('not yet');
    };
    await rounds(world, 2, 'a');
    const show = hide(world.source, '0');
    await rounds(world, 8, 'a');
    expect(world.delivered).toEqual(['1:x']);
    show();
    await rounds(world, 3, 'a');
    world.eachBatch = async () => {};
    world.source.append('1', 'y');
    // What failed waits longer and longer.
    await rounds(world, 12, 'a');
    expect(eventsOf(world, 'shard.returned')).toEqual([expect.objectContaining({ begun: ['1'] })]);
    expect(world.delivered.slice(-7)).toEqual([...[...'abcdef'].map((content) => `0:${content}`), '1:y']);
  });

  it('can be sought meanwhile', async () => {
    const { world, show } = await setUp();
    const sought = await seek(world.store, world.source, { shard: '0', to: { cursor: '1' } }, options);
    expect(sought).toEqual([{ shard: '0', sought: true, from: expect.any(String), cursor: '1' }]);
    show();
    await rounds(world, 5, 'a');
    expect(world.delivered).toEqual(['1:x', '0:a', '0:b', '0:b']);
  });

  it('cannot be claimed, by whoever still has it in its assignment', async () => {
    const { world } = await setUp();
    const request = { slot: 'a', shard: '0', grant: 9, now: world.clock.now(), skewMarginMs: 0, order: true };
    const item = (await shardOf(world, '0'))!;
    expect(await claim(world.store, request, item, options)).toEqual({ claimed: false, waiting: 'givenUp' });
  });

  it('leaves nothing when the group is deleted', async () => {
    const { world } = await setUp();
    world.clock.advance(10 * INTERVAL_MS);
    expect(await deleteGroup(world.store, { now: world.clock.now(), skewMarginMs: 0 }, options)).toEqual({
      deleted: true,
    });
    expect((await world.store.readAll(read)).shards.size).toBe(0);
  });
});

describe('what is forgotten', () => {
  const times = { intervalMs: INTERVAL_MS } as World['times'];
  const listing = toListing([{ stream: '', shards: [{ id: '9', state: 'open', parents: [] }] }], false);
  const item: ShardItem = {
    epoch: 1,
    cursor: '0',
    state: 'open',
    parents: [],
    missingSince: 1,
    givenUpAt: 2,
  };
  const forgotten = (given: Partial<ShardItem>, assigns = true) =>
    shardChanges({ shards: new Map([['0', { ...item, ...given }]]) }, listing, { now: 1e9, times, assigns })
      .forget;

  it('is what was read to its end, never a checkpoint that may be needed', () => {
    expect(forgotten({ state: 'done' })).toEqual(['0']);
    expect(forgotten({})).toEqual([]);
    expect(forgotten({ state: 'closing', owner: 'a' })).toEqual([]);
  });

  it('is, where the service keeps the checkpoints, also what none of our slots has read', () => {
    expect(forgotten({}, false)).toEqual(['0']);
    expect(forgotten({ owner: 'a' }, false)).toEqual([]);
  });
});

describe('a list without an open shard', () => {
  it('is not believed, however long it lasts', async () => {
    const world = createWorld(['0', '1']);
    world.source.append('0', 'a');
    await rounds(world, 3, 'a');
    const { listShards } = world.source;
    world.source.listShards = async () => [];
    world.source.append('1', 'b');
    await rounds(world, 9, 'a');
    expect(world.delivered).toEqual(['0:a', '1:b']);
    expect(eventsOf(world, 'stream.unlisted')[0]).toMatchObject({
      level: 'warn',
      error: { code: 'ListNotBelieved' },
    });
    expect(eventsOf(world, 'shard.vanished')).toEqual([]);
    expect(await shardOf(world, '0')).not.toHaveProperty('missingSince');
    world.source.listShards = listShards;
    world.source.append('0', 'c');
    await rounds(world, 3, 'a');
    expect(world.delivered).toEqual(['0:a', '1:b', '0:c']);
  });

  it('begins no group: where its shards start stays open', async () => {
    const world = createWorld(['0'], { start: { at: 'end' } });
    world.source.append('0', 'old');
    const { listShards } = world.source;
    world.source.listShards = async () => [];
    await rounds(world, 3, 'a');
    expect((await world.store.get('GROUP', read))?.initialized).toBe(false);
    world.source.listShards = listShards;
    await rounds(world, 3, 'a');
    world.source.append('0', 'new');
    await rounds(world, 2, 'a');
    expect(world.delivered).toEqual(['0:new']);
  });
});

describe('of several streams', () => {
  function setUp(start: 'begin' | 'end' = 'begin') {
    const clock = createManualClock();
    const orders = createMemorySource(['0', '1']);
    const audit = createMemorySource(['0']);
    const source = combineSources({ orders, audit });
    const world = createGroup({ clock, source }, { start: { at: start } });
    /** As a deployment with other settings. */
    const drop = () => Object.assign(source, combineSources({ orders }));
    const restore = () => Object.assign(source, combineSources({ orders, audit }));
    return { world, orders, audit, drop, restore };
  }

  it('one that the settings dropped is neither given up nor assigned, and goes on where it was', async () => {
    const { world, audit, drop, restore } = setUp();
    audit.append('0', 'a', 'b');
    await rounds(world, 3, 'a');
    drop();
    audit.append('0', 'c');
    await rounds(world, 40, 'a');
    const item = await shardOf(world, 'audit:0');
    expect(item).toMatchObject({ state: 'open', cursor: '2' });
    expect(item).not.toHaveProperty('missingSince');
    const assigned = (await world.store.get('CONSUMER#a', read))?.assigned;
    expect(Object.keys(assigned ?? {}).sort()).toEqual(['orders:0', 'orders:1']);
    restore();
    await rounds(world, 4, 'a');
    expect(world.delivered).toEqual(['audit:0:a', 'audit:0:b', 'audit:0:c']);
  });

  it('one that cannot be listed is named, keeps its shards, and holds up no plan for the others', async () => {
    const { world, orders, audit } = setUp();
    await rounds(world, 3, 'a', 'b');
    audit.listShards = () => Promise.reject(new Error('LogStoreNotExist'));
    orders.replace(['0'], ['2']);
    orders.append('2', 'x');
    audit.append('0', 'y');
    await rounds(world, 9, 'a');
    const { consumers, shards } = await world.store.readAll(read);
    expect([...consumers.keys()]).toEqual(['a']);
    expect(Object.keys(consumers.get('a')!.assigned!).sort()).toEqual(['audit:0', 'orders:1', 'orders:2']);
    expect(world.delivered.toSorted()).toEqual(['audit:0:y', 'orders:2:x']);
    expect(shards.get('audit:0')).not.toHaveProperty('missingSince');
    expect(eventsOf(world, 'stream.unlisted')[0]).toMatchObject({
      level: 'warn',
      stream: 'audit',
      error: { message: 'LogStoreNotExist' },
    });
  });

  it('one that could not be listed at first starts where the group began', async () => {
    const { world, orders, audit } = setUp('end');
    const { listShards, cursorAt } = audit;
    const asked: unknown[] = [];
    audit.cursorAt = (shard, position, signal) => {
      asked.push(position);
      return cursorAt(shard, position, signal);
    };
    orders.append('0', 'old');
    audit.listShards = () => Promise.reject(new Error('forbidden'));
    await rounds(world, 3, 'a');
    expect(await world.store.get('GROUP', read)).toMatchObject({ initialized: true, awaited: ['audit'] });
    audit.listShards = listShards;
    await rounds(world, 3, 'a');
    const group = await world.store.get('GROUP', read);
    expect(group).toMatchObject({ awaited: [] });
    expect(asked).toEqual([{ at: 'time', unixMs: group!.createdAt }]);
    expect(world.delivered).toEqual([]);
  });
});

it('where nothing can be listed, dead slots are removed and their shards given away', async () => {
  const world = createWorld(['0', '1']);
  await rounds(world, 3, 'a', 'b');
  world.source.listShards = () => Promise.reject(new Error('no answer'));
  world.source.append('0', 'x');
  world.source.append('1', 'y');
  await rounds(world, 8, 'a');
  expect(world.delivered.toSorted()).toEqual(['0:x', '1:y']);
  expect((await world.store.readAll(read)).consumers.size).toBe(1);
});
