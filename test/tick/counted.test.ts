/** What a tick counts while it runs, because its answer does not tell it. */
import { describe, expect, it } from 'vitest';
import { shardKey } from '../../lib/group/items.ts';
import { type Counter, createMeter } from '../../lib/observe/meter.ts';
import type { Source } from '../../lib/sources/source.ts';
import { metricsOfResult } from '../../lib/tick/metrics.ts';
import type { TickDependencies } from '../../lib/tick/tick.ts';
import { createWorld, INTERVAL_MS, type World } from '../support/world.ts';

/** Ticks of slot `a` whose counts are looked at. */
function counting(world: World) {
  const meter = createMeter(world.clock);
  const tick = async (slot = 'a', replaced: Partial<TickDependencies> = {}) => {
    const result = await world.tick(slot, slot, { meter, ...replaced });
    world.clock.advance(INTERVAL_MS);
    return { counted: meter.take(), result };
  };
  /** All that was counted in so many ticks. */
  const ticks = async (count: number): Promise<Partial<Record<Counter, number>>> => {
    for (let index = 0; index < count; index++) {
      await world.tick('a', 'a', { meter });
      world.clock.advance(INTERVAL_MS);
    }
    return meter.take();
  };
  return { tick, ticks };
}

describe('a tick counts', () => {
  it('what was given to the user’s function, and where the time went', async () => {
    const world = createWorld(['0']);
    const { tick, ticks } = counting(world);
    await ticks(4);
    world.source.append('0', 'a', 'b', 'c');
    const { source } = world;
    const slow: Source = {
      ...source,
      pull: async (request) => {
        world.clock.advance(30);
        return source.pull(request);
      },
    };
    const { update } = world.store;
    const store = {
      ...world.store,
      update: (async (key: 'SHARD#0', ...rest: never) => {
        if (key === shardKey('0')) world.clock.advance(5);
        return (update as (...given: unknown[]) => unknown)(key, ...(rest as unknown[]));
      }) as typeof update,
    };
    world.eachBatch = async () => void world.clock.advance(200);
    const { counted, result } = await tick('a', { source: slow, store });
    // Nobody waited for the second pull: it was over when the function was.
    const where = { userMs: 400, pullMs: 30, pullAheadMs: 230, commitMs: 10 };
    expect(counted).toEqual({ attempts: 2, ...where });
    expect(metricsOfResult(result)).toMatchObject({ batches: 2, records: 3 });
  });

  it('batches that fail, and those of which a shard does not get on', async () => {
    const world = createWorld(['0']);
    const { ticks } = counting(world);
    await ticks(2);
    world.source.append('0', 'a');
    world.eachBatch = async () => {
      world.clock.advance(10);
      throw new Error('the sink is down');
    };
    const { failedBatches = 0, attempts, outageShards } = await ticks(1);
    expect({ failedBatches, attempts, outageShards }).toEqual({
      ...{ failedBatches: 1, attempts: 1, outageShards: undefined },
    });
    await ticks(100);
    expect(await ticks(5)).toMatchObject({ outageShards: 5 });
  });

  it('batches for which there was no time', async () => {
    const world = createWorld(['0']);
    const { ticks } = counting(world);
    await ticks(2);
    world.source.append('0', 'a');
    world.eachBatch = async (_batch, { signal }) => {
      while (!signal.aborted) {
        world.clock.advance(1_000);
        await new Promise(setImmediate);
      }
      signal.throwIfAborted();
    };
    const { timedOutBatches, failedBatches } = await ticks(1);
    expect({ timedOutBatches, failedBatches }).toEqual({ timedOutBatches: 1, failedBatches: undefined });
  });

  it('batches over which a run has died', async () => {
    const world = createWorld(['0']);
    const { tick, ticks } = counting(world);
    await ticks(2);
    world.source.append('0', 'a');
    // Of a new sandbox, which notes beforehand what it begins, and does not come back.
    const given = Promise.withResolvers<void>();
    world.eachBatch = () => {
      given.resolve();
      return new Promise(() => {});
    };
    void world.tick('a', 'dies');
    await given.promise;
    world.clock.advance(INTERVAL_MS);
    world.eachBatch = async () => {};
    expect((await tick()).counted).toMatchObject({ diedBatches: 1 });
    expect((await tick()).counted).not.toHaveProperty('diedBatches');
  });

  it('shards that it takes over from another slot, and none that nobody had', async () => {
    const world = createWorld(['0', '1']);
    const { tick } = counting(world);
    for (let round = 0; round < 4; round++) expect((await tick('a')).counted).not.toHaveProperty('handOffs');
    expect(world.events.filter(({ event }) => event === 'shard.claimed')).toHaveLength(2);
    const handOffs: (number | undefined)[] = [];
    for (let round = 0; round < 4; round++) {
      await world.tick('a');
      handOffs.push((await tick('b')).counted.handOffs);
    }
    expect(handOffs.filter(Boolean)).toEqual([1]);
  });
});

describe('slots that do not live', () => {
  it('are told of by whoever looks at the plan, among those that this deployment has', async () => {
    const world = createWorld(['0'], { slots: ['a', 'b'] });
    const silent = async (...slots: string[]): Promise<(number | undefined)[]> => {
      const results = [];
      for (let round = 0; round < 6; round++) results.push(...(await world.round(...slots)));
      return [...new Set(results.map((result) => metricsOfResult(result).silentSlots))].filter(
        (count) => count !== undefined,
      );
    };
    expect(await silent('a')).toEqual([1]);
    expect((await silent('a', 'b')).at(-1)).toBe(0);
    expect((await silent('b')).at(-1)).toBe(1);
    // One that belongs to another deployment is nobody's here.
    expect((await silent('b', 'c')).at(-1)).toBe(1);
  });

  it('are counted against those that are wanted, where that follows the load, and not before it is decided', async () => {
    const world = createWorld(['0'], { slots: ['a', 'b', 'c', 'd'], slotsMin: 1 });
    const last = async (): Promise<number | undefined> => {
      const results = [];
      for (let round = 0; round < 4; round++) results.push(...(await world.round('a')));
      return results.findLast(({ silentSlots }) => silentSlots !== undefined)?.silentSlots;
    };
    expect(await last()).toBeUndefined();
    const scale = { slots: 2, lowered: false, calmIntervals: 10 };
    const signal = new AbortController().signal;
    await world.store.update('GROUP', { set: { scale }, condition: { exists: 'generation' } }, { signal });
    expect(await last()).toBe(1);
  });

  it('are not told of where nobody knows which slots there are', async () => {
    const world = createWorld(['0']);
    for (const result of await world.round('a', 'b')) expect(result).not.toHaveProperty('silentSlots');
  });
});
