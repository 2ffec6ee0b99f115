import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import {
  type Bench,
  cursorOf,
  decimal,
  messagesOf,
  pull,
  putByKey,
  START_SEC,
  startBench,
} from './support.ts';

async function timeOf(bench: Bench, cursor: string) {
  return bench.call({ path: '/logstores/orders/shards/0', query: { type: 'cursor_time', cursor } });
}

const encoded = (position: bigint): string => Buffer.from(String(position)).toString('base64');

test('a cursor is a decimal integer in base64, beyond 2^53, and starts elsewhere in every shard', async () => {
  const bench = await startBench();
  const [zero, one] = [
    decimal(await cursorOf(bench, 0, 'begin')),
    decimal(await cursorOf(bench, 1, 'begin')),
  ];
  expect(zero).toBeGreaterThan(2n ** 53n);
  expect(zero).toBeLessThan(2n ** 63n);
  expect(one).not.toBe(zero);
});

test('every group has the next integer', async () => {
  const bench = await startBench();
  const begin = decimal(await cursorOf(bench, 0, 'begin'));
  for (const step of [1n, 2n, 3n]) {
    await putByKey(bench, '0', 'a', 'b');
    expect(decimal(await cursorOf(bench, 0, 'end'))).toBe(begin + step);
  }
  expect(decimal(await cursorOf(bench, 0, 'begin'))).toBe(begin);
});

test('an empty shard begins where it ends', async () => {
  const bench = await startBench();
  expect(await cursorOf(bench, 0, 'begin')).toBe(await cursorOf(bench, 0, 'end'));
});

test('a cursor by time is at the first group received then or later', async () => {
  const bench = await startBench();
  for (const message of ['at 0', 'at 10', 'at 10 too', 'at 20']) {
    await putByKey(bench, '0', message);
    if (message !== 'at 10') bench.clock.advance(10_000);
  }
  const from = async (afterSec: number): Promise<string[]> => {
    const answer = await pull(bench, 0, await cursorOf(bench, 0, String(START_SEC + afterSec)));
    return messagesOf(answer.body).flat();
  };
  expect(await from(-100)).toEqual(['at 0', 'at 10', 'at 10 too', 'at 20']);
  expect(await from(0)).toEqual(['at 0', 'at 10', 'at 10 too', 'at 20']);
  expect(await from(1)).toEqual(['at 10', 'at 10 too', 'at 20']);
  expect(await from(10)).toEqual(['at 10', 'at 10 too', 'at 20']);
  expect(await from(11)).toEqual(['at 20']);
  expect(await from(21)).toEqual([]);
  expect(await cursorOf(bench, 0, String(START_SEC + 21))).toBe(await cursorOf(bench, 0, 'end'));
});

test('a cursor by time is right even where the clock was set back', async () => {
  const bench = await startBench();
  await putByKey(bench, '0', 'first');
  bench.clock.advance(-60_000);
  await putByKey(bench, '0', 'second');
  const answer = await pull(bench, 0, await cursorOf(bench, 0, String(START_SEC)));
  expect(messagesOf(answer.body).flat()).toEqual(['first', 'second']);
});

test('a cursor has the time at which its group was received', async () => {
  const bench = await startBench();
  await putByKey(bench, '0', 'a');
  bench.clock.advance(10_000);
  await putByKey(bench, '0', 'b');
  bench.clock.advance(10_000);
  const begin = decimal(await cursorOf(bench, 0, 'begin'));
  expect((await timeOf(bench, encoded(begin))).json).toEqual({ cursor_time: START_SEC });
  expect((await timeOf(bench, encoded(begin + 1n))).json).toEqual({ cursor_time: START_SEC + 10 });
  // Nothing is at the end yet: the present.
  expect((await timeOf(bench, encoded(begin + 2n))).json).toEqual({ cursor_time: START_SEC + 20 });
  expect((await timeOf(bench, encoded(begin - 1n))).outcome).toBe('400 InvalidCursor');
  expect((await timeOf(bench, encoded(begin + 3n))).outcome).toBe('400 InvalidCursor');
  expect((await timeOf(bench, 'x'))?.outcome).toBe('400 ParameterInvalid');
});

test.each(['yesterday', '-1', '1.5', ''])('there is no cursor from "%s"', async (from) => {
  const bench = await startBench();
  const query = { type: 'cursor', from };
  const answer = await bench.call({ path: '/logstores/orders/shards/0', query });
  expect(answer.outcome).toBe('400 ParameterInvalid');
});

test('a cursor needs a shard', async () => {
  const bench = await startBench();
  const query = { type: 'cursor', from: 'begin' };
  expect((await bench.call({ path: '/logstores/orders/shards/9', query })).outcome).toBe('400 ShardNotExist');
  expect((await bench.call({ path: '/logstores/other/shards/0', query })).outcome).toBe(
    '404 LogStoreNotExist',
  );
});
