import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SettingsError } from '../../../lib/errors.ts';
import { json } from './json.ts';
import {
  type Bench,
  contentsOf,
  cursorOf,
  manualClock,
  newDirectory,
  openBench,
  pull,
  putByKey,
  startBench,
} from './support.ts';

const GROUPS = '/logstores/orders/consumergroups';
/** Rows of a table that a condition holds for. */
function countOf(data: string, rows: string): unknown {
  const database = new DatabaseSync(join(data, 'data.sqlite'), { readOnly: true });
  try {
    return database.prepare(`SELECT COUNT(*) AS count FROM ${rows}`).get()?.count;
  } finally {
    database.close();
  }
}

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
    const third = await restart(second, data);
    expect(third.service.contents()).toEqual({});
    await third.service.close();
    expect([countOf(data, 'document'), countOf(data, 'record')]).toEqual([0, 0]);
  });

  test('what expired is gone for good, and positions go on', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    for (const message of ['a', 'b', 'c']) await putByKey(bench, '0', message);
    const end = await cursorOf(bench, 0, 'end');
    bench.clock.advance(30 * 86_400_000);
    expect(await cursorOf(bench, 0, 'begin')).toBe(end);
    const again = await restart(bench, data);
    expect(await cursorOf(again, 0, 'end')).toBe(end);
    await putByKey(again, '0', 'young');
    expect((await pull(again, 0, end)).headers['x-log-count']).toBe('1');
    await again.service.close();
    expect(countOf(data, 'record')).toBe(1);
  });

  test('a shard that goes in the moment in which its last group does leaves nothing behind', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await putByKey(bench, '0', 'a');
    bench.service.split('shop', 'orders', 0);
    bench.clock.advance(30 * 86_400_000 + 1000);
    const ids = (on: Bench) => on.service.contents().shop!.orders!.map(({ shardID }) => shardID);
    expect(ids(bench)).toEqual([1, 2, 3]);
    expect(ids(await restart(bench, data))).toEqual([1, 2, 3]);
  });
});

describe('a directory', () => {
  const opening = (data: string) => openBench(manualClock(), { data });

  test('that is a file is refused', async () => {
    const data = newDirectory();
    writeFileSync(data, 'x');
    await expect(opening(data)).rejects.toMatchObject({ field: 'data' });
    await expect(opening(data)).rejects.toThrow('it is not a directory');
  });

  test('that is damaged is refused, and free for the next one to try', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await bench.service.close();
    const path = join(data, 'data.sqlite');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.toString('latin1').replace('"readwrite"', '"broken"   '), 'latin1');
    await expect(opening(data)).rejects.toThrow(SettingsError);
    await expect(opening(data)).rejects.toThrow(`"${path}" cannot be used: the logstore orders is damaged`);
    writeFileSync(path, bytes);
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

describe('while nothing can be written', () => {
  /** As a full disk: what fails, how it fails, and that it ends are those of the database. */
  function fillDisk(): () => void {
    const { prepare } = DatabaseSync.prototype;
    const full = Object.assign(new Error('full'), { errcode: 13, errstr: 'database or disk is full' });
    const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      if (sql === 'COMMIT') throw full;
      prepare.call(this, sql).run();
    });
    onTestFinished(() => spy.mockRestore());
    return () => spy.mockRestore();
  }

  test('no put is answered with success, and none takes a position', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await putByKey(bench, '0', 'a');
    const end = await cursorOf(bench, 0, 'end');
    const empty = fillDisk();
    const answer = await putByKey(bench, '0', 'b');
    expect(answer.outcome).toBe('500 InternalServerError');
    expect(answer.json.errorMessage).toContain('data.sqlite cannot be written: the disk is full');
    expect(await cursorOf(bench, 0, 'end')).toBe(end);
    expect(() => bench.service.createLogstore('shop', 'other')).toThrow('the disk is full');
    expect(await contentsOf(bench, 0)).toEqual(['a']);
    empty();
    await putByKey(bench, '0', 'c');
    const again = await restart(bench, data);
    expect(await contentsOf(again, 0)).toEqual(['a', 'c']);
    expect(Object.keys(again.service.contents().shop!)).toEqual(['orders']);
  });

  test('no group goes into a shard that is not kept; what happened in memory is kept with it', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    await json(bench, 'POST', GROUPS, { consumerGroup: 'gone', timeout: 60, order: false });
    bench.service.createLogstore('shop', 'old');
    const empty = fillDisk();
    expect(() => bench.service.split('shop', 'orders', 0)).toThrow('the disk is full');
    await bench.call({ method: 'DELETE', path: `${GROUPS}/gone` });
    await bench.call({ method: 'DELETE', path: '/logstores/old' });
    expect((await putByKey(bench, '0', 'a')).outcome).toBe('500 InternalServerError');
    empty();
    expect((await putByKey(bench, '0', 'b')).outcome).toBe('200');
    const again = await restart(bench, data);
    expect(await contentsOf(again, 2)).toEqual(['b']);
    expect(Object.keys(again.service.contents().shop!)).toEqual(['orders']);
    expect((await again.call({ path: GROUPS })).json).toEqual([]);
  });
});

test('what is kept from before counts for the limit', async () => {
  const data = newDirectory();
  const bench = await startBench({ data });
  await putByKey(bench, '0', 'a');
  await bench.service.close();
  const again = await openBench(bench.clock, { data, storedBytesMax: 150 });
  expect((await putByKey(again, '0', 'b')).outcome).toBe('403 WriteQuotaExceed');
});
