import { Buffer } from 'node:buffer';
import { deflateRawSync, deflateSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { messagesOf, UPLOAD_LIMITS } from '../../../local/cls/logGroups.ts';
import { lz4Compress } from '../../../local/service/lz4.ts';
import {
  groupOf,
  LOGSET,
  LogGroup,
  listOf,
  logGroupOf,
  OTHER_TOPIC,
  pull,
  put,
  putByKey,
  putList,
  START_SEC,
  startBench,
  TOPIC,
} from './support.ts';

const PLAIN = { 'x-cls-compress-type': '' };

test('each log group of an upload becomes a message, all of them in one partition', async () => {
  const bench = await startBench();
  const answer = await put(bench, ['one', 'two']);
  expect([answer.outcome, answer.body.byteLength]).toEqual(['200', 0]);
  await put(bench, ['three']);
  await put(bench, ['four']);
  expect((await pull(bench, 1, 0)).messages).toEqual([['one'], ['two'], ['four']]);
  expect((await pull(bench, 2, 0)).messages).toEqual([['three']]);
});

describe('a compression', () => {
  const list = listOf(groupOf(['one'.repeat(1000)]));

  test.each([
    ['lz4', lz4Compress(list)],
    ['zstd', zstdCompressSync(list)],
    ['deflate', deflateRawSync(list)],
    ['', Buffer.from(list)],
  ])('is undone: %s', async (type, body) => {
    const bench = await startBench();
    expect((await putList(bench, list, { 'x-cls-compress-type': type }, { body })).outcome).toBe('200');
    expect((await pull(bench, 1, 0)).messages).toEqual([['one'.repeat(1000)]]);
  });

  test.each([
    ['gzip', Buffer.from(list), '400 InvalidCompressType'],
    ['zstd', lz4Compress(list), '400 InvalidContent'],
    // With the zlib wrapper, which no SDK sends.
    ['deflate', deflateSync(list), '400 InvalidContent'],
    ['lz4', Buffer.from([0xf0, 0xff]), '400 InvalidContent'],
    // A size before the block, as lz4 libraries write it unless they are told not to.
    ['lz4', Buffer.concat([Buffer.from([200, 11, 0, 0]), lz4Compress(list)]), '400 InvalidContent'],
  ])('that is not what it says is refused: %s', async (type, body, outcome) => {
    const bench = await startBench();
    expect((await putList(bench, list, { 'x-cls-compress-type': type }, { body })).outcome).toBe(outcome);
  });

  test.each(['lz4', 'zstd', 'deflate', ''])('of more than there may be is refused: %s', async (type) => {
    const bench = await startBench();
    const raw = Buffer.alloc(6 * 1024 ** 2 + 1);
    const compressed: Record<string, Uint8Array> = {
      lz4: lz4Compress(raw),
      zstd: zstdCompressSync(raw),
      deflate: deflateRawSync(raw),
      '': raw,
    };
    const body = compressed[type]!;
    const answer = await putList(bench, list, { 'x-cls-compress-type': type }, { body });
    expect(answer.outcome).toBe('403 LogSizeExceed');
  });
});

describe('the time of a log', () => {
  test.each([
    ['seconds', START_SEC, `${START_SEC}000000`],
    ['milliseconds', START_SEC * 1000 + 7, `${START_SEC}007000`],
    ['microseconds', START_SEC * 1_000_000 + 123_456, `${START_SEC}123456`],
    ['nothing', 0, '0'],
    ['a time before 1970', -1, '-1'],
  ])('is in microseconds for consumers: %s', async (_unit, time, expected) => {
    const bench = await startBench();
    await putList(bench, listOf(groupOf(['one', 'two'], time)));
    const { frames } = await pull(bench, 1, 0);
    expect(logGroupOf(frames[0]!).logs.map((log) => log.time)).toEqual([expected, expected]);
  });

  test('is all that changes', async () => {
    const bench = await startBench();
    const group = {
      logs: [
        {
          time: START_SEC,
          contents: [
            { key: 'a', value: 'ä' },
            { key: '', value: '' },
          ],
          collectTime: 5,
        },
        { time: START_SEC * 1_000_000, contents: [] },
      ],
      contextFlow: 'context-1',
      filename: '/var/log/one',
      source: '10.0.0.1',
      logTags: [{ key: 'host', value: 'a' }],
      hostname: 'h',
    };
    await putList(bench, listOf(group));
    const { frames } = await pull(bench, 1, 0);
    const decoded = LogGroup.toObject(LogGroup.decode(frames[0]!.subarray(96)), {
      longs: Number,
      arrays: true,
    });
    const logs = group.logs.map((log) => ({ ...log, time: START_SEC * 1_000_000 }));
    expect(decoded).toEqual({ ...group, logs });
  });

  test('leaves every byte where it is in microseconds, fields that nobody knows as well', () => {
    const group = LogGroup.encode(groupOf(['one'], START_SEC * 1_000_000)).finish();
    const unknown = Buffer.concat([group, Buffer.from([0x3a, 1, 0x41, 0x40, 5, 0x4d, 0, 0, 0, 0])]);
    const list = Buffer.concat([Buffer.from([0x0a, unknown.byteLength]), unknown]);
    expect(messagesOf(list).map((bytes) => Buffer.from(bytes))).toEqual([unknown]);
  });
});

describe('with a hash key', () => {
  test('an upload goes to the partition whose range holds it', async () => {
    const bench = await startBench();
    const keys = [
      '0'.repeat(32),
      '7fffffffffffffffffffffffffffffff',
      '80000000000000000000000000000000',
      'f'.repeat(32),
    ];
    for (const key of keys) expect((await putByKey(bench, key, key)).outcome).toBe('200');
    expect((await pull(bench, 1, 0)).messages).toEqual([[keys[0]], [keys[1]]]);
    expect((await pull(bench, 2, 0)).messages).toEqual([[keys[2]], [keys[3]]]);
  });

  test('that is none, it is refused', async () => {
    const bench = await startBench();
    expect((await putByKey(bench, 'g', 'one')).outcome).toBe('400 InvalidParam');
  });
});

describe('an upload is refused', () => {
  test('without a topic, or to one that is not there', async () => {
    const bench = await startBench();
    const list = listOf(groupOf(['one']));
    expect((await putList(bench, list, {}, { query: {} })).outcome).toBe('400 InvalidParam');
    const missing = { query: { topic_id: OTHER_TOPIC } };
    expect((await putList(bench, list, {}, missing)).outcome).toBe('404 TopicNotExist');
  });

  test('that is empty, or of another type', async () => {
    const bench = await startBench();
    const nothing = new Uint8Array(0);
    expect((await putList(bench, nothing, PLAIN, { body: nothing })).outcome).toBe('400 MissingContent');
    const zstd = { 'x-cls-compress-type': 'zstd' };
    expect((await putList(bench, nothing, zstd, { body: nothing })).outcome).toBe('400 MissingContent');
    expect((await putList(bench, listOf())).outcome).toBe('400 MissingContent');
    expect((await putList(bench, listOf({ logs: [] }))).outcome).toBe('400 MissingContent');
    const json = { 'content-type': 'application/json' };
    expect((await putList(bench, listOf(groupOf(['one'])), json)).outcome).toBe('400 InvalidContentType');
  });

  test.each([
    ['a cut list', [0x0a, 9, 0x0a]],
    ['a list that is cut where a group could end', [0x0a, 9, 0x0a, 2, 0x08, 1]],
    ['a list of another wire type', [0x08, 1]],
    ['a log that goes beyond its group', [0x0a, 4, 0x0a, 6, 0x08, 1, 0x22, 2, 0x61, 0x61]],
    ['a number of more than ten bytes', [0x8a, ...Array(10).fill(0x80), 0, 4, 0x0a, 2, 0x08, 1]],
    ['a filename of another wire type', [0x0a, 6, 0x0a, 2, 0x08, 1, 0x18, 1]],
    ['a field number of more than 29 bits', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 1]],
    ['a log without a time', [0x0a, 2, 0x0a, 0]],
    ['a content without a value', [0x0a, 9, 0x0a, 7, 0x08, 1, 0x12, 3, 0x0a, 1, 0x61]],
    ['a tag without a value', [0x0a, 11, 0x0a, 2, 0x08, 1, 0x2a, 3, 0x0a, 1, 0x61, 0x12, 0]],
    ['a field number 0', [0x00, 1]],
    ['an endless number', [0x0a, ...Array.from({ length: 11 }, () => 0xff)]],
    ['a group, which proto2 had', [0x0b]],
  ])('that is no protobuf of a list: %s', async (_what, bytes) => {
    const bench = await startBench();
    const body = Uint8Array.from(bytes);
    expect((await putList(bench, body, PLAIN, { body })).outcome).toBe('400 InvalidContent');
    expect(Object.values(bench.service.endOffsets(TOPIC))).toEqual(['0', '0']);
  });

  test('beyond its limits', async () => {
    const groups = (count: number) => listOf(...Array.from({ length: count }, () => groupOf(['x'])));
    const logs = (count: number) => listOf(groupOf(Array.from({ length: count }, () => '')));
    const value = (bytes: number) => listOf(groupOf(['x'.repeat(bytes)]));
    const values = (bytes: number) => listOf(groupOf(Array.from({ length: 5 }, () => 'x'.repeat(bytes))));
    const limits: [string, (amount: number) => Uint8Array, number][] = [
      ['groups', groups, UPLOAD_LIMITS.groups],
      ['logs', logs, UPLOAD_LIMITS.logs],
      ['a value', value, UPLOAD_LIMITS.valueBytes],
    ];
    for (const [what, list, most] of limits) {
      expect(() => messagesOf(list(most)), what).not.toThrow();
      expect(() => messagesOf(list(most + 1)), what).toThrow('at most');
    }
    const most = UPLOAD_LIMITS.groupValueBytes / 5;
    expect(() => messagesOf(values(most))).not.toThrow();
    const group = groupOf([...Array.from({ length: 5 }, () => 'x'.repeat(most)), 'y']);
    expect(() => messagesOf(listOf(group))).toThrow('values of a log group');
  });

  test('where the service has no room left, all of it', async () => {
    // Each takes some 110 bytes.
    const bench = await startBench({ storedBytesMax: 300 });
    expect((await put(bench, ['x'])).outcome).toBe('200');
    expect((await put(bench, ['x', 'x'])).outcome).toBe('403 LogSizeExceed');
    expect((await put(bench, ['x'])).outcome).toBe('200');
    expect((await put(bench, ['x'])).outcome).toBe('403 LogSizeExceed');
    expect(bench.service.endOffsets(TOPIC)).toEqual({ [`${TOPIC}:1`]: '1', [`${TOPIC}:2`]: '1' });
  });

  test('no more once a topic was deleted with what it held', async () => {
    const bench = await startBench({ storedBytesMax: 200 });
    await put(bench, ['x']);
    expect((await put(bench, ['x'])).outcome).toBe('403 LogSizeExceed');
    await bench.act('DeleteTopic', { TopicId: TOPIC });
    bench.service.createTopic(LOGSET, TOPIC);
    expect((await put(bench, ['x'])).outcome).toBe('200');
  });
});
