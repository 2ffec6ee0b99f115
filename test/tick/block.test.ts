/** Records that have failed as often as is allowed, and what is tried to find out whether they are to blame: the rare turns of it. */
import { describe, expect, it } from 'vitest';
import type { Batch, BatchContext } from '../../lib/delivery/userModule.ts';
import { shardKey } from '../../lib/group/items.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { createManualClock } from '../support/clock.ts';
import { DELIVERY } from '../support/delivery.ts';
import { createMemorySource } from '../support/memorySource.ts';
import { createGroup, INTERVAL_MS, type World } from '../support/world.ts';

const read = { consistent: true, signal: new AbortController().signal };
const pendingOf = async ({ store }: World, shard = '0') => (await store.get(shardKey(shard), read))?.pending;
const contentsOf = ({ records }: Batch): string[] =>
  [...records].map((record) => record.get('content') ?? '');
const letters = ({ deadLetters }: World): string[] =>
  deadLetters.map(({ pairs }) => Buffer.from(pairs[0]![1]).toString());

interface Given {
  id: string;
  contents: string[];
}

/** A slot that has its shards. `takes` throws, hangs or dies of what it does not take. */
async function working(
  takes: (contents: string[], context: BatchContext, batch: Batch) => Promise<void> | void,
  {
    shards = ['0'],
    recordsMax = 1_000,
    ...delivery
  }: { shards?: string[]; recordsMax?: number } & Partial<TickSettings['delivery']> = {},
) {
  const settings = { delivery: { ...DELIVERY, ...delivery } };
  const world = createGroup(
    { clock: createManualClock(), source: createMemorySource(shards, recordsMax) },
    settings,
  );
  for (let round = 0; round < 4; round++) await world.round('a');
  const given: Given[] = [];
  world.eachBatch = async (batch, context) => {
    world.clock.advance(10);
    const contents = contentsOf(batch);
    given.push({ id: batch.id, contents });
    await takes(contents, context, batch);
  };
  return { world, given };
}

const refuses = (contents: string[]): void => {
  if (contents.some((content) => content.startsWith('bad'))) throw new Error('cannot take it');
};

async function rounds(world: World, count: number): Promise<void> {
  for (let round = 0; round < count; round++) await world.round('a');
}

/** Until the time of the tick is over. */
async function hang(world: World, { signal }: BatchContext, ms = Number.POSITIVE_INFINITY): Promise<void> {
  for (let spent = 0; spent < ms && !signal.aborted; spent += 500) {
    world.clock.advance(500);
    await new Promise(setImmediate);
  }
  signal.throwIfAborted();
}

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
    expect(letters(world)).toEqual(['bad 0', 'bad 1', 'bad 2']);
    expect(world.delivered).toEqual(['0:good 3', '0:good 4']);
    expect(await pendingOf(world)).toBeUndefined();
    for (const ids of perRecord(given).values()) expect(ids.size).toBe(1);
  });

  it('keeps the end of what was tried there, whatever comes after it', async () => {
    const { world, given } = await working(refuses, { attemptsMax: 1 });
    world.source.append('0', 'bad 0');
    await rounds(world, 2);
    world.source.append('0', 'bad 1', 'good 2');
    await rounds(world, 9);
    world.source.append('0', 'good 3');
    await rounds(world, 20);
    expect(letters(world)).toEqual(['bad 0', 'bad 1']);
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
    if (hangs) await hang(world, context);
    // Most of a tick.
    if (contents.includes('heavy')) await hang(world, context, 30_000);
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
      if (contents.some((content) => content.startsWith('bad'))) await hang(world, context);
    },
    { attemptsMax: 2 },
  );
  world.source.append('0', 'good 0', 'bad 1', 'bad 2', 'good 3');
  await rounds(world, 60);
  expect(letters(world)).toEqual(['bad 1', 'bad 2']);
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
    async (contents, context) => {
      world.clock.advance(20_000);
      refuses(contents);
      await hang(world, context, 0);
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
