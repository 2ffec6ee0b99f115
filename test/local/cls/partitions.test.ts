import { describe, expect, test } from 'vitest';
import type { PartitionView } from '../../../local/cls/handlers/partitions.ts';
import { type Bench, LOGSET, pull, put, putByKey, startBench, TOPIC } from './support.ts';

const ZERO = '0'.repeat(32);
const HALF = `8${'0'.repeat(31)}`;
const LAST = 'f'.repeat(32);

async function partitions(bench: Bench): Promise<string[]> {
  const answer = await bench.act('DescribePartitions', { TopicId: TOPIC });
  return answer.json.Response.Partitions.map(summary);
}

/** `1 readwrite 0000-8000` */
function summary({ PartitionId, Status, InclusiveBeginKey, ExclusiveEndKey }: PartitionView): string {
  return `${PartitionId} ${Status} ${InclusiveBeginKey.slice(0, 4)}-${ExclusiveEndKey.slice(0, 4)}`;
}

test('partitions are numbered from 1, and divide the values of MD5', async () => {
  const bench = await startBench();
  const { json } = await bench.act('DescribePartitions', { TopicId: TOPIC });
  const rest = { Status: 'readwrite', CreateTime: '2026-05-29 04:26:40', LastWriteTime: null };
  expect(json.Response.Partitions).toEqual([
    { PartitionId: 1, InclusiveBeginKey: ZERO, ExclusiveEndKey: HALF, ...rest },
    { PartitionId: 2, InclusiveBeginKey: HALF, ExclusiveEndKey: LAST, ...rest },
  ]);
  expect((await bench.act('DescribePartitions', { TopicId: LOGSET })).outcome).toBe(
    '200 ResourceNotFound.TopicNotExist',
  );
  expect((await bench.act('DescribePartitions', { TopicId: '' })).outcome).toBe('200 InvalidParameter');
});

describe('SplitPartition', () => {
  const split = (bench: Bench, body: object) => bench.act('SplitPartition', { TopicId: TOPIC, ...body });

  test('closes a partition, which stays readable, and opens others over its range', async () => {
    const bench = await startBench();
    await putByKey(bench, ZERO, 'before');
    bench.clock.advance(5000);
    const { json } = await split(bench, { PartitionId: 1 });
    expect(json.Response.Partitions.map(summary)).toEqual([
      '1 readonly 0000-8000',
      '3 readwrite 0000-4000',
      '4 readwrite 4000-8000',
    ]);
    expect(json.Response.Partitions[0]).toMatchObject({
      CreateTime: '2026-05-29 04:26:40',
      LastWriteTime: '2026-05-29 04:26:45',
    });
    await putByKey(bench, ZERO, 'after');
    expect((await pull(bench, 1, 0)).messages).toEqual([['before']]);
    expect((await pull(bench, 3, 0)).messages).toEqual([['after']]);
    for (const message of ['a', 'b', 'c', 'd']) await put(bench, [message]);
    expect((await pull(bench, 1, 0)).next).toBe(1n);
  });

  test('divides at a key, or into several parts', async () => {
    const bench = await startBench();
    await split(bench, { PartitionId: 1, SplitKey: '1' });
    await split(bench, { PartitionId: 2, Number: 3 });
    expect(await partitions(bench)).toEqual([
      '1 readonly 0000-8000',
      '2 readonly 8000-ffff',
      '3 readwrite 0000-1000',
      '4 readwrite 1000-8000',
      '5 readwrite 8000-aaaa',
      '6 readwrite aaaa-d555',
      '7 readwrite d555-ffff',
    ]);
    // Of more than two parts a key says nothing.
    await split(bench, { PartitionId: 4, SplitKey: 'ffff', Number: 3 });
    expect(await partitions(bench)).toHaveLength(10);
  });

  test('is refused of what is not there, closed, or cannot be divided so', async () => {
    const bench = await startBench();
    const outcome = async (body: object) => (await split(bench, body)).outcome;
    expect(await outcome({ PartitionId: 9 })).toBe('200 ResourceNotFound.PartitionNotExist');
    expect(await outcome({})).toBe('200 MissingParameter');
    for (const change of [{ Number: 1 }, { SplitKey: '9' }, { SplitKey: '0' }, { SplitKey: 'x' }]) {
      expect(await outcome({ PartitionId: 1, ...change }), JSON.stringify(change)).toBe(
        '200 InvalidParameter',
      );
    }
    await split(bench, { PartitionId: 1 });
    expect(await outcome({ PartitionId: 1 })).toBe('200 InvalidParameter');
    expect(await partitions(bench)).toHaveLength(4);
  });
});

describe('MergePartition', () => {
  test('closes a partition and the one whose range follows, and opens one over both', async () => {
    const bench = await startBench();
    const merge = (PartitionId: number) => bench.act('MergePartition', { TopicId: TOPIC, PartitionId });
    bench.service.split(TOPIC, 1);
    const { json } = await merge(4);
    expect(json.Response.Partitions.map(summary)).toEqual([
      '4 readonly 4000-8000',
      '2 readonly 8000-ffff',
      '5 readwrite 4000-ffff',
    ]);
    await putByKey(bench, LAST, 'after');
    expect((await pull(bench, 5, 0)).messages).toEqual([['after']]);
    expect((await merge(5)).outcome).toBe('200 InvalidParameter');
    expect((await merge(4)).outcome).toBe('200 InvalidParameter');
    expect((await merge(9)).outcome).toBe('200 ResourceNotFound.PartitionNotExist');
  });
});

describe('in-process', () => {
  test('partitions are split and merged', async () => {
    const { service } = await startBench();
    expect(service.split(TOPIC, 2).map(summary)).toEqual([
      '2 readonly 8000-ffff',
      '3 readwrite 8000-c000',
      '4 readwrite c000-ffff',
    ]);
    expect(service.split(TOPIC, 4, { count: 4 })).toHaveLength(5);
    expect(service.split(TOPIC, 1, { key: '4' }).map(summary)).toContain('9 readwrite 0000-4000');
    expect(service.merge(TOPIC, 9).at(-1)).toMatchObject({ PartitionId: 11, Status: 'readwrite' });
  });

  test('partitions are added: each takes half of the widest range, and none is closed', async () => {
    const bench = await startBench();
    await putByKey(bench, '7', 'before');
    expect(bench.service.addPartitions(TOPIC, 3).map(summary)).toEqual([
      '3 readwrite 4000-8000',
      '4 readwrite c000-ffff',
      '5 readwrite 2000-4000',
    ]);
    expect(await partitions(bench)).toEqual([
      '1 readwrite 0000-2000',
      '2 readwrite 8000-c000',
      '3 readwrite 4000-8000',
      '4 readwrite c000-ffff',
      '5 readwrite 2000-4000',
    ]);
    await putByKey(bench, '7', 'after');
    expect((await pull(bench, 1, 0)).messages).toEqual([['before']]);
    expect((await pull(bench, 3, 0)).messages).toEqual([['after']]);
    expect(() => bench.service.addPartitions(TOPIC, 0)).toThrow('PartitionCount');
  });

  test('a topic has an end to its partitions', async () => {
    const { service } = await startBench();
    expect(() => service.addPartitions(TOPIC, 1023)).toThrow('at most 1024 partitions');
    expect(service.contents()[LOGSET]![TOPIC]).toHaveLength(2);
    service.addPartitions(TOPIC, 1022);
    expect(() => service.merge(TOPIC, 1)).toThrow('at most 1024 partitions');
    expect(service.contents()[LOGSET]![TOPIC]!.every(({ Status }) => Status === 'readwrite')).toBe(true);
  });
});
