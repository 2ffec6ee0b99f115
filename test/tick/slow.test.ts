/** What takes longer than a tick has: it comes in smaller parts, and more as soon as more fits. */
import { describe, expect, it } from 'vitest';
import { createLifecycle } from '../../lib/delivery/lifecycle.ts';
import { recordOf } from '../../lib/testing/records.ts';
import {
  deliveredOf,
  lettersOf,
  note,
  numbered,
  pendingOf,
  refuses,
  rounds,
  spend,
  working,
} from '../support/working.ts';
import { INTERVAL_MS } from '../support/world.ts';

/** A function that takes so long for each record, all records of a call together. */
async function slow(msPerRecord: number, given: Parameters<typeof working>[1] = {}) {
  const { world, ...rest } = await working(async (contents, context) => {
    await spend(world, context, contents.length * msPerRecord);
    refuses(contents);
  }, given);
  return { world, ...rest };
}

const partOf = ({ id }: { id: string }): string => id.split('/')[3] ?? 'all';

describe('a function that takes a second for each record', () => {
  it('is given half of them until that fits, and then what fits', async () => {
    const { world, given } = await slow(1_000);
    world.source.append('0', ...numbered(300));
    await rounds(world, 5);
    expect(given.slice(0, 4).map(partOf)).toEqual(['all', '0-150', '0-75', '0-38']);
    // Of what is left of that tick, and of the one after it, most is used.
    expect(deliveredOf(world).length).toBeGreaterThan(38 + 40);
    await rounds(world, 6);
    expect(deliveredOf(world)).toEqual(numbered(300));
    expect(lettersOf(world)).toEqual([]);
  });

  it('in sandboxes that know nothing, no more is begun than was found to fit before', async () => {
    const { world, given } = await slow(1_000);
    world.source.append('0', ...numbered(500));
    const results = await rounds(world, 16, { cold: true });
    expect(deliveredOf(world)).toEqual(numbered(500));
    const tooLate = results.filter(({ shards }) => shards[0]!.batches === 0);
    expect(tooLate).toHaveLength(4);
    expect(given.slice(0, 4).map(partOf)).toEqual(['all', '0-250', '0-125', '0-63']);
  });

  it('what is noted of its pace is no longer than a number', async () => {
    const { world } = await slow(333.33337);
    world.source.append('0', ...numbered(500));
    await rounds(world, 4);
    const { msPerRecord = 0 } = (await pendingOf(world))!;
    expect(Math.abs(msPerRecord - 333)).toBeLessThan(15);
    expect(String(msPerRecord)).toHaveLength(3);
  });
});

it('what the module needs to begin with a shard is not the time of its batches', async () => {
  const { world } = await slow(1, { recordsMax: 1 });
  world.source.append('0', ...numbered(3));
  const start = () => world.clock.advance(30_000);
  await world.tick('a', 'a', { lifecycle: createLifecycle({ start }) });
  expect(deliveredOf(world)).toEqual(numbered(3));
});

it('the backlog of a day is read up, at a millisecond for each record', async () => {
  const { world } = await slow(1, { recordsMax: 100_000 });
  const minutes = 24 * 60;
  for (let minute = 0; minute < minutes; minute++) world.source.append('0', ...numbered(100));
  let ticks = 0;
  while (world.delivered.length < minutes * 100) {
    await rounds(world, 1);
    expect(++ticks).toBeLessThan(8);
  }
});

it('a limit in records does the same by hand, and grows no further', async () => {
  const { world, given } = await slow(1_000);
  world.settings.delivery = { ...world.settings.delivery, recordsMax: 7 };
  world.source.append('0', ...numbered(100));
  const results = await rounds(world, 3);
  expect(deliveredOf(world)).toEqual(numbered(100));
  expect(Math.max(...given.map(({ contents }) => contents.length))).toBe(7);
  expect(results[0]!.shards).toMatchObject([{ stopped: 'deadline', batches: 6 }]);
  expect(world.events.filter(({ event }) => event === 'batch.timedOut')).toEqual([]);
});

it('a part that was begun when little time was left counts no attempt, however often', async () => {
  // Beside it another shard takes most of each tick.
  const { world } = await working(
    async (contents, context) => {
      const isHeavy = contents.includes('heavy');
      await spend(world, context, isHeavy ? 20_000 : 30_000);
    },
    { shards: ['0', '1'] },
  );
  world.settings.shardsParallelMax = 1;
  world.source.append('0', 'heavy');
  for (let tick = 0; tick < 8; tick++) {
    world.source.append('1', 'good');
    await rounds(world, 1);
  }
  expect(deliveredOf(world)).toEqual(['heavy']);
  expect(lettersOf(world)).toEqual([]);
  expect(await pendingOf(world)).toBeUndefined();
});

it('more records that are too old than a tick has time for are put aside in several, and none of those fails', async () => {
  const { world, given } = await working(() => {}, { ageMaxMs: 10 * INTERVAL_MS });
  const { put } = world.letterBox;
  world.letterBox.put = async (letters) => {
    world.clock.advance(3_000);
    await new Promise(setImmediate);
    return put(letters);
  };
  world.source.append(
    '0',
    ...Array.from({ length: 2_500 }, (_, index) => recordOf(`old ${index}`, { timeMs: 1 })),
  );
  world.source.append('0', recordOf('new', { timeMs: world.clock.now() }));
  const [first, second] = await rounds(world, 2);
  expect(first!.shards).toMatchObject([{ stopped: 'deadline', deadLetters: expect.any(Number) }]);
  expect(first!.outcome).toBe('worked');
  expect(second!.shards).toMatchObject([{ stopped: 'caughtUp' }]);
  expect(world.deadLetters).toHaveLength(2_500);
  expect(given.map(({ contents }) => contents)).toEqual([['new']]);
});

it('a suspect has its share of the tick, also beside a long range of many parts', async () => {
  const left: number[] = [];
  const { world } = await working(
    async (contents, context) => {
      if (contents.includes('suspect')) left.push(context.remainingMs());
      else await spend(world, context, contents.length * 1_000);
    },
    { shards: ['0', '1'] },
  );
  world.settings.delivery = { ...world.settings.delivery, recordsMax: 1 };
  world.source.append('0', ...numbered(100));
  world.source.append('1', 'suspect');
  await note(
    world,
    { to: '1', count: 1, done: 0, size: 1, attempts: 1, firstAt: 1, lastAt: 1, deadly: true },
    '1',
  );
  await rounds(world, 1, { cold: true });
  expect(deliveredOf(world, '1')).toEqual(['suspect']);
  expect(left[0]).toBeGreaterThan(10_000);
  // Nobody waits behind those that come last.
  expect(deliveredOf(world, '0').length).toBeGreaterThan(30);
});

it('a record that had little time, since the service was slow, has not failed: it is given a whole tick', async () => {
  let isDown = true;
  const { world } = await working(async (contents, context) => {
    if (isDown) throw new Error('the sink is down');
    if (contents.includes('heavy')) await spend(world, context, 20_000);
  });
  world.source.append('0', 'heavy', 'light');
  await rounds(world, 20);
  expect(await pendingOf(world)).toMatchObject({ block: 1 });
  isDown = false;
  const { pull } = world.source;
  for (let slow = 0; slow < 10; slow++) {
    world.source.pull = async (request) => {
      world.clock.advance(30_000);
      return pull(request);
    };
    await rounds(world, 1);
    world.source.pull = pull;
  }
  expect(deliveredOf(world)).toEqual([]);
  await rounds(world, 1);
  expect(lettersOf(world)).toEqual([]);
  expect(deliveredOf(world)).toEqual(['heavy', 'light']);
});
