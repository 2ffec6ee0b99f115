import { describe, expect, test } from 'vitest';
import { GROUPS_MAX } from '../../../local/cls/handlers/groups.ts';
import {
  beat,
  commit,
  createGroup,
  LOGSET,
  OTHER_TOPIC,
  offsetsFrom,
  pull,
  put,
  START_SEC,
  startBench,
  TOPIC,
} from './support.ts';

const NAMED = { ConsumerGroup: 'workers', LogsetId: LOGSET };
const MISSING = '99999999-9999-4999-8999-999999999999';

describe('CreateConsumerGroup', () => {
  test('answers its name, once', async () => {
    const bench = await startBench();
    const created = await createGroup(bench);
    expect(created.json.Response).toMatchObject({ ConsumerGroup: 'workers' });
    const again = await createGroup(bench);
    expect(again.outcome).toBe('200 FailedOperation');
    // What official consumers look for, before they call ModifyConsumerGroup.
    expect(again.json.Response.Error.Message).toContain('consumer group already exists');
  });

  test('demands everything, and topics that are there', async () => {
    const { act } = await startBench();
    const whole = { ...NAMED, Timeout: 60, Topics: [TOPIC] };
    for (const name of Object.keys(whole)) {
      const { [name as keyof typeof whole]: _left, ...rest } = whole;
      expect((await act('CreateConsumerGroup', rest)).outcome, name).toBe('200 MissingParameter');
    }
    const outcomes: [object, string][] = [
      [{ LogsetId: MISSING }, 'ResourceNotFound.LogsetNotExist'],
      [{ Topics: [TOPIC, MISSING] }, 'ResourceNotFound.TopicNotExist'],
      [{ Topics: [] }, 'InvalidParameter'],
      [{ Topics: TOPIC }, 'InvalidParameter'],
      [{ Timeout: 0 }, 'InvalidParameter'],
      [{ Timeout: '60' }, 'InvalidParameter'],
      [{ ConsumerGroup: 'my group' }, 'InvalidParameter'],
      [{ ConsumerGroup: 'a'.repeat(257) }, 'InvalidParameter'],
      [{ ConsumerGroup: 7 }, 'InvalidParameter'],
    ];
    for (const [change, code] of outcomes) {
      const { outcome } = await act('CreateConsumerGroup', { ...whole, ...change });
      expect(outcome, JSON.stringify(change)).toBe(`200 ${code}`);
    }
  });
});

test('a logset has an end to its groups', async () => {
  const bench = await startBench();
  for (let number = 0; number < GROUPS_MAX; number += 1) await createGroup(bench, `g${number}`);
  expect((await createGroup(bench)).outcome).toBe('200 LimitExceeded');
  await bench.act('DeleteConsumerGroup', { ConsumerGroup: 'g0', LogsetId: LOGSET });
  expect((await createGroup(bench)).outcome).toBe('200');
});

test('DescribeConsumerGroups tells names, timeouts and topics, and nothing else', async () => {
  const bench = await startBench();
  bench.service.createTopic(LOGSET, OTHER_TOPIC);
  await createGroup(bench, 'one');
  await createGroup(bench, 'two', { topics: [OTHER_TOPIC], timeout: 7 });
  await beat(bench, 'a', [], 'one');
  const describeGroups = async (body: object) =>
    (await bench.act('DescribeConsumerGroups', { LogsetId: LOGSET, ...body })).json.Response
      .ConsumerGroupsInfo;
  const one = { ConsumerGroup: 'one', Timeout: 60, Topics: [TOPIC] };
  const two = { ConsumerGroup: 'two', Timeout: 7, Topics: [OTHER_TOPIC] };
  expect(await describeGroups({})).toEqual([one, two]);
  expect(await describeGroups({ Topics: [] })).toEqual([one, two]);
  expect(await describeGroups({ Topics: [OTHER_TOPIC] })).toEqual([two]);
});

describe('ModifyConsumerGroup', () => {
  test("changes topics and timeout; partitions of other topics are nobody's", async () => {
    const bench = await startBench();
    bench.service.createTopic(LOGSET, OTHER_TOPIC);
    await createGroup(bench);
    await beat(bench, 'a', []);
    const body = { ...NAMED, Timeout: 20, Topics: [OTHER_TOPIC] };
    expect((await bench.act('ModifyConsumerGroup', body)).outcome).toBe('200');
    const answer = await bench.act('SendConsumerHeartbeat', {
      ...NAMED,
      Consumer: 'a',
      TopicPartitionsInfo: [],
    });
    expect(answer.json.Response.TopicPartitionsInfo).toEqual([{ TopicID: OTHER_TOPIC, Partitions: [1, 2] }]);
    bench.clock.advance(20_001);
    expect(bench.service.consumerGroup(LOGSET, 'workers')).toMatchObject({ timeoutSec: 20, consumers: {} });
  });

  test('leaves the offsets of a topic that comes back', async () => {
    const bench = await startBench();
    bench.service.createTopic(LOGSET, OTHER_TOPIC);
    await createGroup(bench);
    await commit(bench, 'a', { 1: 5 });
    for (const Topics of [[OTHER_TOPIC], [TOPIC]]) {
      await bench.act('ModifyConsumerGroup', { ...NAMED, Timeout: 60, Topics });
    }
    expect(await offsetsFrom(bench, 'begin')).toEqual({ 1: 5n, 2: 0n });
  });

  test('demands a group that is there, and everything of it', async () => {
    const bench = await startBench();
    const body = { ...NAMED, Timeout: 60, Topics: [TOPIC] };
    expect((await bench.act('ModifyConsumerGroup', body)).outcome).toBe('200 FailedOperation');
    await createGroup(bench);
    const partial = { ...NAMED, Timeout: 60 };
    expect((await bench.act('ModifyConsumerGroup', partial)).outcome).toBe('200 MissingParameter');
  });
});

describe('DeleteConsumerGroup', () => {
  test('is refused while a consumer is alive', async () => {
    const bench = await startBench();
    await createGroup(bench);
    await beat(bench, 'a', []);
    bench.clock.advance(60_000);
    expect((await bench.act('DeleteConsumerGroup', NAMED)).outcome).toBe('200 OperationDenied');
    bench.clock.advance(1);
    expect((await bench.act('DeleteConsumerGroup', NAMED)).outcome).toBe('200');
    expect((await bench.act('DeleteConsumerGroup', NAMED)).outcome).toBe('200 FailedOperation');
  });

  test('wipes the offsets', async () => {
    const bench = await startBench();
    await createGroup(bench);
    await commit(bench, 'a', { 1: 5 });
    await bench.act('DeleteConsumerGroup', NAMED);
    await createGroup(bench);
    expect(await offsetsFrom(bench, 'begin')).toEqual({ 1: 0n, 2: 0n });
  });
});

describe('SendConsumerHeartbeat', () => {
  test('answers every topic of the group, those without partitions as well', async () => {
    const bench = await startBench();
    bench.service.createTopic(LOGSET, OTHER_TOPIC, { partitions: 1 });
    await createGroup(bench, 'workers', { topics: [OTHER_TOPIC, TOPIC] });
    const beatOf = async (Consumer: string, TopicPartitionsInfo: unknown) =>
      (await bench.act('SendConsumerHeartbeat', { ...NAMED, Consumer, TopicPartitionsInfo })).json.Response;
    expect(await beatOf('a', [])).toMatchObject({
      ConsumerGroup: 'workers',
      TopicPartitionsInfo: [
        { TopicID: OTHER_TOPIC, Partitions: [1] },
        { TopicID: TOPIC, Partitions: [1, 2] },
      ],
    });
    expect((await beatOf('b', null)).TopicPartitionsInfo).toEqual([
      { TopicID: OTHER_TOPIC, Partitions: [] },
      { TopicID: TOPIC, Partitions: [] },
    ]);
    // The same partition of another topic is another one. The Go SDK writes null for no partitions.
    const reported = [
      { TopicID: TOPIC, Partitions: [1] },
      { TopicID: OTHER_TOPIC, Partitions: null },
    ];
    expect((await beatOf('a', reported)).TopicPartitionsInfo[1].Partitions).toEqual([1]);
    expect((await beatOf('b', [])).TopicPartitionsInfo[1].Partitions).toEqual([2]);
  });

  test.each([
    ['cooperative' as const, []],
    ['immediate' as const, [2]],
  ])('hands a partition over as it is told to: %s', async (handOver, expected) => {
    const bench = await startBench({ handOver });
    await createGroup(bench);
    await beat(bench, 'a', []);
    expect(await beat(bench, 'b', [])).toEqual(expected);
    await beat(bench, 'a', [1]);
    expect(await beat(bench, 'b', [])).toEqual([2]);
  });

  test('demands names that can be', async () => {
    const bench = await startBench();
    expect((await bench.act('SendConsumerHeartbeat', { ...NAMED, Consumer: 'a' })).outcome).toBe(
      '200 FailedOperation',
    );
    await createGroup(bench);
    const outcomes: [object, string][] = [
      [{}, 'MissingParameter'],
      [{ Consumer: 'a/b' }, 'InvalidParameter'],
      [{ Consumer: 'a', TopicPartitionsInfo: {} }, 'InvalidParameter'],
      [{ Consumer: 'a', TopicPartitionsInfo: [1] }, 'InvalidParameter'],
      [{ Consumer: 'a', TopicPartitionsInfo: [{ TopicId: TOPIC }] }, 'MissingParameter'],
      [{ Consumer: 'a', TopicPartitionsInfo: [{ TopicID: TOPIC, Partitions: ['1'] }] }, 'InvalidParameter'],
    ];
    for (const [change, code] of outcomes) {
      const { outcome } = await bench.act('SendConsumerHeartbeat', { ...NAMED, ...change });
      expect(outcome, JSON.stringify(change)).toBe(`200 ${code}`);
    }
  });
});

describe('CommitConsumerOffsets', () => {
  test('keeps offsets of 64 bits as they are', async () => {
    const bench = await startBench();
    await createGroup(bench);
    const offset = 2n ** 63n - 1n;
    expect((await commit(bench, 'a', { 1: offset })).outcome).toBe('200');
    expect((await offsetsFrom(bench, 'end'))[1]).toBe(offset);
    expect((await commit(bench, 'a', { 1: offset + 1n })).outcome).toBe('200 InvalidParameter');
  });

  test('takes several partitions, from a consumer that sent no heartbeat, back as well', async () => {
    const bench = await startBench();
    await createGroup(bench);
    expect((await commit(bench, 'nobody', { 1: 9, 2: 8 })).outcome).toBe('200');
    expect((await commit(bench, 'nobody', { 1: 3 })).outcome).toBe('200');
    expect(await offsetsFrom(bench, 'begin')).toEqual({ 1: 3n, 2: 8n });
  });

  test('where commits are fenced, is denied to who does not have the partition', async () => {
    const bench = await startBench({ fencedCommits: true });
    await createGroup(bench);
    expect((await commit(bench, 'a', { 1: 9 })).outcome).toBe('200 OperationDenied');
    await beat(bench, 'a', []);
    expect((await commit(bench, 'a', { 1: 9 })).outcome).toBe('200');
    bench.clock.advance(60_001);
    expect((await commit(bench, 'a', { 1: 10 })).outcome).toBe('200 OperationDenied');
  });

  test('demands partitions that the group is over', async () => {
    const bench = await startBench();
    bench.service.createTopic(LOGSET, OTHER_TOPIC);
    await createGroup(bench);
    expect((await commit(bench, 'a', { 9: 1 })).outcome).toBe('200 ResourceNotFound.PartitionNotExist');
    const commitTo = async (info: unknown) => {
      const body = { ...NAMED, Consumer: 'a', TopicPartitionOffsetsInfo: info };
      return (await bench.act('CommitConsumerOffsets', body)).outcome;
    };
    const offsets = [{ PartitionId: 1, Offset: 1 }];
    expect(await commitTo([{ TopicID: OTHER_TOPIC, PartitionOffsets: offsets }])).toBe(
      '200 InvalidParameter',
    );
    expect(await commitTo(undefined)).toBe('200 MissingParameter');
    expect(await commitTo([{ TopicID: TOPIC, PartitionOffsets: [{ PartitionId: '1', Offset: 1 }] }])).toBe(
      '200 InvalidParameter',
    );
    expect(await commitTo([{ TopicID: TOPIC, PartitionOffsets: [{ PartitionId: 1, Offset: '1' }] }])).toBe(
      '200 InvalidParameter',
    );
  });
});

describe('DescribeConsumerOffsets', () => {
  test('tells what is committed, else the offset for a position', async () => {
    const bench = await startBench({ firstOffset: 100n });
    await createGroup(bench);
    await put(bench, ['p1', 'p1']);
    await put(bench, ['p2']);
    bench.clock.advance(10_000);
    await put(bench, ['p1, ten seconds later']);
    expect(await offsetsFrom(bench, 'begin')).toEqual({ 1: 100n, 2: 100n });
    expect(await offsetsFrom(bench, 'end')).toEqual({ 1: 103n, 2: 101n });
    expect(await offsetsFrom(bench, String(START_SEC))).toEqual({ 1: 100n, 2: 100n });
    expect(await offsetsFrom(bench, String(START_SEC + 1))).toEqual({ 1: 102n, 2: 101n });
    expect(await offsetsFrom(bench, START_SEC + 10)).toEqual({ 1: 102n, 2: 101n });
    expect(await offsetsFrom(bench, String(START_SEC + 11))).toEqual({ 1: 103n, 2: 101n });
    await commit(bench, 'a', { 1: 101 });
    for (const from of ['begin', 'end', String(START_SEC)]) {
      expect((await offsetsFrom(bench, from))[1], from).toBe(101n);
    }
  });

  test('tells of one partition, of one topic, or of all', async () => {
    const bench = await startBench();
    bench.service.createTopic(LOGSET, OTHER_TOPIC, { partitions: 1 });
    await createGroup(bench, 'workers', { topics: [TOPIC, OTHER_TOPIC] });
    expect(await offsetsFrom(bench, 'begin', { PartitionId: '2' })).toEqual({ 2: 0n });
    expect(await offsetsFrom(bench, 'begin', { PartitionId: '-1' })).toEqual({ 1: 0n, 2: 0n });
    const all = await bench.act('DescribeConsumerOffsets', { ...NAMED, From: 'begin' });
    expect(all.json.Response).toMatchObject({
      ConsumerGroup: 'workers',
      TopicPartitionOffsetsInfo: [
        {
          TopicID: TOPIC,
          PartitionOffsets: [
            { PartitionId: 1, Offset: 0 },
            { PartitionId: 2, Offset: 0 },
          ],
        },
        { TopicID: OTHER_TOPIC, PartitionOffsets: [{ PartitionId: 1, Offset: 0 }] },
      ],
    });
  });

  test('tells a committed -1 as it is: the official consumer then reads from the oldest message', async () => {
    const bench = await startBench();
    await createGroup(bench);
    await put(bench, ['one']);
    expect((await commit(bench, 'a', { 1: -1 })).outcome).toBe('200');
    expect((await offsetsFrom(bench, 'end'))[1]).toBe(-1n);
    expect((await pull(bench, 1, -1n)).messages).toEqual([['one']]);
  });

  test('demands what is there, and a position', async () => {
    const bench = await startBench();
    bench.service.createTopic(LOGSET, OTHER_TOPIC);
    await createGroup(bench);
    const outcomes: [object, string][] = [
      [{}, 'MissingParameter'],
      [{ From: 'yesterday' }, 'InvalidParameter'],
      [{ From: 'begin', PartitionId: 'one' }, 'InvalidParameter'],
      [{ From: 'begin', PartitionId: '9' }, 'ResourceNotFound.PartitionNotExist'],
      [{ From: 'begin', TopicId: OTHER_TOPIC }, 'InvalidParameter'],
      [{ From: 'begin', TopicId: MISSING }, 'ResourceNotFound.TopicNotExist'],
      [{ From: 'begin', ConsumerGroup: 'others' }, 'FailedOperation'],
    ];
    for (const [change, code] of outcomes) {
      const { outcome } = await bench.act('DescribeConsumerOffsets', { ...NAMED, ...change });
      expect(outcome, JSON.stringify(change)).toBe(`200 ${code}`);
    }
  });
});

test('a topic that is deleted takes its partitions and offsets out of the group', async () => {
  const bench = await startBench();
  await createGroup(bench);
  await beat(bench, 'a', []);
  await commit(bench, 'a', { 1: 5 });
  await bench.act('DeleteTopic', { TopicId: TOPIC });
  expect(await beat(bench, 'a', [1, 2])).toEqual([]);
  expect(bench.service.consumerGroup(LOGSET, 'workers').offsets).toEqual({});
  bench.service.createTopic(LOGSET, TOPIC);
  expect(await offsetsFrom(bench, 'begin')).toEqual({ 1: 0n, 2: 0n });
});
