/** Records that have failed as often as is allowed, and what is tried to find out whether they are to blame: the rare turns of it. */
import { describe, expect, it } from 'vitest';
import {
  type Given,
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

const perRecord = (given: readonly Given[]): Map<string, Set<string>> => {
  const ids = new Map<string, Set<string>>();
  for (const { id, contents } of given) {
    for (const content of contents) ids.set(content, (ids.get(content) ?? new Set()).add(id.split('/')[2]!));
  }
  return ids;
};

describe('a block that reaches behind its range', () => {
  it('goes on through as many ranges as it takes, each under its own name', async () => {
    const { world, given } = await working(refuses, { attemptsMax: 2 });
    for (const content of ['bad 0', 'bad 1', 'bad 2']) {
      world.source.append('0', content);
      await rounds(world, 12);
      expect(world.deadLetters).toEqual([]);
    }
    expect(await pendingOf(world)).toMatchObject({
      block: 3,
      behind: [
        { to: '2', count: 1 },
        { to: '3', count: 1 },
      ],
    });
    world.source.append('0', 'good 3', 'good 4');
    await rounds(world, 12);
    expect(lettersOf(world)).toEqual(['bad 0', 'bad 1', 'bad 2']);
    expect(world.delivered).toEqual(['0:good 3', '0:good 4']);
    expect(await pendingOf(world)).toBeUndefined();
    for (const ids of perRecord(given).values()) expect(ids.size).toBe(1);
  });

  it('goes on through a day of one bad record after another', async () => {
    const { world } = await working(refuses, { attemptsMax: 1 });
    const bad = numbered(
      25,
      Array.from({ length: 25 }, (_, index) => index),
    );
    for (const content of bad) {
      world.source.append('0', content);
      await rounds(world, 9);
    }
    expect(world.deadLetters).toEqual([]);
    world.source.append('0', 'good 25');
    await rounds(world, 9);
    expect(lettersOf(world)).toEqual(bad);
    expect(world.delivered).toEqual(['0:good 25']);
  });

  it('keeps the end of what was tried there, whatever comes after it', async () => {
    const { world, given } = await working(refuses, { attemptsMax: 1 });
    world.source.append('0', 'bad 0');
    await rounds(world, 2);
    world.source.append('0', 'bad 1', 'good 2');
    await rounds(world, 9);
    world.source.append('0', 'good 3');
    await rounds(world, 20);
    expect(lettersOf(world)).toEqual(['bad 0', 'bad 1']);
    expect(world.delivered).toEqual(['0:good 2', '0:good 3']);
    for (const ids of perRecord(given).values()) expect(ids.size).toBe(1);
  });

  it('leaves what was tried there as it was begun, if the block is taken after all', async () => {
    let isDown = true;
    const { world, given } = await working(
      () => {
        if (isDown) throw new Error('the sink is down');
      },
      { attemptsMax: 1 },
    );
    world.source.append('0', 'a');
    await rounds(world, 2);
    world.source.append('0', 'b', 'c');
    await rounds(world, 9);
    expect(await pendingOf(world)).toMatchObject({ behind: [{ to: '3', count: 2 }] });
    isDown = false;
    world.source.append('0', 'd');
    await rounds(world, 12);
    expect(world.delivered).toEqual(['0:a', '0:b', '0:c', '0:d']);
    expect(world.deadLetters).toEqual([]);
    expect([...perRecord(given).values()].every((ids) => ids.size === 1)).toBe(true);
  });
});

it('a heavy record is not given up because everything hung: it is given a whole tick before the one behind it is tried', async () => {
  let hangs = true;
  const { world } = await working(async (contents, context) => {
    if (hangs) await spend(world, context, Number.POSITIVE_INFINITY);
    // Most of a tick.
    if (contents.includes('heavy')) await spend(world, context, 30_000);
  });
  world.source.append('0', 'heavy', 'light');
  await rounds(world, 40);
  expect((await pendingOf(world))?.block).toBeGreaterThan(0);
  hangs = false;
  await rounds(world, 40);
  expect(world.delivered).toEqual(['0:heavy', '0:light']);
  expect(world.deadLetters).toEqual([]);
});

it('two records that hang are found one after another, a tick for each', async () => {
  const { world } = await working(
    async (contents, context) => {
      if (contents.some((content) => content.startsWith('bad')))
        await spend(world, context, Number.POSITIVE_INFINITY);
    },
    { attemptsMax: 2 },
  );
  world.source.append('0', 'good 0', 'bad 1', 'bad 2', 'good 3');
  await rounds(world, 60);
  expect(lettersOf(world)).toEqual(['bad 1', 'bad 2']);
  expect(world.delivered).toEqual(['0:good 0', '0:good 3']);
});

it('what is past the retention since it was begun shifts no place: nothing behind it is passed over', async () => {
  const { world } = await working(refuses, { recordsMax: 10 });
  world.source.append('0', 'good 0', 'good 1', 'bad 2', 'good 3', 'good 4', 'good 5');
  await rounds(world, 3);
  expect(await pendingOf(world)).toMatchObject({ done: 2, count: 6 });
  const { pull } = world.source;
  // A service that does not say so, but goes on with what is left.
  world.source.pull = async (request) => {
    const pulled = await pull(request);
    if (request.cursor !== '0') return pulled;
    const records = [...pulled.records].slice(4);
    return { ...pulled, records, count: records.length };
  };
  await rounds(world, 6);
  expect(world.delivered).toEqual(['0:good 0', '0:good 1', '0:good 4', '0:good 5']);
  expect(await pendingOf(world)).toBeUndefined();
});

it('a run that comes to its end leaves nothing as if it were in work', async () => {
  const { world } = await working(
    async (contents, { signal }) => {
      world.clock.advance(20_000);
      refuses(contents);
      signal.throwIfAborted();
    },
    { attemptsMax: 1, identity: 'durable' },
  );
  world.source.append('0', 'bad 0', 'bad 1', 'bad 2', 'bad 3');
  for (let round = 0; round < 40; round++) {
    await world.tick('a', `sandbox ${round}`);
    expect((await pendingOf(world))?.inWork).toBeUndefined();
    world.clock.advance(INTERVAL_MS);
  }
  expect(world.events.filter(({ event }) => event === 'batch.died')).toEqual([]);
});

it('of two that had failed as often as is allowed, one has to be taken after the other once nothing is given up', async () => {
  const { world } = await working(refuses, { attemptsMax: 1 });
  world.source.append('0', 'bad 0', 'good 1');
  await note(world, { to: '2', count: 2, done: 0, size: 1, attempts: 0, block: 2, firstAt: 1, lastAt: 1 });
  world.settings.delivery = { ...world.settings.delivery, onPoison: 'block' };
  await rounds(world, 20, { cold: true });
  expect(lettersOf(world)).toEqual([]);
  expect(world.delivered).toEqual([]);
});

describe('of records that were tried behind a range and are not there any more, as where a filter was changed,', () => {
  const withoutSecond = async (takes: Parameters<typeof working>[0], block: number) => {
    const { world, given } = await working(takes, { attemptsMax: 2 });
    world.source.append('0', 'bad 0', 'bad 1', 'good 2');
    const behind = [{ to: '2', count: 1 }];
    await note(world, {
      to: '1',
      count: 1,
      done: 0,
      size: 1,
      attempts: 0,
      block,
      behind,
      firstAt: 1,
      lastAt: 1,
    });
    const { pull } = world.source;
    world.source.pull = async (request) => {
      const pulled = await pull(request);
      if (request.cursor !== '1') return pulled;
      const records = [...pulled.records].slice(1);
      return { ...pulled, records, count: records.length };
    };
    await rounds(world, 12, { cold: true });
    return { world, given };
  };

  it.each([1, 2])('none is given, and none proves anything: of a block of %i', async (block) => {
    const { world, given } = await withoutSecond(() => {
      throw new Error('the sink is down');
    }, block);
    expect(given.filter(({ contents }) => contents.length === 0)).toEqual([]);
    expect(lettersOf(world)).toEqual([]);
  });

  it.each([1, 2])('none holds up the rest: of a block of %i', async (block) => {
    const { world } = await withoutSecond(refuses, block);
    expect(lettersOf(world)).toEqual(['bad 0']);
    expect(world.delivered).toEqual(['0:good 2']);
    expect(await pendingOf(world)).toBeUndefined();
  });
});

it('a bad record at the very end of a shard holds up its children aloud, until something else of the slot succeeds', async () => {
  const { world } = await working(refuses, { shards: ['0', '1'] });
  world.source.append('0', 'bad');
  world.source.replace(['0'], ['2']);
  world.source.append('2', 'good 2');
  await rounds(world, 40);
  expect(world.delivered).toEqual([]);
  expect(world.events.filter(({ event }) => event === 'delivery.outage').at(-1)).toMatchObject({
    shard: '0',
    remedy: expect.stringContaining('seek'),
  });
  world.source.append('1', 'good 1');
  await rounds(world, 12);
  expect(lettersOf(world)).toEqual(['bad']);
  expect(world.delivered).toEqual(['1:good 1', '2:good 2']);
});

describe('records that hang beside a shard in which all goes well from some time on', () => {
  const hangs = async (onPoison: 'deadLetter' | 'block') => {
    const { world } = await working(
      async (contents, context) => {
        if (contents.some((content) => content.startsWith('bad')))
          await spend(world, context, Number.POSITIVE_INFINITY);
      },
      { shards: ['0', '1'], attemptsMax: 2, onPoison },
    );
    world.source.append('0', 'bad 0', 'bad 1', 'bad 2', 'good 3');
    await rounds(world, 20);
    expect(world.deadLetters).toEqual([]);
    expect((await pendingOf(world))?.block).toBeGreaterThan(0);
    for (let round = 0; round < 20; round++) {
      world.source.append('1', 'good');
      await rounds(world, 1);
    }
    return world;
  };

  it('are given up in the tick in which they have hung once more', async () => {
    const world = await hangs('deadLetter');
    expect(lettersOf(world)).toEqual(['bad 0', 'bad 1', 'bad 2']);
    expect(world.delivered).toContain('0:good 3');
  });

  it('are not where nothing is given up', async () => {
    const world = await hangs('block');
    expect(world.deadLetters).toEqual([]);
    expect(world.events.filter(({ event }) => event === 'shard.blocked')).not.toEqual([]);
  });
});

it('a record that hangs is given as often as is allowed, and no more, where others succeed meanwhile', async () => {
  const { world, given } = await working(
    async (contents, context) => {
      if (contents.includes('bad')) await spend(world, context, Number.POSITIVE_INFINITY);
    },
    { shards: ['0', '1'], attemptsMax: 3 },
  );
  world.source.append('0', 'bad');
  for (let round = 0; round < 12; round++) {
    world.source.append('1', 'good');
    await rounds(world, 1);
  }
  expect(lettersOf(world)).toEqual(['bad']);
  expect(given.filter(({ contents }) => contents.includes('bad'))).toHaveLength(3);
});

it('the first of those that had hung is noted as what it is before it is given once more, and that it hangs is told', async () => {
  const places: unknown[] = [];
  const { world } = await working(async (contents, context) => {
    places.push([contents, (await pendingOf(world))?.inWork?.place]);
    if (contents.includes('bad')) await spend(world, context, Number.POSITIVE_INFINITY);
  });
  world.source.append('0', 'bad', 'good');
  const hung = { to: '2', count: 2, done: 0, size: 1, attempts: 0, block: 1, tried: 1 };
  await note(world, { ...hung, firstAt: 1, lastAt: 1 });
  world.events.length = 0;
  await rounds(world, 1, { cold: true });
  expect(places).toEqual([
    [['bad'], 0],
    [['good'], undefined],
  ]);
  const told = world.events.filter(({ event }) => event === 'batch.timedOut');
  expect(told).toMatchObject([{ batch: 'orders/0/0-2/0-1', attempts: 5 }]);
  expect(lettersOf(world)).toEqual(['bad']);
});

it('the last record there is is given up by what succeeded in another shard since it first failed, however long ago', async () => {
  const { world } = await working(refuses, { shards: ['0', '1'] });
  world.source.append('0', 'bad');
  await rounds(world, 1);
  world.source.append('1', 'good');
  await rounds(world, 30);
  expect(lettersOf(world)).toEqual(['bad']);
});

it('in an outage a round costs one write, and says how often each has failed', async () => {
  const { world } = await working(
    () => {
      throw new Error('the sink is down');
    },
    { attemptsMax: 2 },
  );
  world.source.append('0', 'a', 'b', 'c');
  await rounds(world, 6);
  const attempts: unknown[] = [];
  for (let round = 0; round < 12; round++) {
    world.store.requests.length = 0;
    world.events.length = 0;
    await rounds(world, 1);
    const failed = world.events.filter(({ event }) => event === 'batch.failed');
    const writes = world.store.requests.filter((request) => request.startsWith('update SHARD#'));
    expect(writes).toHaveLength(failed.length > 0 ? 1 : 0);
    if (failed.length > 0) attempts.push(failed.map((each) => each.attempts));
  }
  expect(attempts).toEqual([
    [2, 2],
    [2, 2, 1],
  ]);
});

it('two that had hung in ticks before are given up once both have hung again, though each takes a tick', async () => {
  const { world } = await working(
    async (contents, context) => {
      if (contents.some((content) => content.startsWith('bad')))
        await spend(world, context, Number.POSITIVE_INFINITY);
    },
    { shards: ['0', '1'] },
  );
  world.source.append('0', 'bad 0', 'bad 1', 'bad 2');
  const hung = { to: '3', count: 3, done: 0, size: 1, attempts: 0, block: 2, tried: 2 };
  await note(world, { ...hung, firstAt: 1, lastAt: 1 });
  for (let round = 0; round < 6; round++) {
    world.source.append('1', 'good');
    await rounds(world, 1);
  }
  expect(lettersOf(world)).toEqual(['bad 0', 'bad 1']);
});

it('that something else has succeeded is noted of what stands alone, and of nothing else', async () => {
  const proven: [number, true | undefined][] = [];
  const { world } = await working(
    async (contents) => {
      proven.push([contents.length, (await pendingOf(world))?.proven]);
      refuses(contents);
    },
    { attemptsMax: 3 },
  );
  world.source.append('0', ...numbered(8, [5]));
  await rounds(world, 2, { cold: true });
  expect(proven).toContainEqual([1, true]);
  expect(proven.some(([count, is]) => count > 1 && is)).toBe(false);
});
