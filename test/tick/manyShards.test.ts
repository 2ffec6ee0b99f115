import { describe, expect, it } from 'vitest';
import { consumerKey } from '../../lib/group/items.ts';
import { drain } from '../../lib/group/operations.ts';
import type { ServiceGroup } from '../../lib/sources/serviceGroup.ts';
import { metricsOfResult } from '../../lib/tick/metrics.ts';
import type { TickResult } from '../../lib/tick/result.ts';
import { createManualClock } from '../support/clock.ts';
import { createMemorySource } from '../support/memorySource.ts';
import { createGroup, createWorld } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };

/** A slot has room for 2,447 of these. */
const ROOM = 2_447;
const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, shard) => `${'n'.repeat(128)}:${1_000 + shard}`);

const counted = (results: readonly TickResult[]): number[] =>
  results.flatMap((result) => metricsOfResult(result).unassignedShards ?? []);

describe('a group with more shards than its slots have room for', () => {
  it('reads what fits; the rest is an event and a metric at every look, until there is another slot', async () => {
    const world = createWorld(ids(ROOM + 53));
    const rounds = async (count: number, ...slots: string[]) => {
      const results: TickResult[] = [];
      for (let round = 0; round < count; round++) results.push(...(await world.round(...slots)));
      return results;
    };
    const told = () => world.events.splice(0).filter(({ event }) => event === 'shards.unassigned');

    const first = await rounds(4, 'a');
    const item = await world.store.get(consumerKey('a'), read);
    expect(Object.keys(item!.assigned!)).toHaveLength(ROOM);
    expect(first.at(-1)!.shards.filter(({ stopped }) => stopped === 'caughtUp')).toHaveLength(ROOM);
    expect(counted(first)[0]).toBe(53);
    expect(told()[0]).toMatchObject({
      level: 'error',
      count: 53,
      remedy: expect.stringMatching(/^add slots/),
    });

    // Also by those that find nothing to plan.
    const later = await rounds(4, 'a');
    expect(later.every(({ generation }) => generation === item!.generation)).toBe(true);
    expect(new Set(counted(later))).toEqual(new Set([53]));
    expect(told()).toHaveLength(counted(later).length);

    const joined = await rounds(5, 'a', 'b');
    expect(counted(joined).at(-1)).toBe(0);
    const { consumers } = await world.store.readAll(read);
    const counts = [...consumers.values()].map(({ assigned = {} }) => Object.keys(assigned).length);
    expect(counts).toEqual([1_250, 1_250]);
    told();
    expect(new Set(counted(await rounds(4, 'a', 'b')))).toEqual(new Set([0]));
    expect(told()).toEqual([]);
  });

  it('says another remedy where every slot drains', async () => {
    const world = createWorld(['0', '1']);
    for (let round = 0; round < 3; round++) await world.round('a');
    await drain(world.store, 'a', options);
    const results = [...(await world.round('a')), ...(await world.round('a'))];
    expect(counted(results)).toContain(2);
    const [event] = world.events.filter(({ event }) => event === 'shards.unassigned');
    expect(event).toMatchObject({ count: 2, shards: ['0', '1'], remedy: expect.stringContaining('undrain') });
  });
});

it('a service that assigns more than the item holds is followed as far as there is room', async () => {
  const shards = ids(ROOM + 20);
  let wanted = shards.slice(10);
  const serviceGroup: ServiceGroup = {
    reportsDropped: true,
    isShard: () => true,
    join: async () => {},
    heartbeat: async () => ({ known: true, assigned: wanted }),
    checkpoints: async () => new Map(),
    commit: async (_slot, checkpoints) =>
      new Map([...checkpoints.keys()].map((shard) => [shard, 'committed'])),
    status: async () => [],
    remove: async () => {},
  };
  const world = createGroup({ clock: createManualClock(), source: createMemorySource(shards), serviceGroup });
  const tick = async () => {
    const [result] = await world.round('a');
    const { assigned = {}, generation } = (await world.store.get(consumerKey('a'), read))!;
    return { unassigned: metricsOfResult(result!).unassignedShards, held: Object.keys(assigned), generation };
  };
  const first = await tick();
  expect(first).toMatchObject({ unassigned: 10, held: wanted.slice(0, ROOM) });
  const [event] = world.events.filter(({ event }) => event === 'shards.unassigned');
  expect(event).toMatchObject({ level: 'error', count: 10 });

  // What it holds comes first, wherever that stands in the answer: then nothing is written.
  wanted = shards.slice(0, ROOM + 10);
  expect(await tick()).toEqual(first);

  wanted = wanted.slice(20);
  expect(await tick()).toMatchObject({ unassigned: 0, held: wanted });
});
