/** Records that the user's function never takes: nothing else waits for them, and none of them is lost. */
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../lib/sources/source.ts';
import { recordOf } from '../../lib/testing/records.ts';
import {
  deliveredOf,
  goodOf,
  itemOf,
  lettersOf,
  numbered,
  refuses,
  rounds,
  working,
} from '../support/working.ts';
import { INTERVAL_MS, type World } from '../support/world.ts';

const contentOf = (record: LogRecord): string => record.get('content') ?? '';

describe.each([[[0]], [[50]], [[99]], [[0, 1]], [[98, 99]], [[3, 40, 41, 42, 77]]])(
  'of 100 records in one shard, those at %j',
  (bad) => {
    it.each([1_000, 7, 2])(
      'become dead letters, and all others are processed once, in order: pulls of %i',
      async (recordsMax) => {
        const { world } = await working(refuses, { recordsMax });
        const contents = numbered(100, bad);
        world.source.append('0', ...contents, 'good at the end');
        await rounds(world, 60 * bad.length);
        expect(deliveredOf(world)).toEqual(goodOf([...contents, 'good at the end']));
        expect(lettersOf(world)).toEqual(contents.filter((content) => content.startsWith('bad')));
        expect(await itemOf(world)).not.toHaveProperty('pending');
      },
    );
  },
);

it('the last record there is is given up by what succeeded of its batch', async () => {
  const { world } = await working(refuses);
  world.source.append('0', ...numbered(10, [9]));
  await rounds(world, 30);
  expect(lettersOf(world)).toEqual(['bad 9']);
  expect(world.delivered).toHaveLength(9);
});

it('a dead letter says what it was, where it stood, and why', async () => {
  const { world } = await working(refuses);
  world.source.append('0', ...numbered(4, [2]));
  await rounds(world, 30);
  expect(world.deadLetters).toMatchObject([
    {
      id: '0/2/0',
      recordId: '0/2/0',
      group: 'orders',
      shard: '0',
      from: '0',
      to: '4',
      index: 2,
      attempts: 5,
      reason: 'failed',
      message: 'Error: cannot take it',
      stream: { source: 'memory' },
    },
  ]);
  const [{ firstAt, lastAt, givenUpAt }] = world.deadLetters as [(typeof world.deadLetters)[number]];
  expect(firstAt).toBeLessThan(lastAt);
  expect(lastAt).toBeLessThanOrEqual(givenUpAt);
});

describe('where everything fails', () => {
  it('nothing is given up, however long it takes, and that is said in every tick', async () => {
    const { world } = await working(refuses, { shards: ['0', '1'] });
    world.source.append('0', 'good a', 'good b', 'good c');
    world.source.append('1', 'good d', 'good e');
    const { eachBatch } = world;
    world.eachBatch = async () => {
      world.clock.advance(10);
      throw new Error('the sink is down');
    };
    await rounds(world, 100);
    expect(world.deadLetters).toEqual([]);
    expect(world.delivered).toEqual([]);
    world.events.length = 0;
    await rounds(world, 5);
    const told = world.events.filter(({ event }) => event === 'delivery.outage');
    expect(told).toHaveLength(10);
    expect(told[0]).toMatchObject({ message: 'Error: the sink is down', remedy: expect.any(String) });
    world.eachBatch = eachBatch;
    await rounds(world, 20);
    expect([...world.delivered].sort()).toEqual(['0:good a', '0:good b', '0:good c', '1:good d', '1:good e']);
    expect(await itemOf(world)).not.toHaveProperty('pending');
  });

  it('a success of another shard before the last failure proves nothing', async () => {
    const { world } = await working(refuses, { shards: ['0', '1'] });
    let isDown = false;
    world.eachBatch = async () => {
      world.clock.advance(10);
      if (isDown) throw new Error('the sink is down');
    };
    isDown = true;
    world.source.append('0', 'good a');
    await rounds(world, 2);
    isDown = false;
    world.source.append('1', 'good b');
    await world.source.pull;
    isDown = true;
    await rounds(world, 100);
    expect(world.deadLetters).toEqual([]);
  });
});

it('with SHARDBEAT_ON_POISON: block the shard stops, is told, and goes on once the function takes it', async () => {
  const { world } = await working(refuses, { shards: ['0', '1'] });
  world.settings.delivery = { ...world.settings.delivery, onPoison: 'block' };
  const { eachBatch } = world;
  world.source.append('0', ...numbered(5, [2]));
  await rounds(world, 60);
  world.source.append('1', 'good x');
  world.events.length = 0;
  await rounds(world, 1);
  expect(world.events.filter(({ event }) => event === 'shard.blocked')).toMatchObject([
    { shard: '0', records: 1, remedy: expect.stringContaining('SHARDBEAT_ON_POISON') },
  ]);
  expect(world.deadLetters).toEqual([]);
  expect(world.delivered).toEqual(['0:good 0', '0:good 1', '1:good x']);
  world.eachBatch = async () => {};
  void eachBatch;
  await rounds(world, 10);
  expect(world.delivered.slice(3)).toEqual(['0:bad 2', '0:good 3', '0:good 4']);
});

it('where there is no room for dead letters, the shard stops, and goes on once there is', async () => {
  const { world } = await working(refuses);
  const { put } = world.letterBox;
  world.letterBox.put = async () => 'full';
  world.source.append('0', ...numbered(5, [2]));
  await rounds(world, 40);
  expect(world.delivered).toHaveLength(3);
  expect(world.events.filter(({ event }) => event === 'shard.blocked').at(-1)).toMatchObject({
    shard: '0',
    remedy: expect.stringContaining('SHARDBEAT_DEAD_LETTERS_MAX'),
  });
  world.letterBox.put = put;
  await rounds(world, 2);
  expect(lettersOf(world)).toEqual(['bad 2']);
  expect(deliveredOf(world)).toEqual(goodOf(numbered(5, [2])));
});

it('bisecting needs no tick for each step', async () => {
  const { world, given } = await working(refuses);
  world.source.append('0', ...numbered(64, [37]), 'good at the end');
  await rounds(world, 2);
  const halves = given.length;
  expect(halves).toBeGreaterThan(6);
  expect(await itemOf(world)).toMatchObject({ pending: { done: 37, size: 1, attempts: 3 } });
  expect(world.delivered).toHaveLength(37);
});

it('the same records always come under the same id', async () => {
  const { world } = await working(refuses);
  const seen = new Map<string, string>();
  const { eachBatch } = world;
  world.eachBatch = async (batch, context) => {
    const contents = [...batch.records].map(contentOf).join();
    expect(seen.get(batch.id) ?? contents).toBe(contents);
    seen.set(batch.id, contents);
    await eachBatch(batch, context);
  };
  for (let round = 0; round < 30; round++) {
    world.source.append('0', ...numbered(7, [round % 7]));
    world.settings.countMax = 1 + ((round * 5) % 9);
    await rounds(world, 1);
  }
  await rounds(world, 300);
  expect(world.deadLetters).toHaveLength(30);
  expect(world.delivered).toHaveLength(180);
});

it('records that are too old become dead letters unread', async () => {
  const { world, given } = await working(refuses);
  world.settings.delivery = { ...world.settings.delivery, ageMaxMs: 10 * INTERVAL_MS };
  const { eachBatch } = world;
  const written = (content: string) => recordOf(content, { timeMs: world.clock.now() });
  world.source.append('0', written('good 0'), written('good 1'), written('good a'));
  world.eachBatch = async () => {
    throw new Error('the sink is down');
  };
  await rounds(world, 12);
  world.source.append('0', written('good 2'));
  world.eachBatch = eachBatch;
  given.length = 0;
  await rounds(world, 12);
  expect(world.deadLetters).toMatchObject([
    { reason: 'tooOld', attempts: 5, message: expect.stringContaining('the sink is down') },
    { reason: 'tooOld', attempts: 1 },
    { reason: 'tooOld', attempts: 0 },
  ]);
  expect(world.delivered).toEqual(['0:good 2']);
});

it('a record that waits costs the others nothing: it is not even pulled', async () => {
  const { world } = await working(refuses, { shards: ['0', '1'] });
  world.source.append('0', 'bad');
  await rounds(world, 6);
  const { notBefore } = (await itemOf(world)).pending!;
  expect(notBefore).toBeGreaterThan(world.clock.now());
  world.source.pulls.length = 0;
  await rounds(world, 1);
  expect(world.source.pulls.map(({ shard }) => shard)).not.toContain('0');
});

it('a record that takes most of a tick is begun in every tick, though no second one would fit', async () => {
  const { world } = await working(refuses);
  const workMs = world.times.functionTimeoutMs - world.times.reserveMs;
  world.eachBatch = async ({ records }, { signal }) => {
    for (const _record of records) {
      world.clock.advance(workMs * 0.9);
      await new Promise(setImmediate);
      signal.throwIfAborted();
    }
  };
  world.source.append('0', ...numbered(4));
  await rounds(world, 20);
  expect(deliveredOf(world)).toEqual(goodOf(numbered(4)));
  expect(world.deadLetters).toEqual([]);
});

describe.each([[['0']], [['0', '1']]])('a record that hangs, in shards %j', (shards) => {
  it('is given up like any other, once something else succeeds', async () => {
    const { world } = await working(refuses, { shards });
    world.eachBatch = async ({ records }, { signal }) => {
      world.clock.advance(10);
      if (![...records].some((record) => contentOf(record).startsWith('bad'))) return;
      while (!signal.aborted) {
        world.clock.advance(500);
        await new Promise(setImmediate);
      }
      signal.throwIfAborted();
    };
    world.source.append('0', ...numbered(6, [2]));
    for (let round = 0; round < 60; round++) {
      if (shards.length > 1) world.source.append('1', 'good');
      await rounds(world, 1);
    }
    expect(world.deadLetters).toMatchObject([{ reason: 'timedOut', index: 2 }]);
    expect(deliveredOf(world)).toEqual(goodOf(numbered(6, [2])));
  });

  it('is not given up while everything hangs', async () => {
    const { world } = await working(refuses, { shards });
    let hangs = true;
    world.eachBatch = async (_batch, { signal }) => {
      while (hangs && !signal.aborted) {
        world.clock.advance(500);
        await new Promise(setImmediate);
      }
      signal.throwIfAborted();
    };
    for (const shard of shards) world.source.append(shard, ...numbered(3));
    await rounds(world, 60);
    expect(world.deadLetters).toEqual([]);
    hangs = false;
    await rounds(world, 15);
    expect(world.deadLetters).toEqual([]);
    for (const shard of shards) expect(deliveredOf(world, shard)).toEqual(numbered(3));
  });
});

it('pulls are joined for half of a tick, and what has come by then is given', async () => {
  const { world } = await working(refuses, { recordsMax: 2 });
  world.settings.delivery = { ...world.settings.delivery, bytesMin: 1_000_000, waitMaxMs: INTERVAL_MS };
  world.source.append('0', ...numbered(200));
  const { pull } = world.source;
  world.source.pull = (request) => {
    world.clock.advance(1_000);
    return pull(request);
  };
  await rounds(world, 2);
  expect(world.delivered.length).toBeGreaterThan(20);
});

it('a shard that fails has a lag, also where a new sandbox was told that it had none', async () => {
  const { world } = await working(refuses);
  world.source.append('0', 'good');
  await rounds(world, 1);
  world.source.append('0', 'bad');
  let lagMs: number | undefined;
  for (let round = 0; round < 3; round++) {
    const { shards } = await world.tick('a', `sandbox ${round}`);
    lagMs = shards[0]!.lagMs;
    world.clock.advance(INTERVAL_MS);
  }
  expect(lagMs).toBeGreaterThanOrEqual(0);
});

it('with a success of another shard since the last failure but one, the record behind is not tried first', async () => {
  const { world, given } = await working(refuses, { shards: ['0', '1'] });
  world.source.append('0', ...numbered(8, [3]));
  for (let round = 0; round < 30; round++) {
    world.source.append('1', 'good');
    await rounds(world, 1);
  }
  expect(lettersOf(world)).toEqual(['bad 3']);
  const ranges = given.map(({ id }) => id).filter((id) => id.startsWith('orders/0/'));
  expect(ranges.at(-1)).toBe('orders/0/0-8/4-8');
  expect(ranges.at(-2)).toBe('orders/0/0-8/3-4');
});

it('the last record there is is given up by what succeeded of its batch, in new sandboxes, too', async () => {
  const { world } = await working(refuses);
  world.source.append('0', ...numbered(10, [9]));
  for (let round = 0; round < 30; round++) {
    await world.tick('a', `sandbox ${round}`);
    world.clock.advance(INTERVAL_MS);
  }
  expect(lettersOf(world)).toEqual(['bad 9']);
});

it('once one of several that were stuck is taken, those before it are given up, and it is not given again', async () => {
  const { world } = await working(refuses);
  world.source.append('0', 'bad 0', 'bad 1');
  await rounds(world, 60);
  expect((await itemOf(world)).pending).toMatchObject({ block: 2 });
  const { eachBatch } = world;
  const taken: string[] = [];
  world.eachBatch = async (batch, context) => {
    const contents = [...batch.records].map(contentOf);
    if (!contents.includes('bad 1')) return eachBatch(batch, context);
    taken.push(...contents);
  };
  await rounds(world, 20);
  expect([taken, lettersOf(world)]).toEqual([['bad 1'], ['bad 0']]);
  expect(await itemOf(world)).not.toHaveProperty('pending');
});

describe('a function that takes a second for each record, of which one is bad', () => {
  const work = async (
    world: World,
    { signal, records }: { signal: AbortSignal; records: Iterable<LogRecord> },
  ) => {
    const contents = [...records].map(contentOf);
    for (const _content of contents) {
      world.clock.advance(1_000);
      await new Promise(setImmediate);
      signal.throwIfAborted();
    }
    if (contents.some((content) => content.startsWith('bad'))) throw new Error('cannot take it');
  };

  it('is given what has failed when there is time for it, once the time had been over', async () => {
    const { world } = await working(refuses);
    const tooLate: string[] = [];
    world.eachBatch = ({ id, records }, { signal, remainingMs }) => {
      const seconds = [...records].length;
      if (seconds * 1_000 > remainingMs()) tooLate.push(id);
      return work(world, { signal, records });
    };
    world.source.append('0', ...numbered(100, [60]));
    await rounds(world, 60);
    expect(lettersOf(world)).toEqual(['bad 60']);
    expect(deliveredOf(world)).toEqual(goodOf(numbered(100, [60])));
    // Of what the time was over first: nobody could know.
    expect(tooLate).toEqual(['orders/0/0-100', 'orders/0/0-100/0-50']);
  });
});
