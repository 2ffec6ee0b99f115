import { describe, expect, test } from 'vitest';
import { FOREVER_DAYS } from '../../../local/cls/state/topic.ts';
import {
  type Bench,
  commit,
  createGroup,
  groupOf,
  LOGSET,
  listOf,
  OTHER_TOPIC,
  offsetsFrom,
  pull,
  putByKey,
  putList,
  startBench,
  TOPIC,
} from './support.ts';

const DAY_MS = 86_400_000;
const FIRST = '0'.repeat(32);

/** Its topic keeps what it gets for two days. */
async function startForTwoDays(): Promise<Bench> {
  const bench = await startBench();
  await bench.act('ModifyTopic', { TopicId: TOPIC, Period: 2 });
  return bench;
}

test('messages go when their time is over, and offsets go on', async () => {
  const bench = await startForTwoDays();
  await putByKey(bench, FIRST, 'first', 'second');
  bench.clock.advance(DAY_MS);
  await putByKey(bench, FIRST, 'a day later');
  bench.clock.advance(DAY_MS - 1);
  expect((await pull(bench, 1, -1)).messages).toHaveLength(3);
  bench.clock.advance(1);
  const { messages, next } = await pull(bench, 1, -1);
  expect([messages, next]).toEqual([[['a day later']], 3n]);
  expect((await pull(bench, 1, 1)).outcome).toBe('400 InvalidOffset');
  await putByKey(bench, FIRST, 'now');
  expect(bench.service.endOffsets(TOPIC)).toMatchObject({ [`${TOPIC}:1`]: '4' });
});

test('a position is looked for among what is there', async () => {
  const bench = await startForTwoDays();
  await createGroup(bench);
  await putByKey(bench, FIRST, 'first', 'second');
  expect((await offsetsFrom(bench, 'begin'))[1]).toBe(0n);
  bench.clock.advance(2 * DAY_MS);
  expect((await offsetsFrom(bench, 'begin'))[1]).toBe(2n);
});

test('what went makes room', async () => {
  const bench = await startBench({ storedBytesMax: 400 });
  await bench.act('ModifyTopic', { TopicId: TOPIC, Period: 1 });
  const large = () => putByKey(bench, FIRST, 'x'.repeat(200));
  expect((await large()).outcome).toBe('200');
  expect((await large()).outcome).toBe('403 LogSizeExceed');
  bench.clock.advance(DAY_MS);
  expect((await large()).outcome).toBe('200');
});

describe('a readonly partition', () => {
  test('goes once it was readonly for as long as messages are kept', async () => {
    const bench = await startForTwoDays();
    await createGroup(bench);
    await putByKey(bench, FIRST, 'before');
    bench.clock.advance(DAY_MS);
    bench.service.split(TOPIC, 1);
    await commit(bench, 'a', { 1: 1 });
    const ids = () => Object.keys(bench.service.endOffsets(TOPIC)).map((key) => Number(key.split(':')[1]));
    bench.clock.advance(2 * DAY_MS - 1);
    expect(ids()).toEqual([1, 2, 3, 4]);
    bench.clock.advance(1);
    expect(ids()).toEqual([2, 3, 4]);
    expect((await pull(bench, 1, 1)).outcome).toBe('404 PartitionNotExist');
    expect(Object.keys(await offsetsFrom(bench, 'begin'))).toEqual(['2', '3', '4']);
    expect(bench.service.consumerGroup(LOGSET, 'workers').offsets).toEqual({});
    expect(bench.service.split(TOPIC, 2).map(({ PartitionId }) => PartitionId)).toEqual([2, 5, 6]);
  });

  test('stays for messages that a clock, which was put back since, received later', async () => {
    const bench = await startForTwoDays();
    await putByKey(bench, FIRST, 'before');
    bench.clock.advance(-100_000);
    bench.service.split(TOPIC, 1);
    bench.clock.advance(2 * DAY_MS);
    expect((await pull(bench, 1, 0)).messages).toEqual([['before']]);
    bench.clock.advance(100_000);
    expect((await pull(bench, 1, 0)).outcome).toBe('404 PartitionNotExist');
  });

  test('is readable until then', async () => {
    const bench = await startForTwoDays();
    await putByKey(bench, FIRST, 'before');
    bench.service.split(TOPIC, 1);
    bench.clock.advance(2 * DAY_MS - 1);
    expect((await pull(bench, 1, 0)).messages).toEqual([['before']]);
  });
});

test('a topic that keeps everything keeps it', async () => {
  const bench = await startBench();
  bench.service.createTopic(LOGSET, OTHER_TOPIC, { retentionDays: FOREVER_DAYS, partitions: 1 });
  await putList(bench, listOf(groupOf(['old'])), {}, { query: { topic_id: OTHER_TOPIC } });
  bench.clock.advance(4000 * DAY_MS);
  expect((await pull(bench, 1, 0, { topic: OTHER_TOPIC })).messages).toEqual([['old']]);
});
