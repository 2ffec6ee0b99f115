import { describe, expect, test } from 'vitest';
import { DOCUMENTED_QUOTAS } from '../../../local/cls/quotas.ts';
import { LOGSET, pull, put, putByKey, startBench, TOPIC } from './support.ts';

test('without quotas nothing is limited', async () => {
  const bench = await startBench();
  const outcomes = await Promise.all(Array.from({ length: 250 }, () => pull(bench, 1, -1)));
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['200']));
});

test('the documented ones', () => {
  expect(DOCUMENTED_QUOTAS).toEqual({
    actions: 20,
    partitionReads: 200,
    partitionWrites: 500,
    partitionWriteBytes: 5_242_880,
    partitions: 50,
  });
});

test('an action is called so many times a second, each by itself', async () => {
  const bench = await startBench({ quotas: { actions: 2 } });
  const logsets = async () => (await bench.act('DescribeLogsets', {})).outcome;
  expect([await logsets(), await logsets(), await logsets()]).toEqual([
    '200',
    '200',
    '200 RequestLimitExceeded',
  ]);
  expect((await bench.act('DescribeTopics', {})).outcome).toBe('200');
  bench.clock.advance(1000);
  expect(await logsets()).toBe('200');
});

test('a request that is not signed uses nothing up', async () => {
  const bench = await startBench({ quotas: { actions: 1 } });
  const stranger = { account: { accessKeyId: 'AKIDstranger', accessKeySecret: 'x' } };
  await bench.act('DescribeLogsets', {}, stranger);
  expect((await bench.act('DescribeLogsets', {})).outcome).toBe('200');
});

test('a partition is read so many times a second', async () => {
  const bench = await startBench({ quotas: { partitionReads: 2 } });
  const read = async (partition: number) => (await pull(bench, partition, -1)).outcome;
  expect([await read(1), await read(1), await read(1)]).toEqual(['200', '200', '429 SpeedQuotaExceed']);
  expect(await read(2)).toBe('200');
  bench.clock.advance(1000);
  expect(await read(1)).toBe('200');
});

describe('a partition is written to', () => {
  test('so many times a second; a put without a key goes to one with quota left', async () => {
    const bench = await startBench({ quotas: { partitionWrites: 2 } });
    const first = async () => (await putByKey(bench, '0', 'x')).outcome;
    expect([await first(), await first(), await first()]).toEqual(['200', '200', '429 SpeedQuotaExceed']);
    const any = async () => (await put(bench, ['y'])).outcome;
    expect([await any(), await any(), await any()]).toEqual(['200', '200', '429 SpeedQuotaExceed']);
    expect((await pull(bench, 2, 0)).messages).toEqual([['y'], ['y']]);
    bench.clock.advance(1000);
    expect(await first()).toBe('200');
  });

  test('with so many bytes a second, as they are sent', async () => {
    const bench = await startBench({ quotas: { partitionWriteBytes: 100 } });
    // Compressed, this is small.
    const small = async () => (await putByKey(bench, '0', 'x'.repeat(100_000))).outcome;
    const { outcome } = await putByKey(bench, '0', 'small');
    expect([outcome, await small(), await small()]).toEqual(['200', '200', '429 SpeedQuotaExceed']);
  });
});

test('a topic has so many partitions, readonly ones as well', async () => {
  const bench = await startBench({ quotas: { partitions: 5 } });
  const split = async (body: object) =>
    (await bench.act('SplitPartition', { TopicId: TOPIC, ...body })).outcome;
  expect(await split({ PartitionId: 1, Number: 4 })).toBe('200 LimitExceeded.Partition');
  expect(await split({ PartitionId: 1, Number: 3 })).toBe('200');
  expect((await bench.act('MergePartition', { TopicId: TOPIC, PartitionId: 3 })).outcome).toBe(
    '200 LimitExceeded.Partition',
  );
  const modify = { TopicId: TOPIC, PartitionCount: 5 };
  expect((await bench.act('ModifyTopic', modify)).outcome).toBe('200 LimitExceeded.Partition');
  const create = { LogsetId: LOGSET, TopicName: 'other', PartitionCount: 6 };
  expect((await bench.act('CreateTopic', create)).outcome).toBe('200 LimitExceeded.Partition');
  expect((await bench.act('CreateTopic', { ...create, PartitionCount: 5 })).outcome).toBe('200');
});
