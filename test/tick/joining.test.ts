/** Pulls that are joined into one batch, and batches that wait until they are worth it. */
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../lib/errors.ts';
import { recordOf } from '../../lib/testing/records.ts';
import { deliveredOf, note, numbered, pendingOf, refuses, rounds, working } from '../support/working.ts';
import { INTERVAL_MS, type World } from '../support/world.ts';

const WAIT_MS = 5 * INTERVAL_MS;
const JOINED = { recordsMax: 2, bytesMin: 100, waitMaxMs: WAIT_MS };

/** Records of 25 bytes, written just now. */
const written = ({ clock }: World, count: number) =>
  Array.from({ length: count }, (_, index) => recordOf(`good ${index}`.padEnd(18), { timeMs: clock.now() }));

const stoppedOf = (results: Awaited<ReturnType<typeof rounds>>): string[] =>
  results.map(({ shards }) => shards[0]!.stopped);

describe.each([[false], [true]])('a batch that is too small, in sandboxes that are cold: %s', (cold) => {
  it('is left for a later tick, until more has come', async () => {
    const { world, given } = await working(() => {}, JOINED);
    world.source.append('0', ...written(world, 2));
    expect(stoppedOf(await rounds(world, 2, { cold }))).toEqual(['gathering', 'gathering']);
    expect(given).toEqual([]);
    expect(await pendingOf(world)).toBeUndefined();
    world.source.append('0', ...written(world, 2));
    expect(stoppedOf(await rounds(world, 1, { cold, first: 2 }))).toEqual(['caughtUp']);
    expect(given).toMatchObject([{ id: 'orders/0/0-4' }]);
  });

  it('is given when its first record is old enough', async () => {
    const { world, given } = await working(() => {}, JOINED);
    world.source.append('0', ...written(world, 1));
    const stopped = stoppedOf(await rounds(world, 6, { cold }));
    expect(stopped).toEqual([...Array(5).fill('gathering'), 'caughtUp']);
    expect(given).toMatchObject([{ id: 'orders/0/0-1' }]);
  });

  it('is given at once if its record is of the future, or has no time', async () => {
    const { world } = await working(() => {}, JOINED);
    world.source.append('0', recordOf('of the future', { timeMs: world.clock.now() + 90 * INTERVAL_MS }));
    await rounds(world, 1, { cold });
    world.source.append('0', recordOf('without', { timeMs: 0 }));
    await rounds(world, 1, { cold, first: 1 });
    expect(deliveredOf(world)).toEqual(['of the future', 'without']);
  });
});

it('a batch waits no longer than that after it was first seen, whatever the time of its record', async () => {
  const { world, given } = await working(() => {}, JOINED);
  world.source.append('0', ...written(world, 1));
  await rounds(world, 1);
  // Its time counts from now on, as if a host whose clock is wrong had written it.
  const { pull } = world.source;
  world.source.pull = async (request) => {
    const pulled = await pull(request);
    const records = [...pulled.records].map(() => recordOf('late', { timeMs: world.clock.now() }));
    return { ...pulled, records };
  };
  await rounds(world, 4);
  expect(given).toEqual([]);
  await rounds(world, 1);
  expect(given).toHaveLength(1);
  // The next one waits for as long again.
  world.source.append('0', 'next');
  await rounds(world, 5);
  expect(given).toHaveLength(1);
  await rounds(world, 1);
  expect(given).toHaveLength(2);
});

it('a batch is as large as it has to be, and no larger', async () => {
  const { world, given } = await working(() => {}, JOINED);
  world.source.append('0', ...written(world, 13));
  const [result] = await rounds(world, 1);
  // Four records are 100 bytes: two pulls. The last one is left.
  expect(given.map(({ id }) => id)).toEqual(['orders/0/0-4', 'orders/0/4-8', 'orders/0/8-12']);
  expect(result!.shards).toMatchObject([{ stopped: 'gathering', batches: 3 }]);
});

it('what has failed does not wait to be large enough', async () => {
  const { world, given } = await working(refuses, JOINED);
  world.source.append('0', 'bad', 'good');
  await note(world, { to: '2', count: 2, done: 0, size: 2, attempts: 1, firstAt: 1, lastAt: 1 });
  await rounds(world, 1, { cold: true });
  expect(given.map(({ id }) => id)).toContain('orders/0/0-2');
});

it('a shard that has ended waits for nothing', async () => {
  const { world } = await working(() => {}, JOINED);
  world.source.append('0', ...written(world, 1));
  world.source.replace(['0'], ['1']);
  await rounds(world, 12);
  expect(deliveredOf(world)).toHaveLength(1);
  const [result] = await rounds(world, 1);
  expect(result!.shards.map(({ shard }) => shard)).toEqual(['1']);
});

it('records that the service passes over are no batch: the checkpoint follows', async () => {
  const { world } = await working(() => {}, JOINED);
  world.source.append('0', ...written(world, 40));
  const { pull } = world.source;
  world.source.pull = async (request) => ({ ...(await pull(request)), records: [], count: 0, bytes: 0 });
  const [result] = await rounds(world, 1);
  expect(result!.shards).toMatchObject([{ stopped: 'caughtUp', cursor: '40' }]);
});

it('what expires while pulls are joined is found out by the next batch', async () => {
  const { world, given } = await working(() => {}, { ...JOINED, bytesMin: 1_000 });
  world.source.append('0', ...written(world, 6));
  const { pull } = world.source;
  let isGone = true;
  world.source.pull = async (request) => {
    if (!isGone || request.cursor !== '2') return pull(request);
    isGone = false;
    throw new SourceError('gone', { code: 'CursorExpired', status: 404, retriable: false });
  };
  await rounds(world, 1);
  expect(given[0]).toMatchObject({ id: 'orders/0/0-2' });
  expect(world.events.filter(({ event }) => event === 'cursor.expired')).toEqual([]);
});

describe('with a pull interval', () => {
  const pulledAt = (world: World): number[] => {
    const begun = world.clock.now();
    const at: number[] = [];
    const { pull } = world.source;
    world.source.pull = (request) => {
      at.push(world.clock.now() - begun);
      return pull(request);
    };
    return at;
  };
  const passing = async <T>(world: World, ticking: Promise<T>): Promise<T> => {
    for (let second = 0; second < 60; second++) {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      world.clock.advance(1_000);
    }
    return ticking;
  };

  it('pulls that are joined keep apart, for no more than half of a tick', async () => {
    const { world, given } = await working(() => {}, { ...JOINED, bytesMin: 10_000 });
    world.settings.pullIntervalMs = 9_000;
    world.source.append('0', ...written(world, 40));
    const at = pulledAt(world);
    await passing(world, world.tick('a'));
    const seconds = at.map((ms) => Math.floor(ms / 1_000));
    expect(seconds.slice(0, 3)).toEqual([0, 9, 18]);
    expect(given[0]).toMatchObject({ id: 'orders/0/0-6' });
  });

  it('what was joined before is read again in the same way', async () => {
    const { world, given } = await working(() => {}, JOINED);
    world.settings.pullIntervalMs = 5_000;
    world.source.append('0', ...numbered(6));
    await note(world, { to: '6', count: 6, done: 0, size: 6, attempts: 1, firstAt: 1, lastAt: 1 });
    const at = pulledAt(world);
    await passing(world, world.tick('a', 'another sandbox'));
    expect(at.slice(0, 3).map((ms) => Math.floor(ms / 1_000))).toEqual([0, 5, 10]);
    expect(given).toMatchObject([{ id: 'orders/0/0-6' }]);
  });

  it('longer than a tick, each one brings what it has pulled', async () => {
    const { world, given } = await working(() => {}, { ...JOINED, bytesMin: 10_000 });
    world.settings.pullIntervalMs = world.times.functionTimeoutMs - 1;
    world.source.append('0', ...written(world, 6));
    await rounds(world, 2);
    expect(given.map(({ id }) => id)).toEqual(['orders/0/0-2', 'orders/0/2-4']);
  });
});
