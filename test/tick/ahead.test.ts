/** The pull that is under way while the user's function has what stands before it. */
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../lib/errors.ts';
import { seek } from '../../lib/group/operations.ts';
import type { PullRequest } from '../../lib/sources/source.ts';
import { createWorld, INTERVAL_MS, type World } from '../support/world.ts';

const failed = new SourceError('not now', { code: 'ServerError', status: 500, retriable: true });

/** A shard that a warm slot holds, with records in twos. */
async function withRecords(count: number, given: Parameters<typeof createWorld>[1] = {}): Promise<World> {
  const world = createWorld(['0'], given);
  for (let round = 0; round < 3; round++) await world.round('a');
  for (let place = 0; place < count; place++) world.source.append('0', String(place));
  world.source.pulls.length = 0;
  return world;
}

const cursorsOf = ({ source }: World): string[] => source.pulls.map(({ cursor }) => cursor);
/** What is ready to go on has gone on. */
const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Pulls from the given one on are answered when the test says so. */
function held(world: World, from: number) {
  const { pull } = world.source;
  const waiting: { request: PullRequest; answer: () => void; fail: (error: Error) => void }[] = [];
  let pulls = 0;
  world.source.pull = (request) => {
    const answer = pull(request);
    if (pulls++ < from) return answer;
    return new Promise((resolve, reject) => {
      request.signal.addEventListener('abort', () => reject(request.signal.reason));
      waiting.push({ request, answer: () => resolve(answer), fail: reject });
    });
  };
  return waiting;
}

it('the next records are pulled while the function has those before them, and no others', async () => {
  const world = await withRecords(6);
  const pulledWhile: string[][] = [];
  world.eachBatch = async () => {
    await rest();
    pulledWhile.push(cursorsOf(world));
  };
  const [shard] = (await world.tick('a')).shards;
  // With the last ones the service says that there are no more.
  expect(pulledWhile).toEqual([
    ['0', '2'],
    ['0', '2', '4'],
    ['0', '2', '4'],
  ]);
  expect(shard).toMatchObject({ stopped: 'caughtUp', batches: 3, records: 6, cursor: '6' });
  expect(world.delivered).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4', '0:5']);
});

it.each([[1], [2], [3]])('nothing is pulled ahead of the last of %i batches', async (batchesMax) => {
  const world = await withRecords(8, { batchesMax });
  await world.tick('a');
  expect(cursorsOf(world)).toEqual(['0', '2', '4'].slice(0, batchesMax));
});

it('parts count as batches', async () => {
  const world = await withRecords(8, { batchesMax: 3 });
  world.settings.delivery = { ...world.settings.delivery, recordsMax: 1 };
  await world.tick('a');
  expect(cursorsOf(world)).toEqual(['0', '2']);
});

it('nothing is pulled ahead of a batch for which there will be no time', async () => {
  const world = await withRecords(8);
  const { functionTimeoutMs } = world.times;
  world.eachBatch = async () => world.clock.advance(functionTimeoutMs * 0.4);
  const [shard] = (await world.tick('a')).shards;
  expect([shard!.stopped, shard!.batches]).toEqual(['deadline', 2]);
  expect(cursorsOf(world)).toEqual(['0', '2']);
});

it('the checkpoint waits for the function, whatever was pulled ahead', async () => {
  const world = await withRecords(4);
  world.eachBatch = async (batch) => {
    await rest();
    if (batch.from === '2') throw new Error('no');
  };
  const [shard] = (await world.tick('a')).shards;
  expect(shard).toMatchObject({ stopped: 'batchFailed', cursor: '2', records: 2 });
});

describe('what was pulled ahead is given up', () => {
  it('when the function has failed', async () => {
    const world = await withRecords(6);
    const waiting = held(world, 1);
    world.eachBatch = async () => Promise.reject(new Error('no'));
    expect((await world.tick('a')).shards).toMatchObject([{ stopped: 'batchFailed' }]);
    expect(waiting.map(({ request }) => request.signal.aborted)).toEqual([true]);
    // At once, and not by the end of the tick.
    expect(waiting[0]!.request.signal.reason.message).toBe('what was pulled ahead is not wanted');
  });

  it('when the time is over', async () => {
    const world = await withRecords(6);
    const waiting = held(world, 1);
    const ticking = world.tick('a');
    while (waiting.length === 0) await rest();
    world.clock.advance(world.times.functionTimeoutMs);
    await ticking;
    expect(waiting.map(({ request }) => request.signal.aborted)).toEqual([true]);
  });

  it('when an operator has moved the shard', async () => {
    const world = await withRecords(6);
    const waiting = held(world, 1);
    world.eachBatch = async () => {
      const { signal } = new AbortController();
      await seek(world.store, world.source, { shard: '0', to: { at: 'end' } }, { signal });
    };
    expect((await world.tick('a')).shards).toMatchObject([{ stopped: 'lost' }]);
    expect(waiting.map(({ request }) => request.signal.aborted)).toEqual([true]);
    // At once, and not by the end of the tick.
    expect(waiting[0]!.request.signal.reason.message).toBe('what was pulled ahead is not wanted');
  });
});

describe('a pull that fails', () => {
  it('before anybody waits for it is sent again in its turn', async () => {
    const world = await withRecords(6);
    const waiting = held(world, 1);
    world.eachBatch = async (batch) => {
      if (batch.from !== '0') return;
      while (waiting.length === 0) await rest();
      waiting[0]!.fail(failed);
      await rest();
    };
    const ticking = world.tick('a');
    while (waiting.length < 2) await rest();
    expect(waiting.map(({ request }) => request.cursor)).toEqual(['2', '2']);
    waiting[1]!.answer();
    while (waiting.length < 3) await rest();
    waiting[2]!.answer();
    expect((await ticking).shards).toMatchObject([{ stopped: 'caughtUp', records: 6 }]);
  });

  it('while it is waited for has failed', async () => {
    const world = await withRecords(6);
    const waiting = held(world, 1);
    const ticking = world.tick('a');
    while (world.delivered.length < 2 || waiting.length < 1) await rest();
    await rest();
    waiting[0]!.fail(failed);
    expect((await ticking).shards).toMatchObject([{ stopped: 'sourceFailed', cursor: '2' }]);
  });
});

it('the least time between two pulls is kept', async () => {
  const world = await withRecords(6, { pullIntervalMs: 2_000 });
  const startsAt = world.clock.now();
  const pulledAt: number[] = [];
  const { pull } = world.source;
  world.source.pull = (request) => {
    pulledAt.push(world.clock.now() - startsAt);
    return pull(request);
  };
  const ticking = world.tick('a');
  for (let second = 0; second < 6; second++) {
    for (let turn = 0; turn < 5; turn++) await rest();
    world.clock.advance(1_000);
  }
  expect((await ticking).shards).toMatchObject([{ records: 6 }]);
  expect(pulledAt).toEqual([0, 2_000, 4_000]);
});

it('a shard that is read up is pulled once in a tick', async () => {
  const world = await withRecords(1);
  await world.round('a');
  world.source.pulls.length = 0;
  world.clock.advance(INTERVAL_MS);
  await world.tick('a');
  expect(cursorsOf(world)).toEqual(['1']);
});
