import { describe, expect, test } from 'vitest';
import { LOGSET, OTHER_TOPIC, startBench, TOPIC } from './support.ts';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MISSING = '99999999-9999-4999-8999-999999999999';

describe('a logset', () => {
  test('is made, described and deleted', async () => {
    const { act } = await startBench();
    const { LogsetId } = (await act('CreateLogset', { LogsetName: 'other' })).json.Response;
    expect(LogsetId).toMatch(ID);
    const described = (await act('DescribeLogsets', {})).json.Response;
    expect(described.TotalCount).toBe(2);
    expect(described.Logsets).toMatchObject([
      { LogsetId: LOGSET, LogsetName: 'shop', TopicCount: 1 },
      // The clock of the tests, in China.
      { LogsetId, LogsetName: 'other', TopicCount: 0, CreateTime: '2026-05-29 04:26:40' },
    ]);
    expect((await act('DescribeLogsets', { Offset: 1, Limit: 1 })).json.Response.Logsets).toHaveLength(1);
    expect((await act('DeleteLogset', { LogsetId })).outcome).toBe('200');
    expect((await act('DeleteLogset', { LogsetId })).outcome).toBe('200 ResourceNotFound.LogsetNotExist');
  });

  test('is found by its id as a whole, by its name in part, by all filters together', async () => {
    const { act, service } = await startBench();
    const workshop = service.createLogset(undefined, 'workshop');
    const found = async (Filters: object[], page = {}) => {
      const { TotalCount, Logsets } = (await act('DescribeLogsets', { Filters, ...page })).json.Response;
      return [TotalCount, Logsets.map(({ LogsetId }: { LogsetId: string }) => LogsetId)];
    };
    expect(await found([{ Key: 'logsetId', Values: [LOGSET] }])).toEqual([1, [LOGSET]]);
    expect(await found([{ Key: 'logsetId', Values: [LOGSET.slice(1)] }])).toEqual([0, []]);
    const named = { Key: 'logsetName', Values: ['shop', 'bank'] };
    expect(await found([named])).toEqual([2, [LOGSET, workshop]]);
    expect(await found([named], { Offset: 1, Limit: 1 })).toEqual([2, [workshop]]);
    expect(await found([named, { Key: 'logsetId', Values: [workshop] }])).toEqual([1, [workshop]]);
    const tagged = { Filters: [{ Key: 'tagKey', Values: ['team'] }] };
    expect((await act('DescribeLogsets', tagged)).outcome).toBe('200 InvalidParameter');
  });

  test('with topics is not deleted', async () => {
    const { act } = await startBench();
    expect((await act('DeleteLogset', { LogsetId: LOGSET })).outcome).toBe('200 OperationDenied');
    await act('DeleteTopic', { TopicId: TOPIC });
    expect((await act('DeleteLogset', { LogsetId: LOGSET })).outcome).toBe('200');
  });

  test('needs a name of its own', async () => {
    const { act } = await startBench();
    expect((await act('CreateLogset', {})).outcome).toBe('200 MissingParameter');
    for (const LogsetName of ['', 'a|b', 'a'.repeat(256)]) {
      expect((await act('CreateLogset', { LogsetName })).outcome).toBe('200 InvalidParameter');
    }
    expect((await act('CreateLogset', { LogsetName: 'shop' })).outcome).toBe(
      '200 InvalidParameter.LogsetConflict',
    );
    const sameId = { LogsetName: 'other', LogsetId: LOGSET };
    expect((await act('CreateLogset', sameId)).outcome).toBe('200 InvalidParameter.LogsetConflict');
  });
});

describe('a topic', () => {
  test('is made, described and deleted', async () => {
    const { act, service } = await startBench();
    const wanted = { LogsetId: LOGSET, TopicName: 'payments', PartitionCount: 3, Period: 7 };
    const { TopicId } = (await act('CreateTopic', wanted)).json.Response;
    expect(TopicId).toMatch(ID);
    expect(service.contents()[LOGSET]![TopicId]).toHaveLength(3);
    const named = { Filters: [{ Key: 'topicName', Values: ['pay'] }] };
    const { Topics, TotalCount } = (await act('DescribeTopics', named)).json.Response;
    expect(TotalCount).toBe(1);
    expect(Topics).toMatchObject([{ TopicId, ...wanted }]);
    expect((await act('DeleteTopic', { TopicId })).outcome).toBe('200');
    expect((await act('DeleteTopic', { TopicId })).outcome).toBe('200 ResourceNotFound.TopicNotExist');
  });

  test('has one partition and keeps what it gets for 30 days, unless told otherwise', async () => {
    const { act } = await startBench();
    await act('CreateTopic', { LogsetId: LOGSET, TopicName: 'payments', TopicId: OTHER_TOPIC });
    const named = { Filters: [{ Key: 'topicId', Values: [OTHER_TOPIC] }] };
    const { Topics } = (await act('DescribeTopics', named)).json.Response;
    expect(Topics).toMatchObject([{ PartitionCount: 1, Period: 30 }]);
  });

  test('is found by ids as a whole, by names in part, by all filters together', async () => {
    const { act, service } = await startBench();
    const other = service.createLogset(undefined, 'workshop');
    service.createTopic(other, OTHER_TOPIC, { name: 'returned orders' });
    const found = async (Filters: object[], page = {}) =>
      (await act('DescribeTopics', { Filters, ...page })).json.Response.Topics.map(
        ({ TopicId }: { TopicId: string }) => TopicId,
      );
    expect(await found([])).toEqual([TOPIC, OTHER_TOPIC]);
    expect(await found([], { Offset: 1 })).toEqual([OTHER_TOPIC]);
    expect(await found([], { Limit: 1 })).toEqual([TOPIC]);
    expect(await found([{ Key: 'logsetId', Values: [LOGSET] }])).toEqual([TOPIC]);
    expect(await found([{ Key: 'logsetId', Values: [LOGSET.slice(0, 9)] }])).toEqual([]);
    expect(await found([{ Key: 'logsetName', Values: ['shop'] }])).toEqual([TOPIC, OTHER_TOPIC]);
    expect(await found([{ Key: 'topicId', Values: [TOPIC.slice(0, 9)] }])).toEqual([]);
    expect(await found([{ Key: 'topicId', Values: [TOPIC, OTHER_TOPIC] }])).toEqual([TOPIC, OTHER_TOPIC]);
    const both = [
      { Key: 'topicName', Values: ['orders'] },
      { Key: 'logsetName', Values: ['work'] },
    ];
    expect(await found(both)).toEqual([OTHER_TOPIC]);
    const unknown = { Filters: [{ Key: 'tagKey', Values: ['a'] }] };
    expect((await act('DescribeTopics', unknown)).outcome).toBe('200 InvalidParameter');
  });

  test('needs a logset, a name of its own, and settings that can be', async () => {
    const { act } = await startBench();
    const whole = { LogsetId: LOGSET, TopicName: 'payments' };
    const outcomes: [object, string][] = [
      [{ LogsetId: MISSING }, 'ResourceNotFound.LogsetNotExist'],
      [{ LogsetId: undefined }, 'MissingParameter'],
      [{ TopicName: undefined }, 'MissingParameter'],
      [{ TopicName: 'a|b' }, 'InvalidParameter'],
      [{ TopicName: 'orders' }, 'InvalidParameter.TopicConflict'],
      [{ TopicId: TOPIC }, 'InvalidParameter.TopicConflict'],
      [{ TopicId: 'payments-1250000000' }, 'InvalidParameter'],
      [{ PartitionCount: 0 }, 'InvalidParameter'],
      [{ PartitionCount: 11 }, 'InvalidParameter'],
      [{ Period: 0 }, 'InvalidParameter'],
      [{ Period: 3601 }, 'InvalidParameter'],
      [{ Period: 3641 }, 'InvalidParameter'],
      [{ Period: 3600, PartitionCount: 10 }, ''],
    ];
    for (const [change, code] of outcomes) {
      const { outcome } = await act('CreateTopic', { ...whole, ...change });
      expect(outcome, JSON.stringify(change)).toBe(`200 ${code}`.trim());
    }
    expect((await act('CreateTopic', { ...whole, TopicName: 'forever', Period: 3640 })).outcome).toBe('200');
  });

  test('is modified: its name, its period, and a larger number of partitions', async () => {
    const { act, service } = await startBench();
    const modify = async (change: object) =>
      (await act('ModifyTopic', { TopicId: TOPIC, ...change })).outcome;
    expect(await modify({ TopicName: 'sales', Period: 3, PartitionCount: 3 })).toBe('200');
    const { Topics } = (await act('DescribeTopics', {})).json.Response;
    expect(Topics).toMatchObject([{ TopicName: 'sales', Period: 3, PartitionCount: 3 }]);
    expect(service.contents()[LOGSET]![TOPIC]!.map(({ Status }) => Status)).toEqual(
      Array(3).fill('readwrite'),
    );
    expect(await modify({})).toBe('200');
    expect(await modify({ PartitionCount: 3 })).toBe('200');
    expect(await modify({ PartitionCount: 2 })).toBe('200 InvalidParameter');
    expect(await modify({ Period: 3601, PartitionCount: 4 })).toBe('200 InvalidParameter');
    expect(service.contents()[LOGSET]![TOPIC]).toHaveLength(3);
  });

  test('is modified as a whole, or not at all', async () => {
    const { act, service } = await startBench();
    service.createTopic(LOGSET, OTHER_TOPIC, { name: 'payments' });
    const taken = { TopicId: TOPIC, TopicName: 'payments', Period: 3 };
    expect((await act('ModifyTopic', taken)).outcome).toBe('200 InvalidParameter.TopicConflict');
    service.split(TOPIC, 1);
    const tooMany = { TopicId: TOPIC, TopicName: 'sales', PartitionCount: 1024 };
    expect((await act('ModifyTopic', tooMany)).outcome).toBe('200 LimitExceeded.Partition');
    const { Topics } = (await act('DescribeTopics', {})).json.Response;
    expect(Topics[0]).toMatchObject({ TopicName: 'orders', PartitionCount: 3, Period: 30 });
  });
});
