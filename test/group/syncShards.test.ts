/** What a plan writes of shards, and what it leaves when the table has changed since the plan read it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { commit } from '../../lib/group/commit.ts';
import { type ConsumerItem, consumerKey, type ShardItem, shardKey } from '../../lib/group/items.ts';
import { toListing } from '../../lib/group/listing.ts';
import { syncShards } from '../../lib/group/shards.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import type { SourceShard } from '../../lib/sources/source.ts';
import { type LoggedEvent, planningOf } from '../support/planning.ts';
import { INTERVAL_MS } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const NOW = 1_763_700_000_000;
const LONG_AGO = NOW - 2 * INTERVAL_MS - 1;
const OTHER: SourceShard = { id: '9', state: 'open', parents: [] };
let store: GroupStore;
let events: LoggedEvent[];

beforeEach(async () => {
  store = createMemoryStore(new Map(), 'orders');
  events = [];
  await put('9', {});
});

const put = (id: string, given: Partial<ShardItem>) => {
  const set: ShardItem = { epoch: 5, cursor: 'c0', state: 'open', parents: [], ...given };
  return store.update(shardKey(id), { set, condition: { absent: 'nothing' as 'epoch' } }, options);
};
const hold = (slot: string, given: Partial<ConsumerItem>) =>
  store.update(consumerKey(slot), { set: given, condition: { absent: 'nothing' as 'tick' } }, options);
const getShard = (id = '0') => store.get(shardKey(id), read);

/** Reads everything, lets `meanwhile` happen, and brings the items in line with the list. */
async function sync(
  listed: readonly SourceShard[],
  {
    meanwhile = async () => {},
    assigns = true,
  }: { meanwhile?: () => Promise<unknown>; assigns?: boolean } = {},
) {
  const ids = listed.map(({ id }) => id);
  const planning = { ...planningOf(store, NOW, ids, events), assigns };
  const state = await store.readAll(read);
  await meanwhile();
  await syncShards(planning, state, toListing([{ stream: '', shards: [...listed, OTHER] }], false), options);
  return state;
}

describe('a shard that is not listed', () => {
  it('is missed at first, and given up after two intervals, not before', async () => {
    await put('0', {});
    await sync([]);
    expect(await getShard()).toMatchObject({ missingSince: NOW });
    await put('0', { missingSince: LONG_AGO + 1 });
    await sync([]);
    expect(await getShard()).not.toHaveProperty('givenUpAt');
    await put('0', { missingSince: LONG_AGO });
    await sync([]);
    expect(await getShard()).toMatchObject({ givenUpAt: NOW, cursor: 'c0', state: 'open' });
  });

  it('is given up aloud, but for one that was never ours where the service assigns', async () => {
    const given = { missingSince: LONG_AGO };
    await put('0', given);
    await sync([]);
    await put('1', { ...given, owner: 'a' });
    await put('2', given);
    await sync([], { assigns: false });
    const told = events.filter(({ event }) => event === 'shard.vanished');
    expect(told.map(({ shard, level }) => [shard, level])).toEqual([
      ['0', 'warn'],
      ['1', 'warn'],
      ['2', 'info'],
    ]);
  });

  it('is taken from whoever holds it when it is given up: its children may begin', async () => {
    await put('0', { owner: 'a', grant: 3, missingSince: LONG_AGO });
    await sync([]);
    const holding = { shard: '0', slot: 'a', epoch: 5, cursor: 'c0', step: undefined };
    expect(await commit(store, holding, { to: 'c1', done: true, lagMs: 0 }, options)).toBe(false);
  });

  it.each<[string, Partial<ShardItem>]>([
    ['was read to its end', { state: 'done' }],
    ['was given up by another', { givenUpAt: NOW - 1 }],
    ['was found, and missed again', { missingSince: NOW - 1 }],
  ])('is not given up if it %s meanwhile', async (_what, change) => {
    await put('0', { missingSince: LONG_AGO });
    await sync([], { meanwhile: () => put('0', { missingSince: LONG_AGO, ...change }) });
    expect(await getShard()).toMatchObject({ epoch: 5, missingSince: LONG_AGO, ...change });
    expect((await getShard())?.givenUpAt).toBe(change.givenUpAt);
  });

  it('is forgotten when it was read to its end, in the table and in the plan', async () => {
    await put('0', { state: 'done', missingSince: LONG_AGO });
    const state = await sync([]);
    expect(await getShard()).toBeUndefined();
    expect([...state.shards.keys()]).toEqual(['9']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['was sought', () => put('0', { state: 'open', epoch: 6, missingSince: LONG_AGO })],
    ['was sought and read to its end', () => put('0', { state: 'done', epoch: 7, missingSince: LONG_AGO })],
    [
      'was found',
      () => store.update(shardKey('0'), { unset: ['missingSince'], condition: { exists: 'epoch' } }, options),
    ],
  ])('is not forgotten if it %s meanwhile', async (_what, meanwhile) => {
    await put('0', { state: 'done', missingSince: LONG_AGO });
    const state = await sync([], { meanwhile });
    expect(await getShard()).toBeDefined();
    expect([...state.shards.keys()]).toContain('0');
  });
});

describe('a shard that is listed again', () => {
  const listed: SourceShard = { id: '0', state: 'open', parents: [] };

  it('is told with the children that have begun', async () => {
    await put('0', { missingSince: LONG_AGO, givenUpAt: NOW - 1 });
    const children = ['1', '2', '3'].map((id) => ({ id, state: 'open' as const, parents: ['0'] }));
    await put('1', { parents: ['0'], owner: 'a' });
    await put('2', { parents: ['0'] });
    await put('3', { parents: ['8'], owner: 'a' });
    await sync([listed, ...children]);
    expect(events).toMatchObject([{ event: 'shard.returned', level: 'warn', shard: '0', begun: ['1'] }]);
    expect(await getShard()).not.toHaveProperty('givenUpAt');
  });

  it('stays given up if that happened again meanwhile', async () => {
    await put('0', { missingSince: LONG_AGO, givenUpAt: NOW - 9 });
    await sync([listed], { meanwhile: () => put('0', { missingSince: LONG_AGO, givenUpAt: NOW - 1 }) });
    expect(await getShard()).toMatchObject({ givenUpAt: NOW - 1, missingSince: LONG_AGO });
  });
});

describe('a shard that was closed', () => {
  it('is read again by the slot of the higher grant, of two that list it', async () => {
    await hold('a', { generation: 11, assigned: { 0: 7 } });
    await hold('b', { generation: 12, assigned: { 0: 9 } });
    await hold('c', { generation: 13, assigned: { 0: 8 } });
    await put('0', {});
    await sync([{ id: '0', state: 'closed', parents: [] }]);
    expect(await getShard()).toMatchObject({ state: 'closing', closedUnder: 12 });
  });

  it('before it was ever seen is read up to its end as well', async () => {
    await sync([{ id: '0', state: 'closed', parents: [] }]);
    expect(await getShard()).toMatchObject({ epoch: NOW, state: 'closing', cursor: '0' });
  });
});
