/** A tick that achieved nothing because something failed says so. */
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../lib/errors.ts';
import type { Source } from '../../lib/sources/source.ts';
import { metricsOfResult } from '../../lib/tick/metrics.ts';
import { createWorld, INTERVAL_MS, type World } from '../support/world.ts';

/** Slot `a` has read its shards up, and no plan is due. */
async function settled(...shards: string[]) {
  const world = createWorld(shards);
  for (let round = 0; round < 4; round++) await world.round('a');
  let result = await world.tick('a');
  while (!result.planned) {
    world.clock.advance(INTERVAL_MS);
    result = await world.tick('a');
  }
  world.clock.advance(INTERVAL_MS);
  world.events.length = 0;
  return world;
}

const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

const silent: Source['pull'] = ({ signal }) => never(signal);

const workMs = ({ times }: World): number => times.functionTimeoutMs - times.reserveMs;

/** A tick during which nothing happens but that its time for work goes by. */
async function silentTick(world: World) {
  const ticking = world.tick('a');
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  world.clock.advance(workMs(world));
  return ticking;
}

describe('a log service that never answers a pull', () => {
  it('has failed, and so has the tick', async () => {
    const world = await settled('0', '1');
    world.source.pull = silent;
    const result = await silentTick(world);
    expect(result).toMatchObject({
      outcome: 'failed',
      shards: [{ stopped: 'sourceFailed', cursor: '0' }, {}],
    });
    expect(metricsOfResult(result)).toMatchObject({ failedTicks: 1, failedShards: 2 });
    expect(world.events).toMatchObject([
      { event: 'shard.failed', error: { code: 'Timeout' } },
      { event: 'shard.failed' },
    ]);
  });

  it('leaves the tick that worked on others as it was', async () => {
    const world = await settled('0', '1');
    const { pull } = world.source;
    world.source.pull = (request) => (request.shard === '0' ? silent(request) : pull(request));
    world.source.append('1', 'x');
    const result = await silentTick(world);
    expect(result.outcome).toBe('worked');
    expect(metricsOfResult(result)).toMatchObject({ failedTicks: 0, failedShards: 1, batches: 1 });
  });

  it('makes the lag grow by the time that goes by', async () => {
    const world = await settled('0');
    world.source.pull = silent;
    const lags: (number | undefined)[] = [];
    for (let round = 0; round < 3; round++) {
      lags.push(metricsOfResult(await silentTick(world)).lagMs);
      world.clock.advance(INTERVAL_MS - workMs(world));
    }
    expect(lags[0]).toBeGreaterThanOrEqual(workMs(world));
    expect([lags[1]! - lags[0]!, lags[2]! - lags[1]!]).toEqual([INTERVAL_MS, INTERVAL_MS]);
  });

  it('and to a new sandbox is told from what the table knows of it', async () => {
    const world = await settled('0');
    const lag = { lagMs: 5_000 };
    await world.store.update(
      'SHARD#0',
      { set: lag, condition: { exists: 'epoch' } },
      { signal: new AbortController().signal },
    );
    world.source.pull = silent;
    const ticking = world.tick('a', 'another sandbox');
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    world.clock.advance(workMs(world));
    expect((await ticking).shards).toMatchObject([{ lagMs: 5_000 + workMs(world) }]);
  });

  it('has failed also if it was asked when a quarter of the time was left', async () => {
    const world = await settled('0', '1');
    world.settings.shardsParallelMax = 1;
    for (const shard of ['0', '1']) world.source.append(shard, 'x');
    world.eachBatch = async () => {
      world.source.pull = silent;
      world.clock.advance(workMs(world) * 0.75);
    };
    const ticking = world.tick('a');
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    world.clock.advance(workMs(world) * 0.25);
    const { shards } = await ticking;
    expect(shards.map(({ stopped }) => stopped)).toEqual(['caughtUp', 'sourceFailed']);
  });

  it('is not to blame for a pull that began shortly before the time was over', async () => {
    const world = await settled('0', '1');
    world.settings.shardsParallelMax = 1;
    for (const shard of ['0', '1']) world.source.append(shard, 'x');
    world.eachBatch = async () => {
      world.source.pull = silent;
      world.clock.advance(workMs(world) * 0.8);
    };
    const ticking = world.tick('a');
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    world.clock.advance(workMs(world) * 0.2);
    const result = await ticking;
    expect(result.shards.map(({ stopped, batches }) => `${stopped} ${batches}`)).toEqual([
      'caughtUp 1',
      'deadline 0',
    ]);
    // Unread, it falls behind all the same.
    expect(result.shards[1]!.lagMs).toBeGreaterThanOrEqual(workMs(world));
    expect(metricsOfResult(result)).toMatchObject({ failedTicks: 0, failedShards: 0 });
  });
});

describe('what a plan needs and is refused', () => {
  const refused = (status: number, code: string): SourceError =>
    new SourceError(`GET /logstores/orders/shards: ${status} ${code}`, { status, code, retriable: false });

  it('by the credentials of a new group is told, and its ticks have failed', async () => {
    const world = createWorld(['0']);
    world.source.listShards = () => Promise.reject(refused(401, 'Unauthorized'));
    await world.round('a');
    const result = await world.tick('a');
    expect(result).toMatchObject({ outcome: 'failed', planFailed: true, shards: [] });
    expect(metricsOfResult(result)).toMatchObject({ failedTicks: 1, failedPlans: 1 });
    const [event] = world.events.filter(({ event }) => event === 'plan.failed');
    expect(event).toMatchObject({ error: { code: 'Unauthorized' } });
    expect(event!.remedy).toContain('access key');
  });

  it('as the stream is not there is told by another remedy', async () => {
    const world = createWorld(['0']);
    world.source.listShards = () => Promise.reject(refused(404, 'LogStoreNotExist'));
    await world.round('a');
    await world.tick('a');
    expect(world.events.find(({ event }) => event === 'plan.failed')!.remedy).toContain('names');
  });

  it('fails no tick that reads', async () => {
    const world = await settled('0');
    world.clock.advance(2 * INTERVAL_MS);
    world.source.listShards = () => Promise.reject(refused(401, 'Unauthorized'));
    const result = await world.tick('a');
    expect(result).toMatchObject({ outcome: 'worked', planFailed: true });
    expect(metricsOfResult(result)).toMatchObject({ failedTicks: 0, failedPlans: 1, failedShards: 0 });
  });

  it.each([
    [refused(401, 'Unauthorized'), 'access key'],
    [refused(404, 'LogStoreNotExist'), 'names'],
  ])('by an established group is told with the same remedy: %s', async (error, remedy) => {
    const world = await settled('0');
    world.clock.advance(2 * INTERVAL_MS);
    world.source.listShards = () => Promise.reject(error);
    await world.tick('a');
    const [event] = world.events.filter(({ event }) => event === 'stream.unlisted');
    expect(event).toMatchObject({ error: { code: error.code }, remedy: expect.stringContaining(remedy) });
  });

  it('is told without a remedy where only waiting helps', async () => {
    const world = await settled('0');
    world.clock.advance(2 * INTERVAL_MS);
    world.source.listShards = async () => [];
    await world.tick('a');
    const [event] = world.events.filter(({ event }) => event === 'stream.unlisted');
    expect(event).toMatchObject({ error: { code: 'ListNotBelieved' } });
    expect(event!.remedy).toBeUndefined();
  });
});

describe('a shard that the deadline cuts off', () => {
  it('after a batch was committed has not failed; nothing of it is remembered', async () => {
    const world = await settled('0');
    world.source.append('0', 'a', 'b', 'c');
    const store: World['store'] = {
      ...world.store,
      update: (key, write, options) =>
        world.delivered.length > 2 ? never(options.signal) : world.store.update(key, write, options),
    };
    const ticking = world.tick('a', 'a', { store });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    world.clock.advance(world.times.functionTimeoutMs);
    expect(await ticking).toMatchObject({
      outcome: 'worked',
      shards: [{ stopped: 'deadline', batches: 1, cursor: undefined }],
    });
    expect(world.events.filter(({ event }) => event === 'shard.failed')).toEqual([]);
    world.clock.advance(INTERVAL_MS);
    world.store.requests.length = 0;
    await world.tick('a');
    expect(world.store.requests).toContain('get SHARD#0');
    expect(world.delivered).toEqual(['0:a', '0:b', '0:c', '0:c']);
  });

  it('as it was begun when the time for work was over has failed at nothing', async () => {
    const world = await settled('0', '1');
    world.settings.shardsParallelMax = 1;
    world.source.append('0', 'x');
    world.source.append('1', 'y');
    world.eachBatch = async () => world.clock.advance(workMs(world));
    const isBegun = (): boolean => world.delivered.length > 0;
    const store: World['store'] = {
      ...world.store,
      get: (key, options) => (isBegun() ? never(options.signal) : world.store.get(key, options)),
    };
    const ticking = world.tick('a', 'another sandbox', { store });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    world.clock.advance(world.times.functionTimeoutMs);
    const { shards } = await ticking;
    expect(shards.map(({ stopped }) => stopped)).toEqual(['deadline', 'deadline']);
    expect(world.events.filter(({ event }) => event === 'shard.failed')).toEqual([]);
  });
});

it('a table that answers the heartbeat and then nothing more fails the shards, and the tick', async () => {
  const world = await settled('0');
  const store: World['store'] = {
    ...world.store,
    get: (key, options) => (key.startsWith('SHARD#') ? never(options.signal) : world.store.get(key, options)),
  };
  const ticking = world.tick('a', 'another sandbox', { store });
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  world.clock.advance(world.times.functionTimeoutMs);
  expect(await ticking).toMatchObject({ outcome: 'failed', shards: [{ stopped: 'storeFailed' }] });
});
