/** Runs that die over what they were given: the next ones find out, and the other shards of the slot hardly notice. */
import { describe, expect, it } from 'vitest';
import type { Pending } from '../../lib/group/pending.ts';
import { mortal } from '../support/mortal.ts';
import { numbered as allNumbered, deliveredOf, goodOf, itemOf, note, working } from '../support/working.ts';
import { INTERVAL_MS, type World } from '../support/world.ts';

const numbered = (count: number, places: readonly number[] = []) => allNumbered(count, places, 'kill');

describe.each([[0], [25], [49]])('of 50 records in one shard, one that kills its run, at %i', (place) => {
  it('becomes a dead letter, and all others are processed', async () => {
    const { world, rounds } = await mortal();
    const contents = numbered(50, [place]);
    world.source.append('0', ...contents, 'good at the end');
    await rounds(60);
    expect(world.deadLetters).toMatchObject([{ index: place, reason: 'died', attempts: 5 }]);
    expect([...new Set(deliveredOf(world, '0'))]).toEqual(goodOf([...contents, 'good at the end']));
    expect(await itemOf(world)).not.toHaveProperty('pending');
  });
});

it('the other shards of the slot are behind by no more than three ticks', async () => {
  const shards = ['0', '1', '2', '3', '4', '5'];
  const { world, rounds } = await mortal({ shards });
  world.source.append('2', ...numbered(20, [7]));
  const others = shards.filter((shard) => shard !== '2');
  for (let tick = 0; tick < 40; tick++) {
    for (const shard of others) world.source.append(shard, `good ${tick}`);
    await rounds(1);
    for (const shard of others) {
      const [last = 'good -1'] = deliveredOf(world, shard).slice(-1);
      expect(tick - Number(last.split(' ')[1])).toBeLessThanOrEqual(3);
    }
  }
  expect(world.deadLetters).toMatchObject([{ shard: '2', index: 7, reason: 'died' }]);
});

it('a `start` that kills the run holds up its own shard, and no other', async () => {
  const shards = ['0', '1', '2', '3'];
  const { world, rounds, begun } = await mortal({ shards, deadlyStart: '2' });
  for (const shard of shards) world.source.append(shard, 'good 0', 'good 1');
  await rounds(6);
  for (const shard of ['0', '1', '3']) expect(deliveredOf(world, shard)).toEqual(['good 0', 'good 1']);
  expect(begun.filter((id) => id.startsWith('orders/2/'))).toEqual([]);
  expect(await itemOf(world, '2')).toMatchObject({ pending: { deadly: true } });
});

it.each([0, 1, 2, 3])(
  'that of which more runs have died comes after the others: begun in turn %i',
  async (turn) => {
    const { world, rounds } = await mortal({ shards: ['0', '1', '2', '3'] });
    await rounds(turn);
    world.source.append('0', 'good');
    world.source.append('3', 'kill');
    await rounds(3);
    expect(deliveredOf(world, '0')).toContain('good');
  },
);

it.each([
  [0, 1],
  [1, 1],
  [2, 1],
  [3, 1],
  [0, 2],
  [3, 2],
])(
  'that of which fewer runs have died comes first, and of as many, the one that has waited longest: in turn %i, beside %i deaths',
  async (turn, deaths) => {
    const { world, rounds, restart } = await mortal({ shards: ['0', '1', '2', '3'] });
    await rounds(turn);
    world.source.append('0', 'good');
    world.source.append('3', 'kill');
    const died: Pending = { to: '1', count: 1, done: 0, size: 1, attempts: 1, deadly: true };
    await note(world, { ...died, lastAt: 2 }, '0');
    await note(world, { ...died, attempts: deaths, lastAt: deaths > 1 ? 1 : 3 }, '3');
    restart();
    await rounds(1);
    expect(deliveredOf(world, '0')).toEqual(['good']);
  },
);

it('what was in work beside it is cleared by its next success, and counts no further attempt', async () => {
  const { world, rounds } = await mortal({ shards: ['0', '1'] });
  world.source.append('0', ...numbered(4, [1]));
  world.source.append('1', ...numbered(4));
  await rounds(5);
  expect(await itemOf(world, '1')).not.toHaveProperty('pending');
  expect([...new Set(deliveredOf(world, '1'))]).toEqual(numbered(4));
});

it('each death is an attempt, also in sandboxes that know their slot', async () => {
  const { world, rounds, begun } = await mortal();
  await rounds(2);
  world.source.append('0', 'kill');
  await rounds(2);
  world.source.append('0', 'good');
  await rounds(40);
  expect(world.deadLetters).toMatchObject([{ reason: 'died' }]);
  // The first one is noticed by nobody.
  expect(begun.filter((id) => id.startsWith('orders/0/0-1'))).toHaveLength(6);
});

it('a suspect has its turn, however much there is to do in the other shards', async () => {
  const { world, rounds, left } = await mortal({
    shards: ['0', '1'],
    recordsMax: 1,
    workMs: (shard) => (shard === '1' ? 1_000 : 10),
  });
  await rounds(2);
  world.source.append('0', 'good', 'kill', 'good');
  for (let tick = 0; tick < 40; tick++) {
    // More than fits into a tick.
    world.source.append('1', ...numbered(80));
    await rounds(1);
  }
  expect(world.deadLetters).toMatchObject([{ shard: '0', reason: 'died' }]);
  expect(deliveredOf(world, '0').at(-1)).toBe('good');
  // Under suspicion from the second death on, until it is given up.
  const suspected = left
    .filter(({ shard }) => shard === '0')
    .slice(3, -1)
    .map(({ ms }) => ms);
  expect(suspected.length).toBeGreaterThan(2);
  expect(Math.min(...suspected)).toBeGreaterThan(5_000);
});

it('two shards that kill their runs take turns: both are found', async () => {
  const { world, rounds } = await mortal({ shards: ['0', '1', '2'] });
  world.source.append('0', ...numbered(10, [3]), 'good at the end');
  world.source.append('1', ...numbered(10, [4]), 'good at the end');
  await rounds(80);
  expect(world.deadLetters.map(({ shard, index }) => `${shard}/${index}`).sort()).toEqual(['0/3', '1/4']);
});

it('a run that ended, and only had no answer from the table, has not died', async () => {
  const { world } = await mortal();
  world.eachBatch = async () => {};
  world.source.append('0', 'good');
  let fails = true;
  const { update } = world.store;
  const store = {
    ...world.store,
    update: (async (key, write, options) => {
      const isCheckpoint = fails && 'cursor' in (write.set ?? {});
      if (isCheckpoint) throw new Error('the table does not answer');
      return update(key, write, options);
    }) as typeof update,
  };
  world.events.length = 0;
  await world.tick('a', 'another sandbox', { store });
  expect((await itemOf(world)).pending).toMatchObject({ inWork: {} });
  fails = false;
  world.clock.advance(INTERVAL_MS);
  await world.tick('a', 'another sandbox', { store });
  expect(world.events.filter(({ event }) => event === 'batch.died')).toEqual([]);
  expect(await itemOf(world)).not.toHaveProperty('pending');
});

describe('what is noted before a batch is given', () => {
  const writesOf = (world: World): string[] =>
    world.store.requests.filter((request) => request.startsWith('update SHARD#'));

  it('in a warm tick in which all goes well: nothing', async () => {
    const { world, rounds } = await mortal();
    await rounds(2);
    world.source.append('0', 'good');
    world.store.requests.length = 0;
    await rounds(1);
    expect(writesOf(world)).toHaveLength(1);
  });

  it('nothing either where a warm tick reads again what it knows', async () => {
    const { world, rounds } = await mortal();
    await rounds(2);
    world.store.requests.length = 0;
    for (let round = 0; round < 40; round++) {
      world.source.append('0', 'good');
      await rounds(1);
    }
    expect(writesOf(world)).toHaveLength(40);
    const isRead = (request: string): boolean => request.startsWith('get SHARD#');
    expect(world.store.requests.filter(isRead)).toHaveLength(1);
  });

  it('in a cold one, and always where batches are durable: one write for each', async () => {
    const { world, rounds } = await mortal({ recordsMax: 1 });
    await rounds(2);
    world.settings.delivery = { ...world.settings.delivery, identity: 'durable' };
    world.source.append('0', 'good', 'good');
    world.store.requests.length = 0;
    await rounds(1);
    expect(writesOf(world)).toHaveLength(4);
  });
});

it('with durable batches, what a crash interrupts comes again under the same id, whatever was written meanwhile', async () => {
  const { world, rounds, begun } = await mortal();
  await rounds(2);
  world.settings.delivery = { ...world.settings.delivery, identity: 'durable' };
  world.source.append('0', 'good', 'kill');
  await rounds(1);
  world.source.append('0', 'good', 'good');
  await rounds(2);
  expect(begun.slice(0, 2)).toEqual(['orders/0/0-2', 'orders/0/0-2']);
});

it('behind what was under suspicion no more is begun than there is time for, in a new sandbox, too', async () => {
  const { world } = await working(() => {}, { recordsMax: 2 });
  world.source.append('0', ...numbered(100));
  await note(world, {
    to: '100',
    count: 100,
    done: 0,
    size: 3,
    until: 20,
    attempts: 2,
    firstAt: 1,
    lastAt: 1,
    deadly: true,
  });
  const begun: string[] = [];
  world.eachBatch = async ({ id, records }, { remainingMs }) => {
    const needMs = [...records].length * 1_000;
    expect(needMs, id).toBeLessThanOrEqual(remainingMs());
    begun.push(id);
    world.clock.advance(needMs);
  };
  await world.tick('a', 'another sandbox');
  expect(begun).toContain('orders/0/0-100/0-3');
  expect(world.delivered.length).toBeGreaterThan(35);
  expect(world.delivered.length).toBeLessThan(46);
});
