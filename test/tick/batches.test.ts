/** What one tick does with one shard, batch after batch. */
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../lib/errors.ts';
import { shardKey } from '../../lib/group/items.ts';
import { createWorld, INTERVAL_MS, type World } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const shardOf = async ({ store }: World, shard = '0') => (await store.get(shardKey(shard), read))!;

async function settled(...shards: string[]): Promise<World> {
  const world = createWorld(shards);
  for (let round = 0; round < 3; round++) await world.round('a');
  return world;
}

it('what was read is told in batches and bytes', async () => {
  const world = await settled('0');
  world.source.append('0', 'a', 'bc', 'def');
  let bytes = 0;
  world.eachBatch = async (batch) => {
    bytes += batch.bytes;
  };
  const [first] = (await world.tick('a')).shards;
  expect(first).toMatchObject({ batches: 2, stopped: 'caughtUp' });
  expect([first!.bytes, bytes > 0]).toEqual([bytes, true]);
});

it('a closed shard is done in the tick that reads its last record', async () => {
  const world = await settled('0');
  world.source.append('0', 'x');
  world.source.replace(['0'], ['1']);
  const { pull } = world.source;
  const failed = new SourceError('not yet', { code: 'ServerError', status: 500, retriable: true });
  world.source.pull = () => Promise.reject(failed);
  while ((await shardOf(world)).state === 'open') await world.round('a');
  world.source.pull = pull;
  expect((await world.tick('a')).shards).toMatchObject([{ shard: '0', stopped: 'done', batches: 1 }]);
});

describe('a batch that fails again', () => {
  it('is noted since when, and how often', async () => {
    const world = await settled('0');
    world.source.append('0', 'x');
    world.eachBatch = async () => Promise.reject(new Error('no'));
    await world.round('a');
    const { pending: first } = await shardOf(world);
    await world.round('a');
    const { pending: second } = await shardOf(world);
    expect(second).toMatchObject({
      firstAt: first!.firstAt,
      attempts: 2,
      lastAt: first!.lastAt! + INTERVAL_MS,
    });
  });

  it('counts anew behind a cursor that expired', async () => {
    const world = await settled('0');
    world.source.append('0', 'a', 'b', 'c', 'd');
    world.eachBatch = async () => Promise.reject(new Error('no'));
    for (let round = 0; round < 3; round++) await world.round('a');
    expect((await shardOf(world)).pending).toMatchObject({ attempts: 3, to: '2' });
    const { pull, cursorAt } = world.source;
    const expired = new SourceError('gone', { code: 'CursorExpired', status: 400, retriable: false });
    world.source.pull = (request) => (request.cursor === '0' ? Promise.reject(expired) : pull(request));
    world.source.cursorAt = async (shard, position, signal) =>
      position.at === 'begin' ? '2' : cursorAt(shard, position, signal);
    await world.round('a');
    expect(await shardOf(world)).toMatchObject({ cursor: '2', pending: { attempts: 1, to: '4' } });
  });
});

it('a cursor that expired, where that stops the shard, is told with what to do', async () => {
  const world = createWorld(['0'], { onCursorExpired: 'fail' });
  for (let round = 0; round < 3; round++) await world.round('a');
  const expired = new SourceError('gone', { code: 'CursorExpired', status: 400, retriable: false });
  world.source.pull = () => Promise.reject(expired);
  await world.tick('a');
  const told = world.events.filter(({ event }) => event === 'cursor.expired');
  expect(told).toMatchObject([
    { level: 'error', shard: '0', from: '0', remedy: expect.stringContaining('seek') },
  ]);
});

it('a cursor that is expired again and again is passed over once in a tick', async () => {
  const world = await settled('0');
  const expired = new SourceError('gone', { code: 'CursorExpired', status: 400, retriable: false });
  let asked = 0;
  world.source.pull = async () => {
    asked++;
    // Without a bound the tick would go on for as long as the service does.
    if (asked > 10) throw new SourceError('enough', { code: 'Other', status: 400, retriable: false });
    throw expired;
  };
  const { shards } = await world.tick('a');
  expect([asked, shards]).toMatchObject([2, [{ stopped: 'cursorExpired' }]]);
});

describe('an end time that is near', () => {
  it.each([-1, 0, 1])(
    'by the margin for clocks (%i of it) is waited for: nothing is read',
    async (margins) => {
      const world = createWorld(['0']);
      world.settings.endAt = world.clock.now() + 3 * INTERVAL_MS + margins * world.times.skewMarginMs;
      for (let round = 0; round < 3; round++) await world.round('a');
      world.source.append('0', 'x');
      world.source.pulls.length = 0;
      const { shards } = await world.tick('a');
      expect(world.source.pulls).toEqual([]);
      expect(shards).toMatchObject([{ stopped: 'caughtUp', batches: 0 }]);
    },
  );
});

it('a pull that would be due beyond the time for work ends the shard at once, not then', async () => {
  const world = await settled('0');
  world.settings.pullIntervalMs = world.times.functionTimeoutMs - 1;
  world.source.append('0', 'a', 'b', 'c');
  const before = world.clock.now();
  expect((await world.tick('a')).shards).toMatchObject([{ stopped: 'deadline', batches: 1 }]);
  expect(world.clock.now()).toBe(before);
});
