/** What one plan writes: whose session is over, when to look again, and whether the group has read all that it should. */
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import {
  type ConsumerItem,
  consumerKey,
  type GroupItem,
  type ShardItem,
  shardKey,
} from '../../lib/group/items.ts';
import { plan } from '../../lib/group/plan.ts';
import { settled } from '../../lib/group/settled.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { createWaitingClock } from '../http/support.ts';
import { createCountingRandom } from '../support/clock.ts';
import { planningOf } from '../support/planning.ts';
import { INTERVAL_MS } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const NOW = 1_763_700_000_000;
const { times } = planningOf(createMemoryStore(new Map(), 'orders'), NOW, []);
let store: GroupStore;

beforeEach(async () => {
  store = createMemoryStore(new Map(), 'orders');
  const group = {
    generation: 7,
    planUntil: 0,
    planDueAt: NOW,
    createdAt: 1,
    initialized: true,
    paused: false,
  };
  await store.update('GROUP', { set: group, condition: { absent: 'generation' } }, options);
});

const putShard = (id: string, given: Partial<ShardItem> = {}) => {
  const set: ShardItem = { epoch: 5, cursor: 'c0', state: 'open', parents: [], ...given };
  return store.update(shardKey(id), { set, condition: { absent: 'epoch' } }, options);
};
/** A slot that lives, and of which a plan has heard. */
const putSlot = (slot: string, given: Partial<ConsumerItem> = {}) => {
  const expiresAt = NOW + INTERVAL_MS;
  const set = { heartbeatAt: NOW, expiresAt, busyUntil: 0, tick: 1, generation: 7, assigned: {}, ...given };
  return store.update(consumerKey(slot), { set, condition: { absent: 'tick' } }, options);
};
const getGroup = async (): Promise<GroupItem> => (await store.get('GROUP', read))!;
const slots = async (): Promise<string[]> => [...(await store.readAll(read)).consumers.keys()];

async function planOnce(given: Partial<ReturnType<typeof planningOf>> = {}, listed = ['0']) {
  return plan({ ...planningOf(store, NOW, listed), ...given }, await getGroup(), options);
}

describe('a session', () => {
  it.each([
    [0, ['a', 'b']],
    [1, ['b']],
  ])('is over %i ms after its end and the margin for clocks: then %j are left', async (ms, left) => {
    await putShard('0');
    await putSlot('a', { expiresAt: NOW - times.skewMarginMs - ms });
    await putSlot('b');
    await planOnce();
    expect(await slots()).toEqual(left);
  });

  it('that is over, of a run that may be at work, is looked at again after half an interval', async () => {
    await putShard('0');
    await putSlot('a', { expiresAt: NOW - 10 * INTERVAL_MS, busyUntil: NOW });
    const planned = await planOnce();
    expect(await slots()).toEqual(['a']);
    expect(planned).toMatchObject({ planDueAt: NOW + INTERVAL_MS / 2 });
    expect(await getGroup()).toMatchObject({ planDueAt: NOW + INTERVAL_MS / 2, planUntil: 0 });
  });

  it('that has ended for the planner, and was renewed since, keeps its slot in the plan', async () => {
    await putShard('0');
    const expired = { expiresAt: NOW - INTERVAL_MS };
    await putSlot('a', expired);
    const renewing: GroupStore = {
      ...store,
      remove: async (key, condition, how) => {
        const set = { expiresAt: NOW + INTERVAL_MS };
        await store.update(consumerKey('a'), { set, condition: { exists: 'tick' } }, options);
        return store.remove(key, condition, how);
      },
    };
    await planOnce({ store: renewing });
    const { consumers } = await store.readAll(read);
    expect(consumers.get('a')?.assigned).toEqual({ 0: 8 });
  });
});

describe('the end of a plan', () => {
  /** Something happens after the plan has taken its lock. */
  const during = (happens: () => Promise<unknown>): GroupStore => ({
    ...store,
    async readAll(how) {
      if (how.consistent) await happens();
      return store.readAll(how);
    },
  });

  it('is not written by a planner whose lock another one has', async () => {
    await putShard('0');
    await putSlot('a');
    const theirs = { generation: 9, planUntil: NOW + 48_000, planner: 'theirs' };
    const taken = () => store.update('GROUP', { set: theirs, condition: { exists: 'generation' } }, options);
    await planOnce({ store: during(taken) });
    expect(await getGroup()).toMatchObject(theirs);
  });

  it('is not written by one whose lock was over, and taken with the same times', async () => {
    await putShard('0');
    await putSlot('a');
    const ended = { planUntil: 0, planDueAt: 0 };
    const over = () => store.update('GROUP', { set: ended, condition: { exists: 'generation' } }, options);
    await planOnce({ store: during(over) });
    expect(await getGroup()).toMatchObject(ended);
  });

  it('that has landed without an answer undoes nothing when it is sent again', async () => {
    await putShard('0');
    await putSlot('a');
    let isLost = false;
    const losing = {
      ...store,
      async update(...[key, write, how]: Parameters<GroupStore['update']>) {
        const written = await store.update(key, write, how);
        if (isLost || (write.set as Partial<GroupItem>)?.initialized === undefined) return written;
        isLost = true;
        await store.update('GROUP', { set: { planDueAt: 0 }, condition: { exists: 'generation' } }, options);
        throw new StoreError('no answer', { code: 'Timeout', outcome: 'unknown', retriable: true });
      },
    } as GroupStore;
    const runtime = { clock: createWaitingClock(), random: createCountingRandom() };
    await planOnce({ store: settled(losing, runtime) });
    expect(isLost).toBe(true);
    expect(await getGroup()).toMatchObject({ planDueAt: 0, initialized: true });
  });
});

describe('a group that reads up to an end', () => {
  const END = NOW - 1;
  const completedAt = async (endAt: number | undefined = END, listed = ['0']) => {
    await planOnce({ endAt }, listed);
    return (await getGroup()).completedAt;
  };

  it.each<[string, Partial<ShardItem>]>([
    ['read up to it', { state: 'done' }],
    ['given up', { givenUpAt: 3, missingSince: 2 }],
  ])('is complete when its shards are %s', async (_what, given) => {
    await putShard('1', given);
    await putShard('0', { state: 'done' });
    await putSlot('a');
    expect(await completedAt()).toBe(NOW);
  });

  it('is not while one is left, nor without any, nor before that time is past', async () => {
    await putSlot('a');
    const listShards = async () => [];
    const stream = { ...planningOf(store, NOW, []).stream, listStreams: listShards };
    await planOnce({ endAt: END, stream }, []);
    expect((await getGroup()).completedAt).toBeUndefined();
    await putShard('0', { state: 'done' });
    expect(await completedAt(NOW)).toBeUndefined();
    await putShard('1');
    expect(await completedAt()).toBeUndefined();
  });

  it('does not wait for a stream that it no longer reads', async () => {
    await putShard('orders:0', { state: 'done' });
    await putShard('audit:0');
    await putSlot('a');
    const open = { id: 'orders:0', state: 'open' as const, parents: [] };
    const listStreams = async () => [{ stream: 'orders', shards: [open] }];
    await planOnce({ endAt: END, stream: { ...planningOf(store, NOW, []).stream, listStreams } });
    expect((await getGroup()).completedAt).toBe(NOW);
  });

  it('is told once', async () => {
    await putShard('0', { state: 'done' });
    await putSlot('a');
    expect(await completedAt()).toBe(NOW);
    await store.update(
      'GROUP',
      { set: { completedAt: 5, planDueAt: NOW }, condition: { exists: 'paused' } },
      options,
    );
    expect(await completedAt()).toBe(5);
  });
});
