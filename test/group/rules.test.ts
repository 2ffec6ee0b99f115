import { beforeEach, describe, expect, it } from 'vitest';
import { claim } from '../../lib/group/claim.ts';
import { commit, notePending } from '../../lib/group/commit.ts';
import { heartbeat } from '../../lib/group/heartbeat.ts';
import { type ConsumerItem, consumerKey, type ShardItem, shardKey } from '../../lib/group/items.ts';
import { mayWork, ownerHasLeft } from '../../lib/group/ownership.ts';
import { settled } from '../../lib/group/settled.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createWaitingClock } from '../http/support.ts';
import { createCountingRandom } from '../support/clock.ts';
import { createFaultyStore, type FaultyStore } from '../support/faultyStore.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const times = deriveTimes(60_000);
const NOW = 1_763_700_000_000;
let store: FaultyStore;
/** As a tick has it: its writes find out what became of them. */
let ours: GroupStore;

beforeEach(() => {
  store = createFaultyStore(createMemoryStore(new Map(), 'orders'));
  ours = settled(store, { clock: createWaitingClock(), random: createCountingRandom() });
});

const putConsumer = (slot: string, item: Partial<ConsumerItem>) =>
  store.update(consumerKey(slot), { set: item, condition: { absent: 'nothing' as 'tick' } }, options);
const putShard = (item: Partial<ShardItem>) =>
  store.update(
    shardKey('0'),
    {
      set: { epoch: 5, cursor: 'c0', state: 'open', parents: [], ...item },
      condition: { absent: 'nothing' as 'epoch' },
    },
    options,
  );
const getShard = (id = '0') => store.get(shardKey(id), read);

describe('a heartbeat', () => {
  const beat = (now: number, nonce: string) =>
    heartbeat(ours, { slot: 'a', nonce, now, deadline: now + times.functionTimeoutMs, times }, options);

  it('makes the slot, takes it until the deadline, and counts', async () => {
    expect(await beat(NOW, 'first')).toEqual({
      accepted: true,
      consumer: {
        heartbeatAt: NOW,
        expiresAt: NOW + 180_000,
        busyUntil: NOW + 48_000,
        invocation: 'first',
        acknowledged: 0,
        tick: 1,
      },
    });
    expect(await beat(NOW + 60_000, 'second')).toMatchObject({ accepted: true, consumer: { tick: 2 } });
  });

  it('acknowledges the plan that it sees', async () => {
    await putConsumer('a', { generation: 9, assigned: { 0: 9 } });
    expect(await beat(NOW, 'first')).toMatchObject({ consumer: { acknowledged: 9, assigned: { 0: 9 } } });
  });

  it('is refused until the deadline of the run before is past, and a margin for clocks', async () => {
    await beat(NOW, 'first');
    const deadline = NOW + times.functionTimeoutMs;
    const refused = { accepted: false, consumer: { busyUntil: deadline, invocation: 'first' } };
    expect(await beat(deadline, 'second')).toMatchObject(refused);
    expect(await beat(deadline + times.skewMarginMs, 'second')).toMatchObject(refused);
    expect(await beat(deadline + times.skewMarginMs + 1, 'second')).toMatchObject({ accepted: true });
  });

  it('recognises its own write when the network delivered it twice', async () => {
    await beat(NOW, 'first');
    expect(await beat(NOW + 10, 'first')).toMatchObject({ accepted: true, consumer: { tick: 1 } });
  });

  it.each(['lostBefore', 'lostAfter'] as const)(
    'whose connection died (%s) is sent again, and its nonce tells whether it had landed',
    async (fate) => {
      await putConsumer('a', { generation: 9, assigned: { 0: 9 }, busyUntil: NOW - 60_000, tick: 4 });
      store.next(fate);
      expect(await beat(NOW, 'first')).toMatchObject({
        accepted: true,
        consumer: { tick: 5, invocation: 'first', acknowledged: 9 },
      });
    },
  );

  it('whose connection died while another run took the slot is refused', async () => {
    const taken = heartbeat(
      store,
      { slot: 'a', nonce: 'other', now: NOW, deadline: NOW + 1_000, times },
      options,
    );
    store.next('lostBefore');
    await taken;
    const refused = { accepted: false, consumer: { busyUntil: NOW + 1_000, invocation: 'other' } };
    expect(await beat(NOW, 'first')).toMatchObject(refused);
  });

  it('that was refused learns by a consistent read whether it was its own', async () => {
    await beat(NOW, 'first');
    const reads: boolean[] = [];
    const get = ours.get;
    ours.get = (key, how) => {
      reads.push(how.consistent);
      return get(key, how);
    };
    await beat(NOW, 'second');
    expect(reads).toEqual([true]);
  });

  it('that lands after the one sent for it changes nothing', async () => {
    await beat(NOW, 'first');
    await putConsumer('a', { generation: 9, assigned: { 0: 9 } });
    const late = await heartbeat(
      store,
      { slot: 'a', nonce: 'first', now: NOW, deadline: NOW + times.functionTimeoutMs, times },
      options,
    );
    // It works by the plan that it reads; nobody is told that the first answer knew of it.
    expect(late).toMatchObject({ consumer: { tick: 1, acknowledged: 0, generation: 9 } });
  });

  it('without any answer is an error: no work may be done on it', async () => {
    store.next('lostAfter', 'lostBefore', 'lostBefore', 'lostBefore');
    await expect(beat(NOW, 'first')).rejects.toMatchObject({ outcome: 'unknown' });
  });
});

describe('who may work on a shard', () => {
  const item = (owner: string, grant: number) => ({ owner, grant }) as ShardItem;

  it('is the owner, under the grant that it claimed', () => {
    expect(mayWork(item('a', 7), 'a', 7)).toBe(true);
    expect(mayWork(item('b', 7), 'a', 7)).toBe(false);
  });

  it('is not the owner under another grant: between the two, somebody else may have been promised the shard', () => {
    expect(mayWork(item('a', 7), 'a', 8)).toBe(false);
  });
});

describe('an old owner', () => {
  const owner = (given: Partial<ConsumerItem>) =>
    ({ generation: 9, acknowledged: 9, busyUntil: NOW, ...given }) as ConsumerItem;
  const hasLeft = (given: ConsumerItem | undefined, now = NOW) => ownerHasLeft(given, '0', now, 1_000);

  it('has left when its slot is gone', () => {
    expect(hasLeft(undefined)).toBe(true);
  });

  it('has not while the plan still lists the shard for it, however long it is silent', () => {
    expect(hasLeft(owner({ assigned: { 0: 3 } }), NOW + 1e9)).toBe(false);
  });

  it('has when it has ticked under the plan that took the shard away', () => {
    expect(hasLeft(owner({ assigned: { 1: 3 } }))).toBe(true);
  });

  it('has, without having seen that plan, only after its deadline and the margin', () => {
    const unaware = owner({ acknowledged: 8, assigned: {} });
    expect(hasLeft(unaware, NOW + 1_000)).toBe(false);
    expect(hasLeft(unaware, NOW + 1_001)).toBe(true);
  });
});

describe('a claim', () => {
  const request = { slot: 'b', shard: '0', grant: 9, now: NOW, skewMarginMs: 1_000, order: true };
  const attempt = async (given: Partial<typeof request> = {}) =>
    claim(store, { ...request, ...given }, (await getShard())!, options);

  it('takes a free shard and its next epoch', async () => {
    await putShard({});
    expect(await attempt()).toMatchObject({ claimed: true, item: { owner: 'b', grant: 9, epoch: 6 } });
  });

  it('waits for the owner', async () => {
    await putShard({ owner: 'a', grant: 3 });
    await putConsumer('a', { assigned: { 0: 3 }, generation: 3, acknowledged: 3, busyUntil: 0 });
    expect(await attempt()).toEqual({ claimed: false, waiting: 'owner' });
  });

  it('of its own shard under a new grant needs no waiting', async () => {
    await putShard({ owner: 'b', grant: 3 });
    await putConsumer('b', { assigned: { 0: 9 }, generation: 9, acknowledged: 3, busyUntil: NOW });
    expect(await attempt()).toMatchObject({ claimed: true, item: { grant: 9, epoch: 6 } });
  });

  it('loses to whoever was faster', async () => {
    await putShard({});
    const seen = (await getShard())!;
    await attempt({ slot: 'c' });
    expect(await claim(store, request, seen, options)).toEqual({ claimed: false, waiting: 'race' });
  });

  it('reads on from where the old owner committed last, also after the claimer had looked', async () => {
    await putShard({ owner: 'a', grant: 3 });
    const seen = (await getShard())!;
    await commit(
      store,
      { shard: '0', slot: 'a', epoch: 5, cursor: 'c0', step: undefined as number | undefined },
      { to: 'c1', done: false, lagMs: 0 },
      options,
    );
    expect(await claim(store, request, seen, options)).toMatchObject({ item: { cursor: 'c1' } });
  });

  it('sees what was written before it asks: an owner or a parent as they were would let it begin too early', async () => {
    await putShard({ owner: 'a', grant: 3, parents: ['1'] });
    const reads: [key: string, consistent: boolean][] = [];
    const noting: GroupStore = {
      ...store,
      get: (key, how) => {
        reads.push([key, how.consistent]);
        return store.get(key, how);
      },
    };
    await claim(noting, request, (await getShard())!, options);
    expect(reads).toEqual([
      ['SHARD#1', true],
      ['CONSUMER#a', true],
    ]);
  });

  it('waits for every parent, but not for one that was cleaned up', async () => {
    await putShard({ parents: ['1', 'gone'] });
    await store.update(
      shardKey('1'),
      { set: { epoch: 1, state: 'closing' }, condition: { absent: 'epoch' } },
      options,
    );
    expect(await attempt()).toEqual({ claimed: false, waiting: 'parents' });
    expect(await attempt({ order: false })).toMatchObject({ claimed: true });
    await store.update(shardKey('1'), { set: { state: 'done' }, condition: { exists: 'epoch' } }, options);
    expect(await attempt()).toMatchObject({ claimed: true });
  });
});

describe('a checkpoint', () => {
  const holding = { shard: '0', slot: 'a', epoch: 5, cursor: 'c0', step: undefined as number | undefined };
  const move = (given: Partial<typeof holding> = {}) =>
    commit(ours, { ...holding, ...given }, { to: 'c1', done: false, lagMs: 20 }, options);

  beforeEach(() =>
    putShard({
      owner: 'a',
      grant: 3,
      pending: { to: 'c1', count: 5, done: 0, attempts: 1, firstAt: 1, lastAt: 1, message: '' },
      sought: true,
    }),
  );

  it('moves from the cursor it was read at, and forgets the failure, and that it was sought', async () => {
    expect(await move()).toBe(true);
    const { pending, ...item } = (await getShard())!;
    expect(pending).toBeUndefined();
    expect(item).not.toHaveProperty('sought');
    expect(item).toMatchObject({ cursor: 'c1', lagMs: 20, state: 'open' });
  });

  it.each([
    ['another owner', { slot: 'b' }],
    ['an older epoch', { epoch: 4 }],
    ['another cursor', { cursor: 'c9' }],
  ])('is refused from %s', async (_who, given) => {
    expect(await move(given)).toBe(false);
    expect(await getShard()).toMatchObject({ cursor: 'c0' });
  });

  it('marks a shard that was read to its end as done', async () => {
    await commit(ours, holding, { to: 'c0', done: true, lagMs: 0 }, options);
    expect(await getShard()).toMatchObject({ cursor: 'c0', state: 'done' });
  });

  it.each(['lostBefore', 'lostAfter'] as const)('whose answer is lost (%s) is found out', async (fate) => {
    store.next(fate);
    expect(await move()).toBe(true);
    expect(await getShard()).toMatchObject({ cursor: 'c1' });
  });

  it('whose answer is lost after somebody took the shard is refused', async () => {
    await store.update(
      shardKey('0'),
      { set: { owner: 'b' }, add: { epoch: 1 }, condition: { exists: 'epoch' } },
      options,
    );
    store.next('lostBefore');
    expect(await move()).toBe(false);
  });

  it('without any answer is an error', async () => {
    store.next('lostAfter', 'lostBefore', 'lostBefore', 'lostBefore');
    await expect(move()).rejects.toMatchObject({ outcome: 'unknown' });
  });

  it('is not tried again when the service said no', async () => {
    store.next('throttled');
    const before = store.updates;
    await expect(move()).rejects.toMatchObject({ outcome: 'refused' });
    expect(store.updates).toBe(before + 1);
  });

  it('has the same fence for what is pending', async () => {
    const pending = { to: 'c1', count: 5, done: 3, attempts: 2 };
    expect(await notePending(ours, holding, pending, options)).toBe(true);
    expect(await getShard()).toMatchObject({ pending, step: 1, cursor: 'c0' });
    expect(await notePending(ours, { ...holding, epoch: 4, step: 1 }, pending, options)).toBe(false);
  });

  it('and what is pending are refused to whoever has not seen what was noted last', async () => {
    const pending = { to: 'c1', count: 5, done: 3, attempts: 2 };
    await notePending(ours, holding, pending, options);
    expect(await notePending(ours, holding, { ...pending, done: 1 }, options)).toBe(false);
    expect(await move()).toBe(false);
    expect(await getShard()).toMatchObject({ pending, step: 1, cursor: 'c0' });
    expect(await move({ step: 1 })).toBe(true);
    expect(await getShard()).not.toHaveProperty('step');
  });
});
