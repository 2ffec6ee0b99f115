/** What an operator removes while somebody else may be at work: each is fenced by what was seen of it. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type ConsumerItem,
  consumerKey,
  type GroupItem,
  type ShardItem,
  shardKey,
} from '../../lib/group/items.ts';
import { deleteGroup, drain, removeSlot, seek, undrain } from '../../lib/group/operations.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const NOW = 1_763_700_000_000;
const MARGIN_MS = 2_000;
const limits = { now: NOW, skewMarginMs: MARGIN_MS };
const planDueAt = async () => (await store.get('GROUP', read))?.planDueAt;
let store: GroupStore;

const setGroup = (set: Partial<GroupItem>) =>
  store.update('GROUP', { set, condition: { absent: 'nothing' as 'generation' } }, options);
const setSlot = (set: Partial<ConsumerItem>) =>
  store.update(consumerKey('a'), { set, condition: { absent: 'nothing' as 'tick' } }, options);
const setShard = (set: Partial<ShardItem>) =>
  store.update(shardKey('0'), { set, condition: { absent: 'nothing' as 'epoch' } }, options);

/** A group whose only slot is over, for certain. */
beforeEach(async () => {
  store = createMemoryStore(new Map(), 'orders');
  await setGroup({ generation: 7, planDueAt: NOW + 60_000 });
  await setSlot({ tick: 5, heartbeatAt: NOW - 300_000, expiresAt: NOW - 180_000, busyUntil: NOW - 252_000 });
  await setShard({ epoch: 5, cursor: 'c0', state: 'open', parents: [], owner: 'a', grant: 7 });
});

/** The same table, in which something happens as soon as it was read. */
const meanwhile = (happens: () => Promise<unknown>): GroupStore => ({
  ...store,
  readAll: async (reading) => {
    const state = await store.readAll(reading);
    await happens();
    return state;
  },
});

describe('a slot', () => {
  it.each([
    [{ dryRun: false }, NOW - MARGIN_MS, false],
    [{ dryRun: false }, NOW - MARGIN_MS - 1, true],
    [{ dryRun: true }, NOW - MARGIN_MS, false],
    [{ dryRun: true }, NOW - MARGIN_MS - 1, true],
  ])(
    'is removed once its run is over by a margin for clocks (%j, %i): %s',
    async (how, busyUntil, removed) => {
      await setSlot({ busyUntil });
      const answer = removed ? { removed } : { removed, busyUntil };
      expect(await removeSlot(store, 'a', { ...limits, ...how }, options)).toEqual(answer);
    },
  );

  it('that is removed, drained or not drained any more has a plan made soon', async () => {
    for (const change of [drain, undrain]) {
      await setGroup({ planDueAt: NOW + 60_000 });
      await change(store, 'a', options);
      expect(await planDueAt()).toBe(0);
    }
    await setGroup({ planDueAt: NOW + 60_000 });
    await removeSlot(store, 'a', limits, options);
    expect(await planDueAt()).toBe(0);
  });

  it('that is removed does not come back because a shard that it had is sought', async () => {
    await removeSlot(store, 'a', limits, options);
    await seek(store, { cursorAt: async () => 'c1' }, { shard: '0', to: { at: 'end' } }, options);
    expect(await store.get(shardKey('0'), read)).toMatchObject({ cursor: 'c1' });
    expect(await store.get(consumerKey('a'), read)).toBeUndefined();
  });
});

describe('a group', () => {
  it.each([
    ['lives, by a margin for clocks', { expiresAt: NOW - MARGIN_MS }],
    ['has a run that may be at work', { busyUntil: NOW - MARGIN_MS }],
  ])('is not deleted while a slot %s', async (_why, slot) => {
    await setSlot(slot);
    expect(await deleteGroup(store, limits, options)).toEqual({ deleted: false, live: ['a'] });
    expect(await store.get(shardKey('0'), read)).toBeDefined();
  });

  it('is deleted as soon as none does', async () => {
    await setSlot({ expiresAt: NOW - MARGIN_MS - 1, busyUntil: NOW - MARGIN_MS - 1 });
    expect(await deleteGroup(store, limits, options)).toEqual({ deleted: true });
    expect(await store.readAll(read)).toEqual({ group: undefined, consumers: new Map(), shards: new Map() });
  });

  it('is not deleted where a slot has ticked meanwhile, though its run is over already', async () => {
    const ticked = meanwhile(() => setSlot({ expiresAt: NOW + 120_000 }));
    expect(await deleteGroup(ticked, limits, options)).toEqual({ deleted: false, live: ['a'] });
    expect(await store.get(shardKey('0'), read)).toBeDefined();
  });

  it('that is made anew meanwhile keeps what it has since', async () => {
    const made = meanwhile(async () => {
      await setGroup({ generation: 8 });
      await setShard({ epoch: 6 });
    });
    await deleteGroup(made, limits, options);
    expect(await store.get('GROUP', read)).toMatchObject({ generation: 8 });
    expect(await store.get(shardKey('0'), read)).toMatchObject({ epoch: 6 });
  });
});
