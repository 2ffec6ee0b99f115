import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
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
  type TestPull,
  TOPIC,
} from './support.ts';

const FIRST = '0'.repeat(32);

describe('a frame', () => {
  test('says whose it is, as official consumers demand', async () => {
    const bench = await startBench();
    await putByKey(bench, FIRST, 'one');
    const { frames } = await pull(bench, 1, 0);
    const frame = frames[0]!;
    expect(frame.readInt32BE(0)).toBe(130);
    expect(frame.readBigInt64BE(4)).toBe(BigInt(START_SEC));
    expect(frame.readBigInt64BE(12)).toBeGreaterThan(0n);
    expect(frame.toString('latin1', 20, 56)).toBe(LOGSET);
    expect(frame.toString('latin1', 56, 92)).toBe(TOPIC);
    expect(frame.readInt32BE(92)).toBe(frame.byteLength - 96);
  });

  test('holds one log group', async () => {
    const bench = await startBench();
    await putByKey(bench, FIRST, 'one');
    const { frames } = await pull(bench, 1, 0);
    const expected = LogGroup.encode(groupOf(['one'], START_SEC * 1_000_000)).finish();
    expect(frames[0]!.subarray(96)).toEqual(Buffer.from(expected));
  });
});

describe('offsets', () => {
  test('are of messages, and exact beyond 2^53', async () => {
    const firstOffset = 2n ** 60n + 1n;
    const bench = await startBench({ firstOffset });
    await putByKey(bench, FIRST, 'one', 'two', 'three');
    const { next, messages } = await pull(bench, 1, firstOffset + 1n);
    expect(messages).toEqual([['two'], ['three']]);
    expect(next).toBe(firstOffset + 3n);
    expect((await pull(bench, 1, firstOffset + 2n)).messages).toEqual([['three']]);
  });

  test('at the end bring nothing, and stay', async () => {
    const bench = await startBench();
    await putByKey(bench, FIRST, 'one');
    const { json, next } = await pull(bench, 1, 1);
    expect(json.Response).toEqual({ NextOffset: 1, Message: null });
    expect(next).toBe(1n);
  });

  test('outside of the partition are refused', async () => {
    const bench = await startBench({ firstOffset: 5n });
    await putByKey(bench, FIRST, 'one');
    for (const offset of [-2, 0, 4, 7]) {
      expect((await pull(bench, 1, offset)).outcome, String(offset)).toBe('400 InvalidOffset');
    }
  });

  test('of -1 stand for the oldest message that is kept', async () => {
    const bench = await startBench({ firstOffset: 5n });
    bench.service.createTopic(LOGSET, OTHER_TOPIC, { retentionDays: 1 });
    expect(await pull(bench, 1, -1)).toMatchObject({ next: 5n, messages: [] });
    await putByKey(bench, FIRST, 'one', 'two');
    expect(await pull(bench, 1, -1)).toMatchObject({ next: 7n, messages: [['one'], ['two']] });
  });
});

describe('Size', () => {
  /** 96 bytes of frame, and the log group. */
  const bytesOf = (message: string): number =>
    96 + LogGroup.encode(groupOf([message], START_SEC * 1_000_000)).finish().byteLength;

  test('bounds an answer, frames and all', async () => {
    const bench = await startBench();
    await putByKey(bench, FIRST, 'one', 'two', 'six');
    const pulled = async (Size: number): Promise<string[]> =>
      (await pull(bench, 1, 0, { Size })).messages.flat();
    expect(await pulled(3 * bytesOf('one'))).toEqual(['one', 'two', 'six']);
    expect(await pulled(3 * bytesOf('one') - 1)).toEqual(['one', 'two']);
    expect(await pulled(2 * bytesOf('one') - 1)).toEqual(['one']);
  });

  test('lets one message pass, however large it is', async () => {
    const bench = await startBench();
    await putByKey(bench, FIRST, 'x'.repeat(1000), 'y');
    expect(await pull(bench, 1, 0, { Size: 1 })).toMatchObject({ next: 1n, messages: [['x'.repeat(1000)]] });
  });

  test('is at most 10 MB, whatever is asked for', async () => {
    const bench = await startBench();
    const megabyte = 'x'.repeat(1024 ** 2);
    for (let count = 0; count < 11; count += 1) await putByKey(bench, FIRST, megabyte);
    expect((await pull(bench, 1, 0, { Size: 2 ** 40 })).next).toBe(9n);
  });
});

describe('EndTime', () => {
  const END = START_SEC + 10;

  /** One message before the time, and one at it; the time is past. */
  async function startPast() {
    const bench = await startBench();
    await putByKey(bench, FIRST, 'before');
    bench.clock.advance(10_000);
    await putByKey(bench, FIRST, 'at');
    return bench;
  }
  const summary = ({ messages, next }: TestPull) => [messages.flat(), next];

  test('leaves out what was received then or later', async () => {
    const bench = await startPast();
    expect(summary(await pull(bench, 1, 0, { EndTime: END }))).toEqual([['before'], 1n]);
    expect(summary(await pull(bench, 1, 0, { EndTime: END + 1 }))).toEqual([['before', 'at'], 2n]);
  });

  test('past, and with nothing left before it, is answered with -1', async () => {
    const bench = await startPast();
    expect(summary(await pull(bench, 1, 1, { EndTime: END }))).toEqual([[], -1n]);
    expect(summary(await pull(bench, 1, 2, { EndTime: END }))).toEqual([[], -1n]);
    expect((await pull(bench, 1, 1, { EndTime: END })).json.Response.Message).toBeNull();
  });

  test('to come, is not: there may be more', async () => {
    const bench = await startBench();
    await putByKey(bench, FIRST, 'before');
    expect(summary(await pull(bench, 1, 1, { EndTime: END }))).toEqual([[], 1n]);
    bench.clock.advance(9_999);
    expect(summary(await pull(bench, 1, 1, { EndTime: END }))).toEqual([[], 1n]);
    bench.clock.advance(1);
    expect(summary(await pull(bench, 1, 1, { EndTime: END }))).toEqual([[], -1n]);
  });
});

test('StartTime passes over what was received before', async () => {
  const bench = await startBench();
  await putByKey(bench, FIRST, 'early');
  bench.clock.advance(10_000);
  await putByKey(bench, FIRST, 'late');
  expect((await pull(bench, 1, 0, { StartTime: START_SEC + 10 })).messages).toEqual([['late']]);
  expect((await pull(bench, 1, 1, { StartTime: START_SEC })).messages).toEqual([['late']]);
  expect(await pull(bench, 1, 0, { StartTime: START_SEC + 11 })).toMatchObject({ messages: [], next: 2n });
});

describe('Query', () => {
  const log = (contents: Record<string, string>) => ({
    time: START_SEC,
    contents: Object.entries(contents).map(([key, value]) => ({ key, value })),
  });
  const groups = [
    { logs: [log({ message: 'a', status: '200' }), log({ message: 'b', status: '500' })], source: 'web-1' },
    { logs: [log({ message: 'c', status: '200' })] },
    { logs: [log({ message: 'd', status: '500' })] },
  ];
  const failed = { Query: 'log_keep(op_ge(v("status"), 500))' };

  test('leaves out logs, and messages of which nothing is left; offsets count all', async () => {
    const bench = await startBench();
    await putList(bench, listOf(...groups), { 'x-cls-hashkey': FIRST });
    expect(await pull(bench, 1, 0, failed)).toMatchObject({ messages: [['b'], ['d']], next: 3n });
    expect(logGroupOf((await pull(bench, 1, 0, failed)).frames[0]!).source).toBe('web-1');
    const { frames } = await pull(bench, 1, 2, failed);
    expect(frames).toEqual((await pull(bench, 1, 2)).frames);
  });

  test('that leaves nothing leads on', async () => {
    const bench = await startBench();
    await putList(bench, listOf(...groups), { 'x-cls-hashkey': FIRST });
    const { json } = await pull(bench, 1, 1, { ...failed, Size: 1 });
    expect(json.Response).toEqual({ NextOffset: 2, Message: null });
    bench.clock.advance(10_000);
    const past = { ...failed, EndTime: START_SEC + 10 };
    expect(await pull(bench, 1, 1, { ...past, Size: 1 })).toMatchObject({ next: 2n, messages: [] });
    expect(await pull(bench, 1, 3, past)).toMatchObject({ next: -1n, messages: [] });
  });
});

test('what cannot be understood is refused', async () => {
  const bench = await startBench();
  await put(bench, ['one']);
  const outcomes: [Record<string, unknown>, string][] = [
    [{ topic: OTHER_TOPIC }, '404 TopicNotExist'],
    [{ topic: '' }, '400 InvalidParam'],
    [{ PartitionId: 9 }, '404 PartitionNotExist'],
    [{ PartitionId: '1' }, '400 InvalidParam'],
    [{ StartOffset: '0' }, '400 InvalidParam'],
    [{ StartOffset: null }, '400 InvalidParam'],
    [{ Size: 0 }, '400 InvalidParam'],
    [{ Size: undefined }, '400 InvalidParam'],
    [{ StartTime: 'now' }, '400 InvalidParam'],
    [{ EndTime: -1 }, '400 InvalidParam'],
    [{ CompressType: 'lz4' }, '400 InvalidParam'],
    [{ Query: 'level:error' }, '400 InvalidParam'],
    [{ Query: 7 }, '400 InvalidParam'],
    // As the Go consumer sends it where it has none.
    [{ Query: '' }, '200'],
    [{ Query: null, CompressType: null, StartTime: null }, '200'],
  ];
  for (const [change, outcome] of outcomes) {
    expect((await pull(bench, 1, 0, change)).outcome, JSON.stringify(change)).toBe(outcome);
  }
  const noJson = { path: '/pull_log', query: { topic_id: TOPIC }, body: Buffer.from('{') };
  expect((await bench.call(noJson)).outcome).toBe('400 InvalidContent');
});
