/** Writes that the user's function returns: they and what says that its records are done are one write. */
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import { shardKey } from '../../lib/group/items.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { additions, counted, createCounters } from '../support/counters.ts';
import { createFaultyStore, type FaultyStore } from '../support/faultyStore.ts';
import { itemOf, lettersOf, numbered, pendingOf, rounds, type Takes, working } from '../support/working.ts';
import { INTERVAL_MS } from '../support/world.ts';

let counters: ReturnType<typeof createCounters>;
let table: FaultyStore;
beforeEach(() => {
  counters = createCounters();
  table = createFaultyStore(createMemoryStore(new Map(), 'orders', counters.apply));
});

const sums = () => Object.fromEntries(counters.sums);
/** The first word of each record is its key. */
const counts: Takes = (contents) => ({
  writes: additions(counted(contents.map((each) => each.split(' ')[0]!))),
});
/** A counter of its own for each record. */
const countsEach: Takes = (contents) => ({ writes: additions(counted(contents)) });
const read = { signal: new AbortController().signal };
const isOfShard = (key: string): boolean => key === shardKey('0');

/** What happens at the next write to the shard's item. */
function atNextWrite(happens: (write: () => Promise<unknown>) => Promise<void>): GroupStore {
  let isOver = false;
  return {
    ...table,
    async update(key, write, options) {
      if (isOver || !isOfShard(key)) return table.update(key, write, options);
      isOver = true;
      await happens(() => table.update(key, write, read));
      throw new StoreError('no answer', { code: 'Timeout', outcome: 'unknown', retriable: false });
    },
  };
}

describe('what is written with the checkpoint', () => {
  it('is there when the checkpoint is, in one write', async () => {
    const { world } = await working(counts, { table });
    world.source.append('0', 'red 1', 'red 2', 'blue 1');
    const before = table.updates;
    await rounds(world, 1);
    expect(sums()).toEqual({ red: 2, blue: 1 });
    // The heartbeat and the checkpoint.
    expect(table.updates - before).toBe(2);
    expect(await itemOf(world)).toMatchObject({ cursor: '3' });
    expect(await itemOf(world)).not.toHaveProperty('pending');
  });

  it.each([
    ['before', false],
    ['after', true],
  ])('counts once where the run died %s it was written', async (_when, lands) => {
    const { world } = await working(counts, { table });
    world.source.append('0', 'red 1', 'blue 1');
    let tellDead: () => void = () => {};
    const dead = new Promise<void>((resolve) => {
      tellDead = resolve;
    });
    const store = atNextWrite(async (write) => {
      if (lands) await write();
      tellDead();
      await new Promise(() => {});
    });
    void world.tick('a', 'a', { store });
    await dead;
    world.clock.advance(2 * INTERVAL_MS);
    await rounds(world, 2, { cold: true });
    expect(sums()).toEqual({ red: 1, blue: 1 });
    expect(await itemOf(world)).toMatchObject({ cursor: '2' });
  });

  it.each(['lostBefore', 'lostAfter', 'throttled'] as const)(
    'counts once where its answer is %s',
    async (fate) => {
      const { world } = await working(counts, { table });
      world.source.append('0', 'red 1', 'blue 1');
      // The heartbeat is fine.
      table.next('fine', fate);
      await rounds(world, 3);
      expect(sums()).toEqual({ red: 1, blue: 1 });
      expect(await itemOf(world)).toMatchObject({ cursor: '2' });
    },
  );

  it('counts once where it lands long after its run has given up', async () => {
    const { world } = await working(counts, { table });
    world.source.append('0', 'red 1');
    let late: () => Promise<unknown> = async () => {};
    const store = atNextWrite(async (write) => {
      late = write;
    });
    // Its repeat lands first.
    await world.tick('a', 'a', { store });
    await late();
    world.clock.advance(INTERVAL_MS);
    await rounds(world, 1);
    expect(sums()).toEqual({ red: 1 });
  });

  it('counts once where two have the same records, whoever is first', async () => {
    const { world, given } = await working(counts, { table });
    world.source.append('0', 'red 1', 'red 2');
    let late: () => Promise<unknown> = async () => {};
    const isLate = Promise.withResolvers<void>();
    const store = atNextWrite(async (write) => {
      late = write;
      isLate.resolve();
      await new Promise(() => {});
    });
    void world.tick('a', 'a', { store });
    await isLate.promise;
    // Its time is over, and another run of the slot has the shard.
    world.clock.advance(2 * INTERVAL_MS);
    await world.tick('a', 'another');
    await late();
    expect(given).toHaveLength(2);
    expect(sums()).toEqual({ red: 2 });
  });

  it('is not done by one that has lost the shard', async () => {
    const { world, given } = await working(counts, { table });
    world.source.append('0', 'red 1', 'red 2');
    const { eachBatch } = world;
    world.eachBatch = async (batch, context) => {
      const outcome = await eachBatch(batch, context);
      if (given.length === 1) await table.update(shardKey('0'), stolen, context);
      return outcome;
    };
    const stolen = { set: { owner: 'b' }, add: { epoch: 1 }, condition: { exists: 'epoch' } } as const;
    const [result] = await rounds(world, 1);
    expect(result).toMatchObject({ shards: [{ stopped: 'lost', batches: 0 }] });
    expect(sums()).toEqual({});
  });
});

describe('what is refused by its own condition', () => {
  const refusing: Takes = (contents) => ({
    writes: additions(counted(contents), contents.some((each) => each.startsWith('bad')) ? -1 : undefined),
  });
  beforeEach(() => void counters.sums.set('bad 1', 0));

  it('has failed, and leaves neither what was with it nor the checkpoint', async () => {
    const { world } = await working(refusing, { table });
    world.source.append('0', 'good 0', 'bad 1', 'good 2');
    const [result] = await rounds(world, 1);
    expect(result).toMatchObject({
      shards: [{ stopped: 'batchFailed', batches: 0, records: 0, cursor: '0' }],
    });
    expect(sums()).toEqual({ 'bad 1': 0 });
    expect(await pendingOf(world)).toMatchObject({
      attempts: 1,
      done: 0,
      message: 'WritesError: bad 1 is refused',
    });
  });

  it('becomes a dead letter, and all others count once', async () => {
    const { world } = await working(refusing, { table });
    world.source.append('0', ...numbered(10, [1]));
    await rounds(world, 60);
    expect(lettersOf(world)).toEqual(['bad 1']);
    const good = numbered(10, [1]).filter((each) => each.startsWith('good'));
    expect(sums()).toEqual({ ...counted(good), 'bad 1': 0 });
    expect(await itemOf(world)).toMatchObject({ cursor: '10' });
  });

  it('is no dead letter where everything is refused', async () => {
    const all: Takes = (contents) => ({ writes: additions(counted(contents), -1) });
    const { world } = await working(all, { table, shards: ['0', '1'] });
    for (const shard of ['0', '1']) world.source.append(shard, 'a', 'b', 'c');
    for (const key of ['a', 'b', 'c']) counters.sums.set(key, 0);
    await rounds(world, 100);
    expect(world.deadLetters).toEqual([]);
    expect(world.events.some(({ event }) => event === 'delivery.outage')).toBe(true);
  });
});

describe('more writes than a transaction takes', () => {
  it('are asked for in parts, which is no failure, and each record counts once', async () => {
    const { world, given } = await working(countsEach, { table });
    const contents = numbered(250);
    world.source.append('0', ...contents);
    await rounds(world, 1);
    expect(sums()).toEqual(counted(contents));
    const sizes = given.map((each) => each.contents.length);
    expect(sizes).toEqual([250, 99, 99, 52]);
    expect(given.map(({ id }) => id)).toEqual([
      'orders/0/0-250',
      'orders/0/0-250/0-99',
      'orders/0/0-250/99-198',
      'orders/0/0-250/198-250',
    ]);
    expect(world.events.filter(({ event }) => event === 'batch.failed')).toEqual([]);
    expect(await itemOf(world)).toMatchObject({ cursor: '250' });
  });

  it('are known to be too many from then on, until fewer come', async () => {
    let keys = 1_000;
    const some: Takes = (contents) => ({
      writes: additions(counted(contents.map((_, index) => `key ${index % keys}`))),
    });
    const { world, given } = await working(some, { table });
    world.source.append('0', ...numbered(200));
    await rounds(world, 1);
    world.source.append('0', ...numbered(200));
    await rounds(world, 1);
    expect(given.map(({ contents }) => contents.length)).toEqual([200, 99, 99, 2, 99, 99, 2]);
    keys = 10;
    world.source.append('0', ...numbered(400));
    await rounds(world, 1);
    expect(given.slice(7).map(({ contents }) => contents.length)).toEqual([99, 198, 103]);
  });

  it('of a run that dies are not forgotten: what was written counts once', async () => {
    const { world } = await working(countsEach, { table });
    const contents = numbered(250);
    world.source.append('0', ...contents);
    const { eachBatch } = world;
    let calls = 0;
    world.eachBatch = async (batch, context) => {
      calls++;
      return calls === 3 ? new Promise(() => {}) : eachBatch(batch, context);
    };
    void world.tick('a');
    while (calls < 3) await new Promise(setImmediate);
    expect(sums()).toEqual(counted(contents.slice(0, 99)));
    world.clock.advance(2 * INTERVAL_MS);
    await rounds(world, 5, { cold: true });
    expect(sums()).toEqual(counted(contents));
  });

  it('for one record are a failure of that record, which says so', async () => {
    const takes: Takes = (contents) => {
      const many = Array.from({ length: 100 }, (_, index) => `part ${index}`);
      return { writes: additions(counted(contents.flatMap((each) => (each === 'bad 1' ? many : [each])))) };
    };
    const { world } = await working(takes, { table });
    world.source.append('0', ...numbered(4, [1]));
    await rounds(world, 40);
    expect(lettersOf(world)).toEqual(['bad 1']);
    expect(world.deadLetters[0]?.message).toMatch(/returned 100 writes for one record: no more than 99/);
    expect(sums()).toEqual({ 'good 0': 1, 'good 2': 1, 'good 3': 1 });
  });
});
