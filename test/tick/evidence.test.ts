/** What proves that a record is to blame, and how long that counts. */
import { expect, it } from 'vitest';
import { itemOf, lettersOf, note, pendingOf, spend, working } from '../support/working.ts';
import { INTERVAL_MS } from '../support/world.ts';

const exhausted = { to: '1', count: 1, done: 0, attempts: 0, size: 1, block: 1 };

it('what succeeded in the same tick is enough, where the last failure leaves no time for more', async () => {
  const { world } = await working(
    async (contents, context) => {
      if (!contents.includes('bad')) return;
      // There is no time for another one that takes as long.
      await spend(world, context, 30_000);
      throw new Error('cannot take it');
    },
    { shards: ['0', '1'] },
  );
  world.settings.shardsParallelMax = 1;
  const now = world.clock.now();
  world.source.append('0', 'bad');
  world.source.append('1', 'good');
  await note(world, { ...exhausted, firstAt: now - INTERVAL_MS, lastAt: now - 1 });
  // This one begins with the second shard.
  await world.tick('a', 'another sandbox');
  expect(world.delivered).toEqual(['1:good']);
  expect(await pendingOf(world)).toMatchObject({ condemned: { count: 1 } });
  world.clock.advance(INTERVAL_MS);
  await world.tick('a', 'a third one');
  expect(lettersOf(world)).toEqual(['bad']);
});

it('what a run before had proven is proven no more when the record is given anew', async () => {
  let noted: unknown;
  const { world } = await working(async () => {
    noted = await pendingOf(world);
    throw new Error('cannot take it');
  });
  const now = world.clock.now();
  world.source.append('0', 'bad');
  const proven = { ...exhausted, deadly: true, proven: true } as const;
  await note(world, { ...proven, firstAt: now - INTERVAL_MS, lastAt: now - 1 });
  await world.tick('a', 'another sandbox');
  expect(noted).toMatchObject({ block: 1, inWork: { place: 0 } });
  expect(noted).not.toHaveProperty('proven');
  expect(await itemOf(world)).toMatchObject({ cursor: '0' });
});

it('where records take most of a tick, the one behind a record that hangs is tried without that one', async () => {
  const { world } = await working(async (contents, context) => {
    await spend(world, context, contents.includes('bad') ? Number.POSITIVE_INFINITY : 30_000);
  });
  const now = world.clock.now();
  world.source.append('0', 'bad', 'good');
  const slow = { ...exhausted, to: '2', count: 2, tried: 1, msPerRecord: 30_000 };
  await note(world, { ...slow, firstAt: now - INTERVAL_MS, lastAt: now - 1 });
  for (let round = 0; round < 3; round++) await world.round('a');
  expect(world.delivered).toEqual(['0:good']);
  expect(lettersOf(world)).toEqual(['bad']);
});

it('what failed in ticks before is not given up by what succeeds now, where no time is left to try it once more', async () => {
  const { world } = await working(() => {}, { shards: ['0', '1'] });
  world.settings.shardsParallelMax = 1;
  const now = world.clock.now();
  world.source.append('0', 'failed');
  world.source.append('1', 'good');
  await note(world, { ...exhausted, tried: 1, firstAt: now - INTERVAL_MS, lastAt: now - 1 });
  const { pull } = world.source;
  world.source.pull = async (request) => {
    const pulled = await pull(request);
    // It is answered when the time for work is just over.
    if (request.shard === '0') world.clock.advance(INTERVAL_MS - 5_000);
    return pulled;
  };
  // This one begins with the second shard.
  const { shards } = await world.tick('a', 'another sandbox');
  expect(world.delivered).toEqual(['1:good']);
  expect(shards.find(({ shard }) => shard === '0')).toMatchObject({ stopped: 'deadline' });
  expect(await pendingOf(world)).not.toHaveProperty('condemned');
});

it('what a run that died of the first had proven counts for the last, of which another hangs', async () => {
  const { world } = await working(async (contents, context) => {
    if (contents.includes('hangs')) await spend(world, context, Number.POSITIVE_INFINITY);
  });
  const now = world.clock.now();
  world.source.append('0', 'deadly', 'hangs', 'good');
  const pending = {
    ...exhausted,
    to: '3',
    count: 3,
    block: 2,
    tried: 1,
    deadly: true,
    proven: true,
  } as const;
  await note(world, { ...pending, firstAt: now - INTERVAL_MS, lastAt: now - 1 });
  await world.tick('a', 'another sandbox');
  expect(await pendingOf(world)).toMatchObject({ condemned: { count: 2 } });
  world.clock.advance(INTERVAL_MS);
  await world.tick('a', 'a third one');
  expect(lettersOf(world)).toEqual(['deadly', 'hangs']);
  expect(world.delivered).toEqual(['0:good']);
});
