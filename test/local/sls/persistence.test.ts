import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SettingsError } from '../../../lib/errors.ts';
import { json } from './json.ts';
import {
  ACCOUNT,
  type Bench,
  contentsOf,
  cursorOf,
  groupOf,
  manualClock,
  newDirectory,
  openBench,
  pull,
  put,
  putByKey,
  startBench,
} from './support.ts';

const GROUPS = '/logstores/orders/consumergroups';
const segmentsOf = (data: string, shard: number): string[] => {
  const directory = join(data, 'projects/shop/orders', `shard-${shard}`);
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));
};

async function restart(bench: Bench, data: string): Promise<Bench> {
  await bench.service.close();
  return openBench(bench.clock, { data });
}

describe('after a restart', () => {
  test('all groups are there, byte by byte, and cursors mean what they meant', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    for (const message of ['a', 'b', 'ü'.repeat(100_000)]) await putByKey(bench, '0', message);
    const begin = await cursorOf(bench, 0, 'begin');
    const end = await cursorOf(bench, 0, 'end');
    const before = await pull(bench, 0, begin);

    const again = await restart(bench, data);
    const after = await pull(again, 0, begin);
    expect(after.body.equals(before.body)).toBe(true);
    expect(after.headers['x-log-cursor']).toBe(end);
    await putByKey(again, '0', 'd');
    expect(await contentsOf(again, 0)).toEqual(['a', 'b', 'ü'.repeat(100_000), 'd']);
    expect((await pull(again, 0, end)).headers['x-log-count']).toBe('1');

    const third = await restart(again, data);
    expect(await contentsOf(third, 0)).toHaveLength(4);
    expect(await contentsOf(third, 1)).toEqual([]);
  });

  test('so are projects, logstores with their settings, and shards with their ranges and lineage', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    bench.service.createProject('empty-one');
    await json(bench, 'PUT', '/logstores/orders', { ttl: 7, appendMeta: true });
    bench.service.split('shop', 'orders', 0);
    await bench.call({ method: 'POST', path: '/logstores/orders/shards/2', query: { action: 'merge' } });
    await putByKey(bench, '0', 'in the merged one');
    const shards = await bench.call({ path: '/logstores/orders/shards' });
    const settings = await bench.call({ path: '/logstores/orders' });

    const again = await restart(bench, data);
    expect((await again.call({ path: '/logstores/orders/shards' })).json).toEqual(shards.json);
    expect((await again.call({ path: '/logstores/orders' })).json).toEqual(settings.json);
    expect(Object.keys(again.service.contents())).toEqual(['empty-one', 'shop']);
    expect(await contentsOf(again, 4)).toEqual(['in the merged one']);
    expect(again.service.split('shop', 'orders', 4).map(({ shardID }) => shardID)).toEqual([4, 5, 6]);
  });

  test('so are consumer groups: who holds what, checkpoints, and what waits', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await json(bench, 'POST', GROUPS, { consumerGroup: '../a/ß', timeout: 60, order: true });
    const path = `${GROUPS}/${encodeURIComponent('../a/ß')}`;
    const beat = (on: Bench, consumer: string, shards: number[]) =>
      json(on, 'POST', path, shards, { type: 'heartbeat', consumer });
    await beat(bench, 'one', []);
    const checkpoint = await cursorOf(bench, 0, 'end');
    await json(bench, 'POST', path, { shard: 0, checkpoint }, { type: 'checkpoint', consumer: 'one' });
    await beat(bench, 'two', []);
    bench.service.split('shop', 'orders', 1);
    const before = await bench.call({ path });

    const again = await restart(bench, data);
    expect((await again.call({ path })).json).toEqual(before.json);
    expect(before.json[0]).toMatchObject({ checkpoint, consumer: 'one' });
    expect((await beat(again, 'one', [0, 1])).json).toEqual([0]);
    // Given up by the one, so the other gets it; its children wait.
    expect((await beat(again, 'one', [0])).json).toEqual([0]);
    expect((await beat(again, 'two', [])).json).toEqual([1]);
    again.clock.advance(61_000);
    expect((await beat(again, 'one', [0])).outcome).toBe('400 NotExistConsumerWithBody');
  });

  test('what was deleted stays deleted, and may be made anew', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await json(bench, 'POST', GROUPS, { consumerGroup: 'g', timeout: 60, order: false });
    await json(bench, 'POST', GROUPS, { consumerGroup: 'h', timeout: 60, order: false });
    await bench.call({ method: 'DELETE', path: `${GROUPS}/g` });
    const first = await restart(bench, data);
    expect((await first.call({ path: GROUPS })).json).toMatchObject([{ name: 'h' }]);

    await putByKey(first, '0', 'old');
    expect((await first.call({ method: 'DELETE', path: '/logstores/orders' })).outcome).toBe('200');
    first.service.createLogstore('shop', 'orders');
    await putByKey(first, '0', 'new');
    const second = await restart(first, data);
    expect(await contentsOf(second, 0)).toEqual(['new']);
    expect((await second.call({ path: GROUPS })).json).toEqual([]);

    expect((await second.call({ method: 'DELETE', path: '/' })).outcome).toBe('200');
    expect(existsSync(join(data, 'projects/shop'))).toBe(false);
    const third = await restart(second, data);
    expect(third.service.contents()).toEqual({});
  });

  test('a large shard is in several files, and none of them is missed', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    const messages = Array.from({ length: 22 }, (_, index) => `${index} ${'x'.repeat(1_000_000)}`);
    for (const message of messages) await putByKey(bench, '0', message);
    expect(segmentsOf(data, 0)).toHaveLength(2);
    const again = await restart(bench, data);
    const firsts: string[] = [];
    for (let cursor = await cursorOf(again, 0, 'begin'), rounds = 10; rounds > 0; rounds -= 1) {
      const answer = await pull(again, 0, cursor);
      for (const [text] of answer.body.toString('latin1').matchAll(/\d+ x/g)) firsts.push(text);
      cursor = String(answer.headers['x-log-cursor']);
    }
    expect(firsts).toEqual(messages.map((_, index) => `${index} x`));

    again.clock.advance(30 * 86_400_000);
    await putByKey(again, '0', 'young');
    expect(await contentsOf(again, 0)).toEqual(['young']);
    expect(segmentsOf(data, 0).map((path) => statSync(path).size < 1000)).toEqual([true]);
  });
});

describe('what a sudden end leaves behind', () => {
  test.each([1, 13, 500])('a group that is cut %i bytes short is cut off, the others stay', async (bytes) => {
    const data = newDirectory();
    const bench = await startBench({ data });
    for (const message of ['a', 'b', 'c'.repeat(1000)]) await putByKey(bench, '0', message);
    await bench.service.close();
    const [segment] = segmentsOf(data, 0);
    truncateSync(segment!, statSync(segment!).size - bytes);

    const again = await openBench(bench.clock, { data });
    expect(await contentsOf(again, 0)).toEqual(['a', 'b']);
    await putByKey(again, '0', 'd');
    const third = await restart(again, data);
    expect(await contentsOf(third, 0)).toEqual(['a', 'b', 'd']);
  });

  test('a replacement that was not finished changes nothing', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await putByKey(bench, '0', 'a');
    writeFileSync(join(data, 'projects/shop/orders/logstore.json.tmp'), '{"half');
    const again = await restart(bench, data);
    expect(await contentsOf(again, 0)).toEqual(['a']);
    await json(again, 'PUT', '/logstores/orders', { ttl: 7 });
    expect((await (await restart(again, data)).call({ path: '/logstores/orders' })).json.ttl).toBe(7);
  });
});

describe('a directory', () => {
  const opening = (data: string) => openBench(manualClock(), { data });

  test('in which a group was changed is refused, and left as it is', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    for (const message of ['a', 'b', 'c']) await putByKey(bench, '0', message);
    await bench.service.close();
    const [segment] = segmentsOf(data, 0);
    const bytes = readFileSync(segment!);
    bytes[30]! ^= 1;
    writeFileSync(segment!, bytes);
    const refused = opening(data);
    await expect(refused).rejects.toThrow(SettingsError);
    await expect(refused).rejects.toMatchObject({ field: 'data' });
    await expect(refused).rejects.toThrow(
      /\.log" cannot be used: damaged at byte 8, behind 0 whole groups\. .*truncate -s 8\./,
    );
    expect(readFileSync(segment!).equals(bytes)).toBe(true);
  });

  test('that is a file is refused', async () => {
    const data = newDirectory();
    writeFileSync(data, 'x');
    await expect(opening(data)).rejects.toMatchObject({ field: 'data' });
    await expect(opening(data)).rejects.toThrow('it is not a directory');
  });

  test('with a document that cannot be read is refused, and free for the next one to try', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await bench.service.close();
    const document = join(data, 'projects/shop/orders/logstore.json');
    const text = readFileSync(document, 'utf8');
    writeFileSync(document, text.replace('"readwrite"', '"broken"'));
    await expect(opening(data)).rejects.toThrow(
      'logstore.json" cannot be used: its checksum is not that of what is in it',
    );
    writeFileSync(document, text);
    expect(Object.keys((await opening(data)).service.contents())).toEqual(['shop']);
  });

  test('is used by one service at a time, also if the port of another is taken', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await expect(opening(data)).rejects.toThrow(`process ${process.pid} uses it`);
    const other = newDirectory();
    await expect(openBench(bench.clock, { data: other, port: bench.service.port })).rejects.toMatchObject({
      field: 'port',
    });
    await openBench(bench.clock, { data: other });
  });
});

test('no group goes into a shard that the directory does not know of', async () => {
  const data = newDirectory();
  const bench = await startBench({ data });
  // Where the document is to be replaced there is a directory.
  const obstacle = join(data, 'projects/shop/orders/logstore.json.tmp');
  mkdirSync(obstacle);
  const split = {
    method: 'POST',
    path: '/logstores/orders/shards/0',
    query: { action: 'split', shardCount: '2' },
  };
  expect((await bench.call(split)).outcome).toBe('500 InternalServerError');
  expect((await putByKey(bench, '0', 'a')).outcome).toBe('500 InternalServerError');
  rmSync(obstacle, { recursive: true });
  expect((await putByKey(bench, '0', 'b')).outcome).toBe('200');
  const again = await restart(bench, data);
  expect(await contentsOf(again, 2)).toEqual(['b']);
});

test('a logstore or a project is not made where there is something already, which stays', async () => {
  const data = newDirectory();
  const bench = await startBench({ data });
  for (const [path, create] of [
    ['projects/shop/other', () => bench.service.createLogstore('shop', 'other')],
    ['projects/mall', () => bench.service.createProject('mall')],
  ] as const) {
    const file = join(data, path, 'photos/cat.jpg');
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, 'precious');
    expect(create).toThrow('it holds photos, and no');
    expect(readFileSync(file, 'utf8')).toBe('precious');
    rmSync(join(file, '..'), { recursive: true });
    create();
  }
  expect(Object.keys((await restart(bench, data)).service.contents())).toEqual(['mall', 'shop']);
});

test('what is kept from before counts for the limit', async () => {
  const data = newDirectory();
  const bench = await startBench({ data });
  await putByKey(bench, '0', 'a');
  await bench.service.close();
  const again = await openBench(bench.clock, { data, storedBytesMax: 150 });
  expect((await putByKey(again, '0', 'b')).outcome).toBe('403 WriteQuotaExceed');
});

test('a write that fails is no success, takes no position, and does no harm to those before and after it', async () => {
  const data = newDirectory();
  const bench = await startBench({ data });
  await putByKey(bench, '0', 'a');
  const end = await cursorOf(bench, 1, 'end');
  // Where shard 1 is to have its directory there is a file.
  const obstacle = join(data, 'projects/shop/orders/shard-1');
  writeFileSync(obstacle, '');
  const failed = await putByKey(bench, 'f', 'b');
  expect(failed.outcome).toBe('500 InternalServerError');
  expect(await cursorOf(bench, 1, 'end')).toBe(end);
  expect((await put(bench, groupOf('c'), { account: ACCOUNT })).outcome).toBe('200');
  expect(await contentsOf(bench, 0)).toEqual(['a', 'c']);
});
