import { beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import { claim } from '../../lib/group/claim.ts';
import {
  type ConsumerItem,
  consumerKey,
  type GroupItem,
  type ShardItem,
  shardKey,
} from '../../lib/group/items.ts';
import { isLeftBy, settled } from '../../lib/group/settled.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { createWaitingClock } from '../http/support.ts';
import { createCountingRandom } from '../support/clock.ts';
import { createFaultyStore, type FaultyStore } from '../support/faultyStore.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const runtime = { clock: createWaitingClock(), random: createCountingRandom() };
const lost = ['lostBefore', 'lostAfter'] as const;
let faulty: FaultyStore;
let store: GroupStore;

beforeEach(async () => {
  const memory = createMemoryStore(new Map(), 'orders');
  faulty = createFaultyStore(memory);
  store = settled(faulty, runtime);
  const shard: ShardItem = { epoch: 5, cursor: 'c0', state: 'open', parents: [] };
  await memory.update(shardKey('0'), { set: shard, condition: { absent: 'epoch' } }, options);
  const group: Partial<GroupItem> = { generation: 7, planUntil: 0, planDueAt: 100 };
  await memory.update('GROUP', { set: group, condition: { absent: 'generation' } }, options);
});

describe('a write without an answer', () => {
  it.each(lost)('takes the plan lock once (%s)', async (fate) => {
    faulty.next(fate);
    const locked = await lock('mine');
    expect(locked).toMatchObject({ accepted: true, item: { generation: 8, planner: 'mine' } });
  });

  it('does not take the lock of another planner with the same times for its own', async () => {
    await lock('theirs');
    faulty.next('lostBefore');
    expect(await lock('mine')).toEqual({ accepted: false });
  });

  it.each(lost)('claims a shard once (%s)', async (fate) => {
    const seen = (await store.get(shardKey('0'), read))!;
    const request = { slot: 'a', shard: '0', grant: 9, now: 0, skewMarginMs: 0, order: true };
    faulty.next(fate);
    expect(await claim(store, request, seen, options)).toMatchObject({ claimed: true, item: { epoch: 6 } });
  });

  it('that removes is looked for consistently, once somebody says no', async () => {
    const reads: boolean[] = [];
    let attempts = 0;
    const removing: GroupStore = {
      ...faulty,
      async remove() {
        if (++attempts > 1) return false;
        throw new StoreError('no answer', { code: 'Timeout', outcome: 'unknown', retriable: true });
      },
      get: (key, how) => {
        reads.push(how.consistent);
        return faulty.get(key, how);
      },
    };
    const condition = { equal: 'epoch', value: 5 } as const;
    expect(await settled(removing, runtime).remove(shardKey('0'), condition, options)).toBe(false);
    expect(reads).toEqual([true]);
  });

  it.each(lost)('removes (%s)', async (fate) => {
    const memory = createMemoryStore(new Map(), 'orders');
    const set = { heartbeatAt: 1, busyUntil: 1 };
    await memory.update(consumerKey('a'), { set, condition: { absent: 'tick' } }, options);
    let attempts = 0;
    const removing: GroupStore = {
      ...memory,
      async remove(key, condition, reading) {
        if (++attempts > 1) return memory.remove(key, condition, reading);
        if (fate === 'lostAfter') await memory.remove(key, condition, reading);
        throw new StoreError('no answer', { code: 'Timeout', outcome: 'unknown', retriable: true });
      },
    };
    expect(
      await settled(removing, runtime).remove(consumerKey('a'), { less: 'busyUntil', value: 2 }, options),
    ).toBe(true);
    expect(attempts).toBe(2);
  });

  it('is given up after four attempts, and still nobody knows what became of it', async () => {
    faulty.next('lostAfter', 'lostBefore', 'lostBefore', 'throttled');
    await expect(lock('mine')).rejects.toMatchObject({ outcome: 'unknown' });
    faulty.next(...Array<'lostBefore'>(4).fill('lostBefore'));
    await expect(lock('mine')).rejects.toMatchObject({ outcome: 'unknown' });
    expect(faulty.updates).toBe(8);
  });

  it('is sent again at once, and then after growing waits', async () => {
    const clock = createWaitingClock();
    store = settled(faulty, { clock, random: createCountingRandom() });
    faulty.next('lostBefore');
    await lock('mine');
    expect(clock.waitsMs).toEqual([]);
    faulty.next('lostBefore', 'lostBefore', 'lostBefore');
    await lock('another');
    expect(clock.waitsMs).toEqual([50, 100]);
  });

  it('whose tick ends during a wait is not sent again', async () => {
    const ended = new AbortController();
    const clock = { ...createWaitingClock(), sleep: async () => ended.abort() };
    store = settled(faulty, { clock, random: createCountingRandom() });
    faulty.next('lostBefore', 'lostBefore', 'lostBefore');
    const write = { set: { paused: true }, condition: { exists: 'generation' } } as const;
    await expect(store.update('GROUP', write, { signal: ended.signal })).rejects.toMatchObject({
      outcome: 'unknown',
    });
    expect(faulty.updates).toBe(2);
  });

  it('is the only one that costs a read, and that is a consistent one', async () => {
    const reads: boolean[] = [];
    const counting: GroupStore = {
      ...faulty,
      get: (key, how) => {
        reads.push(how.consistent);
        return faulty.get(key, how);
      },
    };
    store = settled(counting, runtime);
    await lock('theirs');
    expect(await lock('mine')).toEqual({ accepted: false });
    expect(await store.remove('GROUP', { equal: 'generation', value: 1 }, options)).toBe(false);
    expect(reads).toEqual([]);
    faulty.next('lostBefore');
    expect(await lock('mine')).toEqual({ accepted: false });
    expect(reads).toEqual([true]);
  });

  it('is not sent again when the tick is over, nor when the service said no', async () => {
    const ended = new AbortController();
    const ending: GroupStore = {
      ...faulty,
      update() {
        ended.abort();
        throw new StoreError('cut', { code: 'AbortError', outcome: 'unknown', retriable: true });
      },
    };
    const write = { set: { paused: true }, condition: { exists: 'generation' } } as const;
    await expect(
      settled(ending, runtime).update('GROUP', write, { signal: ended.signal }),
    ).rejects.toMatchObject({ code: 'AbortError' });
    faulty.next('throttled');
    await expect(lock('mine')).rejects.toMatchObject({ outcome: 'refused' });
    expect(faulty.updates).toBe(1);
  });

  function lock(planner: string) {
    const condition = {
      all: [
        { less: 'planUntil', value: 50 },
        { equal: 'planDueAt', value: 100 },
      ],
    } as const;
    const set = { planUntil: 90, planner, plannedAt: 60 };
    return store.update('GROUP', { set, add: { generation: 1 }, condition }, options);
  }
});

describe('an item is as a write leaves it', () => {
  const shard = { epoch: 6, owner: 'a', grant: 9, cursor: 'c0', state: 'open', parents: [] } as ShardItem;
  const condition = {
    all: [{ absent: 'owner' }, { equal: 'epoch', value: 5 }, { equal: 'state', value: 'open' }],
  } as const;
  const claimed = { set: { owner: 'a', grant: 9 }, add: { epoch: 1 }, condition };

  it('with what it set, added and did not touch', () => {
    expect(isLeftBy<ShardItem>(claimed, shard)).toBe(true);
  });

  it.each([{ owner: 'b' }, { grant: 8 }, { epoch: 7 }, { state: 'done' as const }])(
    'not with %j',
    (other) => {
      expect(isLeftBy<ShardItem>(claimed, { ...shard, ...other })).toBe(false);
    },
  );

  it('not with what was not there before, and it did not set', () => {
    const write = { set: { grant: 9 }, condition: { absent: 'givenUpAt' } } as const;
    expect(isLeftBy<ShardItem>(write, shard)).toBe(true);
    expect(isLeftBy<ShardItem>(write, { ...shard, givenUpAt: 7 })).toBe(false);
  });

  it('with whatever it copied, though its condition names what was there before', () => {
    const write = {
      copy: { acknowledged: { from: 'generation', otherwise: 0 } },
      condition: { equal: 'acknowledged', value: 3 },
    } as const;
    const consumer = { tick: 2, generation: 9, acknowledged: 9 } as ConsumerItem;
    expect(isLeftBy<ConsumerItem>(write, consumer)).toBe(true);
  });

  it('not with what it took away', () => {
    const pending = { to: 'c1', count: 5, done: 0, attempts: 1 };
    const write = { unset: ['pending'] as const, condition: { exists: 'epoch' } as const };
    expect(isLeftBy<ShardItem>(write, { ...shard, pending })).toBe(false);
    expect(isLeftBy<ShardItem>(write, shard)).toBe(true);
  });
});
