import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CountedStore, createCountedStore } from '../../bench/support/countedStore.ts';
import { measurePhases } from '../../bench/support/groupPhases.ts';
import { type Delivery, type GroupOptions, HEALTHY, measureGroup } from '../../bench/support/groupUnits.ts';
import type { ShardItem } from '../../lib/group/items.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

const { signal } = new AbortController();
const DURABLE: Delivery = { name: 'durable', identity: 'durable', failing: 0 };
const ONE_FAILS: Delivery = { name: 'one shard fails', identity: 'refused', failing: 1 };

describe('what a group costs', () => {
  const measured = (delivery: Delivery) =>
    measureGroup(createCountedStore('access-log'), {
      shards: 100,
      slots: 10,
      minutes: { idle: 30, busy: 30 },
      delivery,
    });

  it('is a write for each slot and each shard that has records, where nothing fails', async () => {
    const { idle, busy, cold } = await measured(HEALTHY);
    expect(idle.writeUnits).toBeLessThanOrEqual(11);
    expect(busy.writeUnits).toBeLessThanOrEqual(112);
    // In a new sandbox each batch is noted before it is given.
    expect(cold.writeUnits).toBeLessThanOrEqual(212);
  });

  it('is one write more for each batch, where it is durable', async () => {
    const { idle, busy } = await measured(DURABLE);
    expect(idle.writeUnits).toBeLessThanOrEqual(11);
    expect(busy.writeUnits).toBeGreaterThanOrEqual(210);
    expect(busy.writeUnits).toBeLessThanOrEqual(212);
  });

  it('is about the same with a shard that fails: it writes its attempts, and no checkpoint', async () => {
    expect((await measured(ONE_FAILS)).busy.writeUnits).toBeLessThanOrEqual(112);
  });
});

describe('the phases of a group', () => {
  it('begin with a plan and claims, and each slot is asked for as much in a large group', async () => {
    const measured = async (slots: number) => {
      const { store, usage } = createCountedStore('bench');
      return measurePhases({ store, usage, shards: 20 * slots, slots });
    };
    const [small, large] = [await measured(3), await measured(12)];
    const [joins, firstPlan, claims, idle, busy, handOff] = large.map(({ requests }) => requests);
    expect(large.map(({ name }) => name)).toEqual(small.map(({ name }) => name));
    expect(joins).toBeLessThan(12 * 3);
    // An item for each shard, and an assignment for each slot.
    expect(firstPlan).toBeGreaterThan(240 + 12);
    // A read and a write of each shard, and the heartbeats of two minutes.
    expect(claims).toBeGreaterThan(2 * 240 + 12);
    expect(idle).toBeLessThan(4 * 12 * 2);
    expect(busy).toBeGreaterThan(2 * (240 + 12));
    expect(handOff).toBeGreaterThan(240);
    for (const [at, { name, requests }] of large.entries())
      expect(requests / 12, name).toBeLessThan((1.1 * small[at]!.requests) / 3);
  });
});

describe('what is counted', () => {
  let local: LocalTable;
  beforeAll(async () => {
    local = await startLocalTable('shardbeat');
  });
  afterAll(() => local.close());

  const embedded = (group: string): CountedStore => ({
    store: createDynamodbStore({ client: local.client, table: 'shardbeat', group, clock, random }),
    usage: local.service.usage,
  });

  it('is what the embedded DynamoDB counts', async () => {
    const delivery: Delivery = { name: 'one shard fails, durable', identity: 'durable', failing: 1 };
    const options: GroupOptions = { shards: 12, slots: 2, minutes: { idle: 2, busy: 4 }, delivery };
    expect(await measureGroup(createCountedStore('access-log'), options)).toEqual(
      await measureGroup(embedded('access-log'), options),
    );
  });

  it.each<[what: string, attributes: Partial<ShardItem>]>([
    ['a text', { owner: 'consumer-0' }],
    ['a number', { epoch: 1_790_000_000_123 }],
    ['a number of an even number of digits', { epoch: 1_790_000_000_120 }],
    ['a fraction', { lagMs: 0.25 }],
    ['a number below zero', { lagMs: -3 }],
    ['zero', { step: 0 }],
    ['a truth', { sought: true }],
    ['a list', { parents: ['0', '1'] }],
    [
      'what is nested',
      { pending: { to: '2', count: 2, done: 1, attempts: 1, behind: [{ to: '3', count: 1 }] } },
    ],
  ])('is a unit for each KiB: %s', async (what, attributes) => {
    const unitsOf = async ({ store, usage }: CountedStore, padding: number): Promise<number> => {
      const before = usage().writeUnits;
      const set = { ...attributes, cursor: 'c'.repeat(padding) };
      await store.update(`SHARD#${padding}`, { set, condition: { absent: 'cursor' } }, { signal });
      return usage().writeUnits - before;
    };
    const counted = createCountedStore(what);
    let most = 900;
    while ((await unitsOf(counted, most)) === 1) most += 1;
    const service = embedded(what);
    expect([await unitsOf(service, most - 1), await unitsOf(service, most)]).toEqual([1, 2]);
  });
});
