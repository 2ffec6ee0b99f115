import { describe, expect, test } from 'vitest';
import { type Bench, contentsOf, cursorOf, putByKey, START_SEC, startBench } from './support.ts';

const key = (start: string): string => start.padEnd(32, '0');
const LAST = 'f'.repeat(32);

interface View {
  shardID: number;
  status: string;
  inclusiveBeginKey: string;
  exclusiveEndKey: string;
}

async function shards(bench: Bench): Promise<View[]> {
  return (await bench.call({ path: '/logstores/orders/shards' })).json;
}

function change(bench: Bench, shard: number | string, query: Record<string, string>) {
  return bench.call({ method: 'POST', path: `/logstores/orders/shards/${shard}`, query });
}

const summary = (views: View[]): string[] =>
  views.map((view) => `${view.shardID} ${view.status} ${view.inclusiveBeginKey}-${view.exclusiveEndKey}`);

/** Whether the readwrite shards cover all keys, none of them twice. */
function expectWholeKeyspace(views: View[]): void {
  const open = views.filter((view) => view.status === 'readwrite');
  const begins = open.map((view) => view.inclusiveBeginKey).sort();
  const ends = open.map((view) => view.exclusiveEndKey).sort();
  expect([...begins, LAST]).toEqual([key('0'), ...ends]);
}

test('shards divide the key space and tell nothing of parents', async () => {
  const bench = await startBench();
  const answer = await bench.call({ path: '/logstores/orders/shards' });
  expect(answer.json).toEqual([
    {
      shardID: 0,
      status: 'readwrite',
      inclusiveBeginKey: key('0'),
      exclusiveEndKey: key('8'),
      serverIp: null,
      createTime: START_SEC,
    },
    {
      shardID: 1,
      status: 'readwrite',
      inclusiveBeginKey: key('8'),
      exclusiveEndKey: LAST,
      serverIp: null,
      createTime: START_SEC,
    },
  ]);
});

describe('a split', () => {
  test('at a key closes the shard and opens two', async () => {
    const bench = await startBench();
    bench.clock.advance(60_000);
    const answer = await change(bench, 0, { action: 'split', key: key('4') });
    expect(answer.outcome).toBe('200');
    expect(answer.headers['content-type']).toBe('application/json');
    expect(summary(answer.json)).toEqual([
      `0 readonly ${key('0')}-${key('8')}`,
      `2 readwrite ${key('0')}-${key('4')}`,
      `3 readwrite ${key('4')}-${key('8')}`,
    ]);
    expect(answer.json.map((view: { createTime: number }) => view.createTime - START_SEC)).toEqual([
      0, 60, 60,
    ]);
    expectWholeKeyspace(await shards(bench));
  });

  test('into a number of shards divides evenly', async () => {
    const bench = await startBench();
    const answer = await change(bench, 1, { action: 'split', shardCount: '4' });
    expect(summary(answer.json)).toEqual([
      `1 readonly ${key('8')}-${LAST}`,
      `2 readwrite ${key('8')}-${key('a')}`,
      `3 readwrite ${key('a')}-${key('c')}`,
      `4 readwrite ${key('c')}-${key('e')}`,
      `5 readwrite ${key('e')}-${LAST}`,
    ]);
    expectWholeKeyspace(await shards(bench));
  });

  test('leaves earlier records in the parent and sends later ones to the children', async () => {
    const bench = await startBench();
    await putByKey(bench, '1', 'before');
    const end = await cursorOf(bench, 0, 'end');
    bench.service.split('shop', 'orders', 0, { key: key('4') });
    await putByKey(bench, '1', 'after');
    await putByKey(bench, '5', 'after too');
    expect(await Promise.all([0, 2, 3].map((shard) => contentsOf(bench, shard)))).toEqual([
      ['before'],
      ['after'],
      ['after too'],
    ]);
    expect(await cursorOf(bench, 0, 'end')).toBe(end);
  });

  test.each([
    ['of a readonly shard', 0, { key: key('4') }, 'invalid shard id'],
    ['of no shard', 9, { key: key('4') }, 'invalid shard id'],
    ['of a shard that is no number', 'x', { key: key('4') }, 'invalid shard id'],
    ['at the begin of its range', 1, { key: key('8') }, 'invalid mid hash'],
    ['outside of its range', 1, { key: key('7') }, 'invalid mid hash'],
    ['at the end of its range', 1, { key: LAST }, 'invalid mid hash'],
    ['at what is no key', 1, { key: 'middle' }, 'invalid mid hash'],
    ['into one', 1, { shardCount: '1' }, 'invalid shardCount'],
    ['into very many', 1, { shardCount: '65' }, 'invalid shardCount'],
  ])('%s is refused', async (_, shard, by: Record<string, string>, message) => {
    const bench = await startBench();
    bench.service.split('shop', 'orders', 0);
    const before = await shards(bench);
    const answer = await change(bench, shard, { action: 'split', ...by });
    expect(answer.outcome).toBe('400 ParameterInvalid');
    expect(answer.json.errorMessage).toBe(message);
    expect(await shards(bench)).toEqual(before);
  });

  test('needs a key or a number', async () => {
    const bench = await startBench();
    expect((await change(bench, 0, { action: 'split' })).outcome).toBe('400 MissingParameter');
    expect((await change(bench, 0, { action: 'shrink' })).outcome).toBe('400 ParameterInvalid');
    expect((await change(bench, 0, {})).outcome).toBe('400 MissingParameter');
  });
});

describe('a merge', () => {
  test('closes a shard and its right neighbour and opens one over both', async () => {
    const bench = await startBench();
    await putByKey(bench, '1', 'left');
    await putByKey(bench, 'f', 'right');
    const answer = await change(bench, 0, { action: 'merge' });
    expect(summary(answer.json)).toEqual([
      `2 readwrite ${key('0')}-${LAST}`,
      `0 readonly ${key('0')}-${key('8')}`,
      `1 readonly ${key('8')}-${LAST}`,
    ]);
    await putByKey(bench, '1', 'both');
    await putByKey(bench, 'f', 'both');
    expect(await Promise.all([0, 1, 2].map((shard) => contentsOf(bench, shard)))).toEqual([
      ['left'],
      ['right'],
      ['both', 'both'],
    ]);
  });

  test('takes the neighbour by range, not by number', async () => {
    const bench = await startBench();
    bench.service.split('shop', 'orders', 0, { key: key('4') });
    expect(summary(bench.service.merge('shop', 'orders', 3))).toEqual([
      `4 readwrite ${key('4')}-${LAST}`,
      `3 readonly ${key('4')}-${key('8')}`,
      `1 readonly ${key('8')}-${LAST}`,
    ]);
    expectWholeKeyspace(await shards(bench));
  });

  test.each([
    ['of the last shard', 1, 'can not merge the last shard'],
    ['of no shard', 9, 'invalid shard id'],
  ])('%s is refused', async (_, shard, message) => {
    const bench = await startBench();
    const answer = await change(bench, shard, { action: 'merge' });
    expect(answer.outcome).toBe('400 ParameterInvalid');
    expect(answer.json.errorMessage).toBe(message);
  });

  test('of a readonly shard is refused', async () => {
    const bench = await startBench();
    bench.service.merge('shop', 'orders', 0);
    expect((await change(bench, 0, { action: 'merge' })).json.errorMessage).toBe('invalid shard id');
  });
});
