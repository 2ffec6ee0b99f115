import { Buffer } from 'node:buffer';
import { deflateSync, zstdCompressSync } from 'node:zlib';
import { compressSync as lz4Napi } from 'lz4-napi';
import { describe, expect, test } from 'vitest';
import {
  type Bench,
  contentsOf,
  cursorOf,
  groupOf,
  LogGroup,
  pull,
  put,
  putByKey,
  START_SEC,
  startBench,
} from './support.ts';

const MEBIBYTE = 1024 * 1024;

async function shardContents(bench: Bench): Promise<string[][]> {
  const shards = Object.keys(bench.service.endCursors('shop', 'orders'));
  return Promise.all(shards.map((shard) => contentsOf(bench, Number(shard))));
}

describe('a put', () => {
  test('goes to the readwrite shards in turn', async () => {
    const bench = await startBench();
    for (const message of ['a', 'b', 'c']) await put(bench, groupOf(message));
    expect(await shardContents(bench)).toEqual([['a', 'c'], ['b']]);
  });

  test('may leave out the shard, as the Go SDK does', async () => {
    const bench = await startBench();
    const answer = await put(bench, groupOf('a'), { path: '/logstores/orders' });
    expect(answer.outcome).toBe('200');
    expect(answer.body).toHaveLength(0);
    expect(await shardContents(bench)).toEqual([['a'], []]);
  });

  test('by hash key goes to the shard whose range holds the key', async () => {
    const bench = await startBench();
    const keys = ['0'.repeat(32), `7${'f'.repeat(31)}`, `8${'0'.repeat(31)}`, 'f'.repeat(32), 'A', '7'];
    for (const key of keys) expect((await putByKey(bench, key, key)).outcome).toBe('200');
    expect(await shardContents(bench)).toEqual([
      [keys[0], keys[1], keys[5]],
      [keys[2], keys[3], keys[4]],
    ]);
  });

  test.each([
    ['lz4', (raw: Uint8Array) => lz4Napi(Buffer.from(raw)).subarray(4)],
    ['zstd', (raw: Uint8Array) => zstdCompressSync(raw)],
    ['deflate', (raw: Uint8Array) => deflateSync(raw)],
  ])('compressed with %s is kept as it was before', async (name, compress) => {
    const bench = await startBench();
    const raw = groupOf('text '.repeat(1000), 'more '.repeat(1000));
    const headers = { 'x-log-compresstype': name, 'x-log-bodyrawsize': String(raw.byteLength) };
    expect((await put(bench, compress(raw), { headers })).outcome).toBe('200');
    const { body } = await pull(bench, 0, await cursorOf(bench, 0, 'begin'));
    expect(Buffer.compare(body.subarray(-raw.byteLength), raw)).toBe(0);
  });

  test('of values that are not UTF-8 is kept byte for byte', async () => {
    const bench = await startBench();
    const raw = groupOf('????');
    raw.set([0xff, 0xfe, 0x00, 0x80], Buffer.from(raw).indexOf('????'));
    expect((await put(bench, raw)).outcome).toBe('200');
    const { body } = await pull(bench, 0, await cursorOf(bench, 0, 'begin'));
    expect(Buffer.compare(body.subarray(-raw.byteLength), raw)).toBe(0);
  });

  test('without logs is accepted and leaves no trace', async () => {
    const bench = await startBench();
    const before = bench.service.endCursors('shop', 'orders');
    expect((await put(bench, LogGroup.encode({}).finish())).outcome).toBe('200');
    await put(bench, groupOf('a'));
    expect(bench.service.endCursors('shop', 'orders')[1]).toBe(before[1]);
    expect(await shardContents(bench)).toEqual([['a'], []]);
  });
});

describe('a put is refused', () => {
  test.each([
    ['of another type', { headers: { 'content-type': 'text/plain' } }, '400 InvalidContentType'],
    ['as JSON', { headers: { 'content-type': 'application/json; charset=utf-8' } }, '400 NotSupported'],
    ['of a list of packages', { headers: { 'x-log-mode': 'batch_group' } }, '400 NotSupported'],
    ['from a web page', { path: '/logstores/orders/track' }, '400 NotSupported'],
    ['that does not say its size', { without: 'x-log-bodyrawsize' }, '400 MissingParameter'],
    ['whose size is no number', { headers: { 'x-log-bodyrawsize': 'big' } }, '400 ParameterInvalid'],
    ['whose size is wrong', { headers: { 'x-log-bodyrawsize': '1' } }, '400 ParameterInvalid'],
    ['of an unknown compression', { headers: { 'x-log-compresstype': 'gzip' } }, '400 ParameterInvalid'],
    ['to no logstore', { path: '/logstores/nothing/shards/lb' }, '404 LogStoreNotExist'],
    ['to no project', { host: 'elsewhere.127.0.0.1' }, '404 ProjectNotExist'],
    ['by no key', { path: '/logstores/orders/shards/route' }, '400 MissingParameter'],
    [
      'by a bad key',
      { path: '/logstores/orders/shards/route', query: { key: 'xyz' } },
      '400 ParameterInvalid',
    ],
    ['through a processor', { query: { processor: 'clean' } }, '400 NotSupported'],
  ])('%s', async (_, request, outcome) => {
    const bench = await startBench();
    expect((await put(bench, groupOf('a'), request)).outcome).toBe(outcome);
    expect(await shardContents(bench)).toEqual([[], []]);
  });

  test('that is no log group', async () => {
    const bench = await startBench();
    expect((await put(bench, Buffer.from('hello'))).outcome).toBe('400 PostBodyInvalid');
    expect((await put(bench, groupOf('a').subarray(0, -1))).outcome).toBe('400 PostBodyInvalid');
  });

  test.each([
    ['lz4', Buffer.from([0xf0, 0xff])],
    ['zstd', Buffer.from('not zstd')],
    ['deflate', Buffer.from('not deflate')],
  ])('that is no %s', async (name, body) => {
    const bench = await startBench();
    const headers = { 'x-log-compresstype': name, 'x-log-bodyrawsize': '100' };
    expect((await put(bench, body, { headers })).outcome).toBe('400 PostBodyUncompressError');
  });

  test('that decompresses to another size than it says', async () => {
    const bench = await startBench();
    const raw = groupOf('a');
    for (const size of [raw.byteLength - 1, raw.byteLength + 1]) {
      const headers = { 'x-log-compresstype': 'zstd', 'x-log-bodyrawsize': String(size) };
      const answer = await put(bench, zstdCompressSync(raw), { headers });
      expect(answer.outcome).toBe('400 PostBodyUncompressError');
    }
  });

  test('with a value of more than 1 MB', async () => {
    const bench = await startBench();
    expect((await put(bench, groupOf('x'.repeat(MEBIBYTE)))).outcome).toBe('200');
    expect((await put(bench, groupOf('x'.repeat(MEBIBYTE + 1)))).outcome).toBe('400 PostBodyTooLarge');
  });

  test('of more than 10 MB', async () => {
    const bench = await startBench();
    const tooLarge = new Uint8Array(10 * MEBIBYTE + 1);
    expect((await put(bench, tooLarge)).outcome).toBe('413 PostBodyTooLarge');
    const headers = { 'x-log-compresstype': 'deflate', 'x-log-bodyrawsize': String(tooLarge.byteLength) };
    expect((await put(bench, deflateSync(tooLarge), { headers })).outcome).toBe('413 PostBodyTooLarge');
  });

  test('when memory is full, and says which limit that is', async () => {
    const group = groupOf('x'.repeat(1000));
    const bench = await startBench({ storedBytesMax: 3 * 1200 });
    for (let index = 0; index < 3; index += 1) expect((await put(bench, group)).outcome).toBe('200');
    const answer = await put(bench, group);
    expect(answer.outcome).toBe('403 WriteQuotaExceed');
    expect(answer.json.errorMessage).toContain('storedBytesMax');
    expect((await shardContents(bench)).flat()).toHaveLength(3);
  });
});

test('a log keeps its time, topic and tags', async () => {
  const bench = await startBench();
  await put(bench, groupOf('a'));
  const { body } = await pull(bench, 0, await cursorOf(bench, 0, 'begin'));
  const group = LogGroup.toObject(LogGroup.decode(body.subarray(2)));
  expect(group).toMatchObject({
    Topic: 'test',
    LogTags: [{ Key: 'host', Value: 'a' }],
    Logs: [{ Time: START_SEC }],
  });
});
