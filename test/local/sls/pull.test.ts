import { Buffer } from 'node:buffer';
import { inflateSync, zstdDecompressSync } from 'node:zlib';
import { uncompressSync as lz4Napi } from 'lz4-napi';
import { describe, expect, test } from 'vitest';
import {
  type Bench,
  cursorOf,
  decimal,
  groupOf,
  messagesOf,
  pull,
  put,
  putByKey,
  START_SEC,
  startBench,
} from './support.ts';

/** Puts groups of one message each into shard 0. */
async function fill(bench: Bench, ...messages: string[]): Promise<string> {
  for (const message of messages) await putByKey(bench, '0', message);
  return cursorOf(bench, 0, 'begin');
}

describe('a pull', () => {
  test('brings the groups from its cursor on, and where to go on', async () => {
    const bench = await startBench();
    const begin = await fill(bench, 'a', 'b', 'c');
    const first = await pull(bench, 0, begin, { count: '2' });
    expect(messagesOf(first.body)).toEqual([['a'], ['b']]);
    expect(first.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'x-log-count': '2',
      'x-log-bodyrawsize': String(first.body.byteLength),
      'x-log-end-of-cursor': '0',
      'x-log-cursor-time': String(START_SEC),
      'x-log-read-last-cursor': String(decimal(begin) + 1n),
    });

    const second = await pull(bench, 0, String(first.headers['x-log-cursor']));
    expect(messagesOf(second.body)).toEqual([['c']]);
    expect(second.headers['x-log-end-of-cursor']).toBe('1');
    expect(second.headers['x-log-cursor']).toBe(await cursorOf(bench, 0, 'end'));
  });

  test('at the end brings nothing and stays where it is', async () => {
    const bench = await startBench();
    await fill(bench, 'a');
    const end = await cursorOf(bench, 0, 'end');
    const answer = await pull(bench, 0, end, {}, { 'accept-encoding': 'lz4' });
    expect(answer.outcome).toBe('200');
    expect(answer.body).toHaveLength(0);
    expect(answer.headers).toMatchObject({
      'x-log-cursor': end,
      'x-log-count': '0',
      'x-log-bodyrawsize': '0',
      'x-log-end-of-cursor': '1',
    });
    expect(answer.headers['x-log-read-last-cursor']).toBeUndefined();
    expect(answer.headers['x-log-cursor-time']).toBeUndefined();

    await putByKey(bench, '0', 'b');
    expect(messagesOf((await pull(bench, 0, end)).body)).toEqual([['b']]);
  });

  test('is the same however often it is made', async () => {
    const bench = await startBench();
    const begin = await fill(bench, 'a', 'b');
    const [one, other] = [await pull(bench, 0, begin), await pull(bench, 0, begin)];
    expect(one.body.equals(other.body)).toBe(true);
  });

  test('stops before its end cursor', async () => {
    const bench = await startBench();
    const begin = await fill(bench, 'a', 'b');
    const between = await cursorOf(bench, 0, 'end');
    await fill(bench, 'c');
    const answer = await pull(bench, 0, begin, { end_cursor: between });
    expect(messagesOf(answer.body)).toEqual([['a'], ['b']]);
    expect(answer.headers).toMatchObject({ 'x-log-cursor': between, 'x-log-end-of-cursor': '0' });
    const none = await pull(bench, 0, between, { end_cursor: begin });
    expect(none.headers).toMatchObject({ 'x-log-count': '0', 'x-log-cursor': between });
  });

  test.each([
    ['lz4', (body: Buffer, size: number) => lz4Napi(Buffer.concat([uint32(size), body]))],
    ['zstd', (body: Buffer) => zstdDecompressSync(body)],
    ['deflate', (body: Buffer) => inflateSync(body)],
  ])('is compressed with %s on demand', async (name, decompress) => {
    const bench = await startBench();
    const text = 'the same again, '.repeat(500);
    const begin = await fill(bench, text, text);
    const answer = await pull(bench, 0, begin, {}, { 'accept-encoding': name });
    const size = Number(answer.headers['x-log-bodyrawsize']);
    expect(answer.headers['x-log-compresstype']).toBe(name);
    expect(answer.body.byteLength).toBeLessThan(size);
    const raw = decompress(answer.body, size);
    expect(raw.byteLength).toBe(size);
    expect(messagesOf(raw)).toEqual([[text], [text]]);
  });

  test.each(['', 'gzip', 'identity'])('is not compressed for Accept-Encoding "%s"', async (accept) => {
    const bench = await startBench();
    const answer = await pull(bench, 0, await fill(bench, 'a'), {}, { 'accept-encoding': accept });
    expect(answer.headers['x-log-compresstype']).toBeUndefined();
    expect(messagesOf(answer.body)).toEqual([['a']]);
  });

  test('names the compression even where there is nothing to compress', async () => {
    const bench = await startBench();
    const begin = await cursorOf(bench, 0, 'begin');
    const answer = await pull(bench, 0, begin, {}, { 'accept-encoding': 'lz4' });
    // The Go SDK takes an answer without it for a failure.
    expect(answer.headers).toMatchObject({ 'x-log-compresstype': 'lz4', 'x-log-bodyrawsize': '0' });
    expect(answer.body.byteLength).toBe(0);
  });

  test('brings about 10 MB at most, and one group at least', async () => {
    const bench = await startBench();
    const large = groupOf(...Array.from({ length: 6 }, () => 'x'.repeat(1_000_000)));
    const route = { path: '/logstores/orders/shards/route', query: { key: '0' } };
    await put(bench, large, route);
    await put(bench, large, route);
    const answer = await pull(bench, 0, await cursorOf(bench, 0, 'begin'));
    expect(answer.headers).toMatchObject({ 'x-log-count': '1', 'x-log-end-of-cursor': '0' });
    const rest = await pull(bench, 0, String(answer.headers['x-log-cursor']));
    expect(rest.headers).toMatchObject({ 'x-log-count': '1', 'x-log-end-of-cursor': '1' });
  });

  test('frames groups of any length', async () => {
    const bench = await startBench();
    // Around 2^7 and 2^14 bytes the length of a group takes one byte more.
    const texts = [0, 16_200].flatMap((least) =>
      Array.from({ length: 160 }, (_, index) => 'x'.repeat(least + index)),
    );
    const answer = await pull(bench, 0, await fill(bench, ...texts));
    expect(messagesOf(answer.body).flat()).toEqual(texts);
  });

  test('of type logs is the same, as the Go SDK writes it', async () => {
    const bench = await startBench();
    const answer = await pull(bench, 0, await fill(bench, 'a'), { type: 'logs' });
    expect(messagesOf(answer.body)).toEqual([['a']]);
  });
});

describe('a pull is refused', () => {
  const cursor = (position: bigint): string => Buffer.from(String(position)).toString('base64');

  test.each([
    ['without a count', { count: '' }, '400 ParameterInvalid'],
    ['of no groups', { count: '0' }, '400 ParameterInvalid'],
    ['of more than 1000 groups', { count: '1001' }, '400 ParameterInvalid'],
    ['to an end that is no cursor', { end_cursor: '!' }, '400 ParameterInvalid'],
    ['of another type', { type: 'everything' }, '400 ParameterInvalid'],
    ['with a filter', { query: '* | where a = 1' }, '400 NotSupported'],
  ])('%s', async (_, query, outcome) => {
    const bench = await startBench();
    expect((await pull(bench, 0, await fill(bench, 'a'), query)).outcome).toBe(outcome);
  });

  test('from before the beginning or after the end', async () => {
    const bench = await startBench();
    const begin = decimal(await fill(bench, 'a'));
    expect((await pull(bench, 0, cursor(begin - 1n))).outcome).toBe('400 InvalidCursor');
    expect((await pull(bench, 0, cursor(begin + 1n))).outcome).toBe('200');
    expect((await pull(bench, 0, cursor(begin + 2n))).outcome).toBe('400 InvalidCursor');
  });

  test('from what is no cursor, or the cursor of another shard', async () => {
    const bench = await startBench();
    const begin = await fill(bench, 'a');
    expect((await pull(bench, 0, begin.slice(10))).outcome).toBe('400 ParameterInvalid');
    expect((await pull(bench, 1, begin)).outcome).toBe('400 InvalidCursor');
  });

  test('where there is no such shard', async () => {
    const bench = await startBench();
    const begin = await fill(bench, 'a');
    expect((await pull(bench, 2, begin)).outcome).toBe('400 ShardNotExist');
    const path = '/logstores/orders/shards/one';
    const query = { type: 'log', cursor: begin, count: '1' };
    expect((await bench.call({ path, query })).outcome).toBe('400 ShardNotExist');
  });

  test.each(['cursor', 'count', 'type'])('without %s', async (name) => {
    const bench = await startBench();
    const { [name]: _, ...query }: Record<string, string> = {
      type: 'log',
      count: '1',
      cursor: await fill(bench, 'a'),
    };
    const answer = await bench.call({ path: '/logstores/orders/shards/0', query });
    expect(answer.outcome).toBe('400 MissingParameter');
    expect(answer.json.errorMessage).toBe(`Missing query key : ${name}.`);
  });
});

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
