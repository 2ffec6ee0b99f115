/** Which slots are started, and what is written of the others. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type ConsumerItem, consumerKey, type GroupItem, shardKey } from '../../lib/group/items.ts';
import { drain, undrain } from '../../lib/group/operations.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { chooseSlots } from '../../lib/scaling/chooseSlots.ts';
import { scale } from '../../lib/scaling/scale.ts';
import { deriveTimes } from '../../lib/times.ts';

const NOW = 1_763_700_000_000;
const INTERVAL_MS = 60_000;
const SLOTS = ['consumer-0', 'consumer-1', 'consumer-2', 'consumer-3'];
const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };

const slot = (more: Partial<ConsumerItem> = {}): ConsumerItem => ({
  ...{
    heartbeatAt: NOW - 1_000,
    expiresAt: NOW + INTERVAL_MS,
    tick: 9,
    invocation: 'i',
    busyUntil: NOW - 10_000,
  },
  ...{ generation: 7, acknowledged: 7, assigned: { a: 7 }, load: { busy: 0.1, behind: 0 } },
  ...more,
});
const leaving = { draining: true, scaledDown: true };
const left = { ...leaving, assigned: {} };

describe('the slots that are started', () => {
  const choose = (wanted: number, ...consumers: (ConsumerItem | undefined)[]) =>
    chooseSlots(
      SLOTS,
      new Map(consumers.flatMap((item, index) => (item === undefined ? [] : [[SLOTS[index]!, item]]))),
      wanted,
    );
  const none = { drain: [], undrain: [], remove: [] };

  it('are the first ones of a group that is new', () => {
    expect(choose(2)).toEqual({ ...none, start: SLOTS.slice(0, 2) });
  });

  it('are those that are there, before any that are not', () => {
    expect(choose(2, undefined, slot(), undefined, slot())).toEqual({
      ...none,
      start: ['consumer-1', 'consumer-3'],
    });
  });

  it('are the last ones once more, which are drained, when there are to be fewer', () => {
    expect(choose(2, slot(), slot(), slot())).toEqual({
      ...none,
      start: SLOTS.slice(0, 3),
      drain: ['consumer-2'],
    });
  });

  it('are those that are leaving, until they hold nothing under a plan that they know', () => {
    for (const still of [leaving, { ...left, acknowledged: 6 }, { ...leaving, acknowledged: 6 }]) {
      expect(choose(1, slot(), slot(still))).toEqual({ ...none, start: SLOTS.slice(0, 2) });
    }
    expect(choose(1, slot(), slot(left))).toEqual({ ...none, start: ['consumer-0'], remove: ['consumer-1'] });
  });

  it('are those that are leaving, which come back, before new ones', () => {
    expect(choose(2, slot(), undefined, slot(leaving))).toEqual({
      ...none,
      start: ['consumer-0', 'consumer-2'],
      undrain: ['consumer-2'],
    });
    expect(choose(2, slot(), undefined, slot(left))).toMatchObject({ undrain: ['consumer-2'], remove: [] });
  });

  it('are one more for each that an operator has drained, which goes on ticking', () => {
    expect(choose(2, slot(), slot({ draining: true, assigned: {} }))).toEqual({
      ...none,
      start: ['consumer-0', 'consumer-1', 'consumer-2'],
    });
  });
});

describe('a group that is scaled', () => {
  let store: GroupStore;
  let events: { event: string; level: string }[];
  const GROUP = {
    generation: 7,
    paused: false,
    scale: { slots: 3, lowered: false, calmIntervals: 10 },
    scaledAt: 1,
  };

  async function given(group: Partial<GroupItem>, ...consumers: ConsumerItem[]): Promise<void> {
    const items = new Map<string, object>([
      ['GROUP', { ...GROUP, ...group }],
      ...consumers.map((item, index) => [consumerKey(SLOTS[index]!), item] as const),
      ...Array.from('abcdef', (shard) => [shardKey(shard), { state: 'open' }] as const),
    ]);
    store = createMemoryStore(new Map(), 'orders');
    for (const [key, set] of items) {
      const condition = { absent: 'none' } as never;
      await store.update(key as 'GROUP', { set, condition }, options);
    }
  }
  const run = (over: Partial<GroupStore> = {}) => {
    const logger = createLogger({
      level: 'debug',
      now: () => NOW,
      write: (line) => events.push(JSON.parse(line)),
    });
    const scaling = { store: { ...store, ...over }, logger, now: () => NOW, times: deriveTimes(INTERVAL_MS) };
    return scale({ ...scaling, slots: SLOTS, slotsMin: 1 }, options);
  };
  const consumers = async () => (await store.readAll(read)).consumers;
  beforeEach(() => {
    events = [];
  });

  it('is given the next number, and the slot that is too much leaves; the one after that is decided later', async () => {
    await given({}, slot(), slot(), slot());
    expect(await run()).toEqual({ wanted: 2, start: SLOTS.slice(0, 3) });
    const group = await store.get('GROUP', read);
    expect(group).toMatchObject({ scale: { slots: 2, lowered: true, calmIntervals: 10 }, scaledAt: NOW });
    expect((await consumers()).get('consumer-2')).toMatchObject(leaving);
    expect((await consumers()).get('consumer-1')).not.toHaveProperty('draining');
    expect(events).toMatchObject([{ event: 'slots.scaled', from: 3, to: 2, shards: 6, behind: 0 }]);
    // Another run at the same time finds it so.
    expect(await run()).toEqual({ wanted: 2, start: SLOTS.slice(0, 3) });
    expect(events).toHaveLength(1);
  });

  it('writes nothing while nothing changes', async () => {
    await given({ scaledAt: NOW - INTERVAL_MS }, slot(), slot(), slot());
    const refuse = () => Promise.reject(new Error('no write was expected'));
    expect(await run({ update: refuse, remove: refuse })).toEqual({ wanted: 3, start: SLOTS.slice(0, 3) });
    expect(events).toEqual([]);
  });

  it('stays as it is while it is paused or complete', async () => {
    for (const still of [{ paused: true }, { completedAt: 1 }]) {
      await given(still, slot(), slot(), slot());
      expect(await run()).toMatchObject({ wanted: 3 });
    }
  });

  it('is left to a run that decided meanwhile', async () => {
    await given({}, slot(), slot(), slot());
    const stale = await store.readAll(read);
    const theirs = { scale: { slots: 4, lowered: false, calmIntervals: 10 }, scaledAt: NOW - 5 };
    await store.update('GROUP', { set: theirs, condition: { exists: 'generation' } }, options);
    expect(await run({ readAll: async () => stale })).toEqual({ wanted: 3, start: SLOTS.slice(0, 3) });
    expect(await store.get('GROUP', read)).toMatchObject(theirs);
  });

  it('loses a slot that has left, unless a run of it may be at work or it was given something', async () => {
    await given({ scale: { ...GROUP.scale, slots: 1 }, scaledAt: NOW }, slot(), slot(left));
    const stale = await store.readAll(read);
    const with2 = async (set: Partial<ConsumerItem>) =>
      store.update(consumerKey('consumer-1'), { set, condition: { exists: 'heartbeatAt' } }, options);
    await with2({ busyUntil: NOW - 1_000 });
    expect(await run()).toEqual({ wanted: 1, start: ['consumer-0'] });
    await with2({ busyUntil: NOW - 10_000, generation: 8, assigned: { a: 8 } });
    await run({ readAll: async () => stale });
    await with2({ generation: 7, assigned: {}, scaledDown: false });
    await run({ readAll: async () => stale });
    expect([...(await consumers()).keys()]).toEqual(['consumer-0', 'consumer-1']);
    await with2({ scaledDown: true });
    await run();
    expect([...(await consumers()).keys()]).toEqual(['consumer-0']);
    expect(events).toMatchObject([{ event: 'slot.left', left: 'consumer-1' }]);
  });

  it('has a slot back that was leaving, and plans for it at once', async () => {
    await given(
      { planDueAt: NOW + 1, scale: { ...GROUP.scale, slots: 2 }, scaledAt: NOW },
      slot(),
      slot(leaving),
    );
    expect(await run()).toEqual({ wanted: 2, start: SLOTS.slice(0, 2) });
    const back = (await consumers()).get('consumer-1');
    expect(back).toMatchObject({ draining: false });
    expect(back).not.toHaveProperty('scaledDown');
    expect(await store.get('GROUP', read)).toMatchObject({ planDueAt: 0 });
  });

  it('leaves what an operator drains to the operator, and takes nothing for that which was', async () => {
    await given({ scale: { ...GROUP.scale, slots: 1 }, scaledAt: NOW }, slot(), slot());
    const stale = await store.readAll(read);
    await drain(store, 'consumer-1', options);
    await run({ readAll: async () => stale });
    expect((await consumers()).get('consumer-1')).not.toHaveProperty('scaledDown');
    await given({ scale: { ...GROUP.scale, slots: 1 }, scaledAt: NOW }, slot(), slot());
    await run();
    await undrain(store, 'consumer-1', options);
    await drain(store, 'consumer-1', options);
    expect((await consumers()).get('consumer-1')).not.toHaveProperty('scaledDown');
    expect(await run()).toMatchObject({ start: SLOTS.slice(0, 2) });
  });

  it('is started all the same where nothing can be written, as it stands', async () => {
    await given({}, slot(), slot(), slot(), slot(left));
    const fails = () => Promise.reject(new Error('throttled'));
    expect(await run({ update: fails, remove: fails })).toEqual({ wanted: 3, start: SLOTS.slice(0, 3) });
    expect(events.map(({ event }) => event)).toEqual(['slots.notScaled', 'slot.notChanged']);
  });
});
