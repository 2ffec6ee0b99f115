import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
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

  test('a deletion, or a replacement, that was not finished is', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await putByKey(bench, '0', 'a');
    const logstore = join(data, 'projects/shop/orders');
    const gone = join(data, 'projects/shop/gone');
    mkdirSync(join(gone, 'shard-0'), { recursive: true });
    mkdirSync(join(logstore, 'shard-99'));
    writeFileSync(join(logstore, 'logstore.json.tmp'), '{"half');
    const again = await restart(bench, data);
    expect(await contentsOf(again, 0)).toEqual(['a']);
    expect(existsSync(gone)).toBe(false);
    expect(readdirSync(logstore).sort()).toEqual(['logstore.json', 'shard-0', 'shard-1']);
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
    await expect(refused).rejects.toThrow(/\.log" cannot be used: damaged at byte 8\./);
    expect(readFileSync(segment!).equals(bytes)).toBe(true);
  });

  test.each<[string, (data: string) => void, string]>([
    ['that is a file', (data) => writeFileSync(data, 'x'), 'it is not a directory'],
    [
      'of something else',
      (data) => {
        mkdirSync(data);
        writeFileSync(join(data, 'thesis.tex'), 'x');
      },
      'it holds something else (thesis.tex)',
    ],
    [
      'of another version',
      (data) => {
        mkdirSync(data);
        writeFileSync(join(data, 'format.json'), '{"format":"shardbeat-local-sls","version":2}');
      },
      'it is of format 2, this is 1',
    ],
    [
      'with another format.json',
      (data) => {
        mkdirSync(data);
        writeFileSync(join(data, 'format.json'), '[]');
      },
      'format.json in it is not that of a local SLS service',
    ],
  ])('%s is refused', async (_what, make, message) => {
    const data = newDirectory();
    make(data);
    await expect(opening(data)).rejects.toMatchObject({ field: 'data' });
    await expect(opening(data)).rejects.toThrow(message);
  });

  test('with a document that cannot be read is refused, and free for the next one to try', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await bench.service.close();
    const document = join(data, 'projects/shop/orders/logstore.json');
    const text = readFileSync(document, 'utf8');
    writeFileSync(document, text.replace('"readwrite"', '"broken"'));
    await expect(opening(data)).rejects.toThrow('logstore.json" cannot be used: it cannot be understood');
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

test('what is left of a logstore that could not be deleted whole is not in the next one of its name', async () => {
  const data = newDirectory();
  const bench = await startBench({ data });
  await putByKey(bench, '0', 'old');
  const [segment] = segmentsOf(data, 0);
  const bytes = readFileSync(segment!);
  await bench.call({ method: 'DELETE', path: '/logstores/orders' });
  mkdirSync(join(segment!, '..'), { recursive: true });
  writeFileSync(segment!, bytes);
  bench.service.createLogstore('shop', 'orders');
  await putByKey(bench, '0', 'new');
  const again = await restart(bench, data);
  expect(await contentsOf(again, 0)).toEqual(['new']);
});

test('what is left of a project that could not be deleted whole is not in the next one of its name', async () => {
  const data = newDirectory();
  const bench = await startBench({ data });
  const [path, copy] = [join(data, 'projects/shop'), join(data, 'projects/copy')];
  cpSync(path, copy, { recursive: true });
  expect((await bench.call({ method: 'DELETE', path: '/' })).outcome).toBe('200');
  renameSync(copy, path);
  bench.service.createProject('shop');
  expect((await restart(bench, data)).service.contents()).toEqual({ shop: {} });
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
