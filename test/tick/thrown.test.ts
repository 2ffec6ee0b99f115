import { describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import { shardKey } from '../../lib/group/items.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { HOSTILE } from '../support/hostile.ts';
import type { WatchedSource as MemorySource } from '../support/memorySource.ts';
import { createWorld } from '../support/world.ts';

const read = { consistent: true, signal: new AbortController().signal };

/** One slot that has its shard, with a batch before it. */
async function createWorking() {
  const world = createWorld(['0']);
  // The tick after the first plan knows nothing, and notes what it begins.
  for (let round = 0; round < 3; round++) await world.round('a');
  world.source.append('0', 'x');
  const item = () => world.store.get(shardKey('0'), read);
  const ids: string[] = [];
  return { world, item, ids, failures: () => world.events.filter(({ event }) => event === 'batch.failed') };
}

describe.each(Object.entries(HOSTILE))('the function throws %s:', (_name, make) => {
  it('the failure is noted and logged, and the very same batch comes again', async () => {
    const { world, item, ids, failures } = await createWorking();
    const thrown = make();
    world.eachBatch = async (batch) => {
      ids.push(batch.id);
      throw thrown;
    };
    for (const attempts of [1, 2]) {
      const [result] = await world.round('a');
      expect(result!.shards).toMatchObject([{ stopped: 'batchFailed', cursor: '0' }]);
      const { pending } = (await item())!;
      expect(pending).toMatchObject({ attempts, to: '1', message: expect.any(String) });
      expect(pending!.message!.length).toBeLessThanOrEqual(200);
      expect(failures()).toHaveLength(attempts);
      expect(failures().at(-1)).toMatchObject({ attempts, shard: '0' });
      // What comes after it does not change what it was.
      appendOne(world.source);
    }
    expect(new Set(ids)).toEqual(new Set(['orders/0/0-1']));
  });

  it('logged by the function itself, it does not fail the batch', async () => {
    const { world, item } = await createWorking();
    const value = make();
    world.eachBatch = async (_batch, { logger }) => {
      logger.info('state', { value, nested: { value } });
      logger.with({ value }).error('state', value as Record<string, unknown>);
    };
    const [result] = await world.round('a');
    expect(result!.shards).toMatchObject([{ stopped: 'caughtUp', batches: 1, cursor: '1' }]);
    expect(await item()).toMatchObject({ cursor: '1' });
  });
});

const appendOne = (source: MemorySource): void => source.append('0', 'later');

describe('a failed batch', () => {
  it('is noted before it is logged, so that no logger comes in between', async () => {
    const { world } = await createWorking();
    const order: string[] = [];
    world.eachBatch = async () => {
      throw new Error('the sink is down');
    };
    const update: typeof world.store.update = (key, write, options) => {
      if ('pending' in (write.set ?? {})) order.push('noted');
      return world.store.update(key, write, options);
    };
    const write = (line: string): void => {
      if (line.includes('batch.failed')) order.push('logged');
      throw new Error('write EPIPE');
    };
    const logger = createLogger({ level: 'info', write, now: world.clock.now });
    const result = await world.tick('a', 'a', { store: { ...world.store, update }, logger });
    expect(order).toEqual(['noted', 'logged']);
    expect(result.shards).toMatchObject([{ stopped: 'batchFailed' }]);
  });

  it('is logged also where it cannot be noted', async () => {
    const { world, failures } = await createWorking();
    world.eachBatch = async () => {
      throw new Error('the sink is down');
    };
    const update: typeof world.store.update = (key, write, options) => {
      if (!('pending' in (write.set ?? {}))) return world.store.update(key, write, options);
      throw new StoreError('no such table', { code: 'X', outcome: 'refused', retriable: false });
    };
    const result = await world.tick('a', 'a', { store: { ...world.store, update } });
    expect(result.shards).toMatchObject([{ stopped: 'storeFailed', error: 'StoreError: no such table' }]);
    expect(failures()).toMatchObject([{ error: { message: 'the sink is down' } }]);
  });
});
