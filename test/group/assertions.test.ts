/** Mistakes of whoever calls the rules: they end in an assertion, and nothing is written. */
import { AssertionError } from 'node:assert/strict';
import { beforeEach, describe, expect, it } from 'vitest';
import { assign } from '../../lib/group/assign.ts';
import { claim } from '../../lib/group/claim.ts';
import { commit, notePending } from '../../lib/group/commit.ts';
import { heartbeat } from '../../lib/group/heartbeat.ts';
import { type ConsumerItem, consumerKey, type ShardItem, shardKey } from '../../lib/group/items.ts';
import { plan } from '../../lib/group/plan.ts';
import { planEvenly, type Strategy } from '../../lib/group/planner.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { forEachParallel } from '../../lib/parallel.ts';
import { consumeBatches } from '../../lib/tick/batches.ts';
import type { ShardContext } from '../../lib/tick/context.ts';
import type { ShardResult } from '../../lib/tick/result.ts';
import { deriveTimes } from '../../lib/times.ts';
import { planningOf } from '../support/planning.ts';
import { createWorld } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const times = deriveTimes(60_000);
const NOW = 1_763_700_000_000;
const shard: ShardItem = { epoch: 5, cursor: 'c0', state: 'open', parents: [], owner: 'a', grant: 3 };
let store: GroupStore;

beforeEach(async () => {
  store = createMemoryStore(new Map(), 'orders');
  await store.update(shardKey('0'), { set: shard, condition: { absent: 'epoch' } }, options);
});

/** Rejects with an assertion, and the shard is as it was. */
async function expectAssertion(mistake: Promise<unknown>): Promise<void> {
  await expect(mistake).rejects.toThrow(AssertionError);
  expect(await store.get(shardKey('0'), read)).toEqual(shard);
}

describe('a heartbeat', () => {
  const beat = { slot: 'a', nonce: 'mine', now: NOW, deadline: NOW + 1_000, times };

  it.each([{ slot: '' }, { nonce: '' }])('of nobody: %j', async (given) => {
    await expectAssertion(heartbeat(store, { ...beat, ...given }, options));
  });

  it.each([{ invocation: 'theirs' }, { tick: 0 }])(
    'that is answered with the item of another run: %j',
    async (given) => {
      const item = { invocation: 'mine', tick: 1, ...given } as ConsumerItem;
      const update = async () => ({ accepted: true, item });
      const confused = { ...store, update } as unknown as GroupStore;
      await expectAssertion(heartbeat(confused, beat, options));
    },
  );
});

describe('a claim', () => {
  const request = { slot: 'a', shard: '0', grant: 9, now: NOW, skewMarginMs: 0, order: true };

  it.each([0, Number.NaN, 1.5])('under a grant that no plan gave: %d', async (grant) => {
    await expectAssertion(claim(store, { ...request, grant }, shard, options));
  });

  it('of a shard that was read to its end', async () => {
    await expectAssertion(claim(store, request, { ...shard, state: 'done' }, options));
  });

  it.each([{ owner: 'b' }, { epoch: 5 }, { epoch: 7 }])(
    'that is answered with another: %j',
    async (given) => {
      const update = async () => ({ accepted: true, item: { ...shard, epoch: 6, ...given } });
      const confused = { ...store, update } as unknown as GroupStore;
      await expectAssertion(claim(confused, request, shard, options));
    },
  );
});

describe('a checkpoint', () => {
  const holding = { shard: '0', slot: 'a', epoch: 5, cursor: 'c0', step: undefined };
  const progress = { to: 'c1', count: 5, done: false, lagMs: undefined };

  it.each([{ slot: '' }, { epoch: 0 }, { epoch: Number.NaN }, { cursor: '' }])(
    'of what was not claimed: %j',
    async (given) => {
      await expectAssertion(commit(store, { ...holding, ...given }, progress, options));
    },
  );

  it('to nowhere', async () => {
    await expectAssertion(commit(store, holding, { ...progress, to: '' }, options));
  });

  it.each([{ attempts: -1 }, { done: -1 }])('with less than nothing: %j', async (given) => {
    const pending = { to: 'c1', count: 5, done: 0, attempts: 1, ...given };
    await expectAssertion(notePending(store, holding, pending, options));
  });
});

describe('a plan', () => {
  const shards = new Map([['0', shard]]);
  const consumer = { tick: 1, invocation: 'mine', acknowledged: 0 } as ConsumerItem;
  const state = { group: undefined, consumers: new Map([['a', consumer]]), shards };
  const planning = { generation: 7, order: true, strategy: planEvenly };

  it.each([0, Number.NaN])('without the lock: generation %d', async (generation) => {
    await expectAssertion(assign(store, state, { ...planning, generation }, options));
  });

  it('that gives shards to a slot that the group does not have', async () => {
    const strategy: Strategy = () => new Map([['z', { 0: 7 }]]);
    await expectAssertion(assign(store, state, { ...planning, strategy }, options));
    expect(await store.get(consumerKey('z'), read)).toBeUndefined();
  });

  it('of more shards than there are shares', () => {
    const twice = new Map([['0', {}]]);
    // Counts none, and has one all the same.
    Object.defineProperty(twice, 'size', { value: 0 });
    const input = { generation: 7, consumers: new Map([['a', {}]]), shards: twice };
    expect(() => planEvenly(input)).toThrow(AssertionError);
  });

  it('after which nobody would look again', async () => {
    const world = createWorld(['0']);
    for (let round = 0; round < 3; round++) await world.round('a');
    const group = (await world.store.get('GROUP', read))!;
    await world.store.update(
      consumerKey('a'),
      { set: { expiresAt: Number.NaN }, condition: { exists: 'tick' } },
      options,
    );
    const planning = planningOf(world.store, world.clock.now(), ['0']);
    const mistaken = plan(planning, group, options);
    await expect(mistaken).rejects.toThrow(AssertionError);
    expect(await world.store.get('GROUP', read)).toEqual(group);
  });
});

it('work that nobody does', async () => {
  const work = async (): Promise<void> => {};
  for (const parallelMax of [0, Number.NaN]) {
    await expect(forEachParallel(['x'], parallelMax, work)).rejects.toThrow(AssertionError);
  }
});

describe('a batch', () => {
  it('of a shard that was read to its end is not asked for', async () => {
    const { settings } = createWorld([]);
    const at = { epoch: 5, cursor: 'c0', state: 'done', pending: undefined, step: undefined } as const;
    const reading = consumeBatches({ settings } as ShardContext, '0', at, {} as ShardResult, 0);
    await expect(reading).rejects.toThrow(AssertionError);
  });

  it('after which a source does not go on is not delivered', async () => {
    const world = createWorld(['0']);
    for (let round = 0; round < 3; round++) await world.round('a');
    world.source.append('0', 'x');
    const { pull } = world.source;
    world.source.pull = async (request) => ({ ...(await pull(request)), nextCursor: request.cursor });
    const { shards } = await world.tick('a');
    expect(shards).toMatchObject([{ stopped: 'sourceFailed', batches: 0 }]);
    expect(shards[0]!.error).toContain('AssertionError');
    expect(world.delivered).toEqual([]);
  });
});
