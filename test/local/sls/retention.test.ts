import { expect, test } from 'vitest';
import { json } from './json.ts';
import {
  type Bench,
  contentsOf,
  cursorOf,
  decimal,
  newDirectory,
  openBench,
  pull,
  putByKey,
  START_SEC,
  startBench,
} from './support.ts';

const DAY_MS = 86_400_000;

async function startWithTtl(ttlDays: number, options = {}): Promise<Bench> {
  const bench = await startBench(options);
  await json(bench, 'PUT', '/logstores/orders', { logstoreName: 'orders', ttl: ttlDays, shardCount: 2 });
  return bench;
}

const shardIds = async (bench: Bench): Promise<number[]> =>
  (await bench.call({ path: '/logstores/orders/shards' })).json.map(
    ({ shardID }: { shardID: number }) => shardID,
  );

test('a log group goes when it is as old as its logstore keeps groups, not a second earlier', async () => {
  const bench = await startWithTtl(2);
  await putByKey(bench, '0', 'old');
  const begin = await cursorOf(bench, 0, 'begin');
  bench.clock.advance(DAY_MS);
  await putByKey(bench, '0', 'young');
  bench.clock.advance(DAY_MS - 1000);
  expect(await contentsOf(bench, 0)).toEqual(['old', 'young']);

  bench.clock.advance(1000);
  expect(await contentsOf(bench, 0)).toEqual(['young']);
  expect(decimal(await cursorOf(bench, 0, 'begin'))).toBe(decimal(begin) + 1n);
  expect(await cursorOf(bench, 0, String(START_SEC))).toBe(await cursorOf(bench, 0, 'begin'));
});

test('a cursor of something that is gone is invalid, the one after it is not', async () => {
  const bench = await startWithTtl(1);
  await putByKey(bench, '0', 'old');
  const begin = await cursorOf(bench, 0, 'begin');
  const end = await cursorOf(bench, 0, 'end');
  bench.clock.advance(DAY_MS);
  const refused = await pull(bench, 0, begin);
  expect(refused.outcome).toBe('400 InvalidCursor');
  const query = { type: 'cursor_time', cursor: begin };
  const time = await bench.call({ path: '/logstores/orders/shards/0', query });
  expect(time.outcome).toBe('400 InvalidCursor');
  expect((await pull(bench, 0, end)).headers).toMatchObject({
    'x-log-count': '0',
    'x-log-end-of-cursor': '1',
  });
  expect(bench.service.endCursors('shop', 'orders')[0]).toBe(end);
});

test('3650 days are forever', async () => {
  const bench = await startWithTtl(3650);
  await putByKey(bench, '0', 'old');
  bench.clock.advance(4000 * DAY_MS);
  expect(await contentsOf(bench, 0)).toEqual(['old']);
});

test('a shorter ttl holds for what is there; a longer one brings nothing back', async () => {
  const bench = await startWithTtl(5);
  await putByKey(bench, '0', 'old');
  bench.clock.advance(3 * DAY_MS);
  await json(bench, 'PUT', '/logstores/orders', { ttl: 3 });
  bench.clock.advance(1000);
  expect(await contentsOf(bench, 0)).toEqual([]);
  await json(bench, 'PUT', '/logstores/orders', { ttl: 30 });
  expect(await contentsOf(bench, 0)).toEqual([]);
});

test('what expired makes room', async () => {
  const bench = await startWithTtl(1, { storedBytesMax: 150 });
  expect((await putByKey(bench, '0', 'a')).outcome).toBe('200');
  expect((await putByKey(bench, '0', 'b')).outcome).toBe('403 WriteQuotaExceed');
  bench.clock.advance(DAY_MS);
  expect((await putByKey(bench, '0', 'b')).outcome).toBe('200');
  expect((await bench.call({ method: 'DELETE', path: '/logstores/orders' })).outcome).toBe('200');
  bench.service.createLogstore('shop', 'orders');
  expect((await putByKey(bench, '0', 'c')).outcome).toBe('200');
});

test('a readonly shard is deleted with its last group, its number is not given again, and groups let it go', async () => {
  const bench = await startWithTtl(1);
  await json(bench, 'POST', '/logstores/orders/consumergroups', {
    consumerGroup: 'g',
    timeout: 600_000,
    order: true,
  });
  const beat = (shards: number[]) =>
    json(bench, 'POST', '/logstores/orders/consumergroups/g', shards, { type: 'heartbeat', consumer: 'a' });
  await putByKey(bench, '0', 'old');
  bench.clock.advance(DAY_MS / 2);
  bench.service.split('shop', 'orders', 0);
  expect((await beat([])).json).toEqual([0, 1]);

  bench.clock.advance(DAY_MS / 2);
  expect(await contentsOf(bench, 0)).toEqual([]);
  expect(await shardIds(bench)).toEqual([0, 1, 2, 3]);
  bench.clock.advance(DAY_MS / 2);
  expect(await shardIds(bench)).toEqual([1, 2, 3]);
  expect((await pull(bench, 0, await cursorOf(bench, 1, 'begin'))).outcome).toBe('400 ShardNotExist');
  // Nobody consumed shard 0, but there is nothing left for which its children would wait.
  expect((await beat([0, 1])).json).toEqual([1, 2, 3]);

  bench.service.split('shop', 'orders', 1);
  bench.clock.advance(DAY_MS);
  expect(await shardIds(bench)).toEqual([2, 3, 4, 5]);
  expect((await putByKey(bench, 'f', 'new')).outcome).toBe('200');
});

test('of a directory the files of expired groups are deleted, and cursors go on where they were', async () => {
  const data = newDirectory();
  const bench = await startWithTtl(1, { data });
  await putByKey(bench, '0', 'old');
  const end = await cursorOf(bench, 0, 'end');
  bench.clock.advance(DAY_MS);
  expect(await contentsOf(bench, 0)).toEqual([]);
  await bench.service.close();

  const again = await openBench(bench.clock, { data });
  expect(await cursorOf(again, 0, 'begin')).toBe(end);
  await putByKey(again, '0', 'new');
  expect(await contentsOf(again, 0)).toEqual(['new']);
  expect(decimal(await cursorOf(again, 0, 'end'))).toBe(decimal(end) + 1n);
});

test('what expired under a shorter ttl does not come back with a longer one and a restart', async () => {
  const data = newDirectory();
  const bench = await startWithTtl(1, { data });
  await putByKey(bench, '0', 'old');
  bench.clock.advance(DAY_MS / 2);
  await putByKey(bench, '0', 'young');
  bench.clock.advance(DAY_MS / 2);
  await json(bench, 'PUT', '/logstores/orders', { ttl: 30 });
  await bench.service.close();
  expect(await contentsOf(await openBench(bench.clock, { data }), 0)).toEqual(['young']);
});
