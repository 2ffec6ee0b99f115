import { describe, expect, test } from 'vitest';
import { SettingsError } from '../../../lib/errors.ts';
import { FAULT_VOCABULARY } from '../../../local/cls/routes.ts';
import { startCls } from '../../../local/cls/service.ts';
import {
  ACCOUNT,
  beat,
  commit,
  createGroup,
  exchange,
  LOGSET,
  manualClock,
  offsetsFrom,
  pull,
  put,
  START_MS,
  startBench,
  TOPIC,
} from './support.ts';

test('what is put is pulled, consumed by a group, and committed', async () => {
  const bench = await startBench({ firstOffset: 2n ** 53n + 1n });
  expect((await createGroup(bench)).outcome).toBe('200');
  expect(await beat(bench, 'a', [])).toEqual([1, 2]);
  expect((await put(bench, ['one', 'two'])).outcome).toBe('200');
  expect((await put(bench, ['three'])).outcome).toBe('200');
  const begin = await offsetsFrom(bench, 'begin');
  expect(begin).toEqual({ 1: 2n ** 53n + 1n, 2: 2n ** 53n + 1n });
  const first = await pull(bench, 1, begin[1]!);
  expect(first.messages).toEqual([['one'], ['two']]);
  expect(first.next).toBe(2n ** 53n + 3n);
  expect((await commit(bench, 'a', { 1: first.next })).outcome).toBe('200');
  expect(await offsetsFrom(bench, 'begin')).toEqual({ 1: 2n ** 53n + 3n, 2: 2n ** 53n + 1n });
  expect(bench.service.endOffsets(TOPIC)).toEqual({
    [`${TOPIC}:1`]: '9007199254740995',
    [`${TOPIC}:2`]: '9007199254740994',
  });
});

describe('every answer', () => {
  test('names its request, each another one', async () => {
    const bench = await startBench();
    const first = await bench.act('DescribeLogsets', {});
    const second = await bench.act('DescribeLogsets', {});
    const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    expect(first.json.Response.RequestId).toMatch(id);
    expect(second.json.Response.RequestId).not.toBe(first.json.Response.RequestId);
    const pulled = await pull(bench, 1, -1);
    expect(pulled.headers['x-cls-requestid']).toMatch(id);
    const failed = await pull(bench, 9, -1);
    expect(failed.headers['x-cls-requestid']).toMatch(id);
    const refused = await bench.act('NoSuchThing', {});
    expect(refused.json.Response.RequestId).toMatch(id);
  });

  test('tells the time of the service', async () => {
    const bench = await startBench();
    bench.clock.advance(5000);
    const { headers } = await bench.act('DescribeLogsets', {});
    expect(headers.date).toBe(new Date(START_MS + 5000).toUTCString());
  });
});

describe('what is no operation', () => {
  test('of the control plane is refused in its way', async () => {
    const { act } = await startBench();
    expect((await act('NoSuchThing', {})).outcome).toBe('200 InvalidAction');
    expect((await act('DescribeLogsets', {}, { without: 'x-tc-action' })).outcome).toBe(
      '200 MissingParameter',
    );
    expect((await act('DescribeLogsets', {}, { without: 'x-tc-version' })).outcome).toBe(
      '200 MissingParameter',
    );
    const old = { headers: { 'x-tc-action': 'DescribeLogsets', 'x-tc-version': '2017-03-12' } };
    expect((await act('', {}, old)).outcome).toBe('200 NoSuchVersion');
    expect((await act('DescribeLogsets', '[]')).outcome).toBe('200 InvalidParameter');
    expect((await act('DescribeLogsets', '{')).outcome).toBe('200 InvalidParameter');
  });

  test('of the data plane is refused in its way', async () => {
    const { call, service } = await startBench();
    expect((await call({ path: '/pulllogs' })).outcome).toBe('405 NotSupported');
    expect((await call({ path: '/pull_log', method: 'GET' })).outcome).toBe('405 NotSupported');
    expect((await exchange(service.port, 'GET', '/', {})).outcome).toBe('200 MissingParameter');
  });

  test('or is too large, is refused', async () => {
    const { act, call } = await startBench();
    const body = new Uint8Array(10 * 1024 ** 2 + 1);
    expect((await act('DescribeLogsets', {}, { body })).outcome).toBe('200 RequestSizeLimitExceeded');
    const large = new Uint8Array(12 * 1024 ** 2 + 1);
    const answer = await call({ path: '/structuredlog', query: { topic_id: TOPIC }, body: large });
    expect(answer.outcome).toBe('403 LogSizeExceed');
  });
});

describe('faults', () => {
  test('refuse in the way of their plane', async () => {
    const seen: unknown[] = [];
    const bench = await startBench({
      inject: ({ operation, query, body }) => {
        seen.push([operation, query, body]);
        if (operation === 'PullLogs') return { status: 500, code: 'InternalError', message: 'no luck' };
        return { status: 200, code: 'RequestLimitExceeded' };
      },
    });
    const pulled = await pull(bench, 1, -1);
    expect(pulled.outcome).toBe('500 InternalError');
    expect(pulled.json).toEqual({ errorcode: 'InternalError', errormessage: 'no luck' });
    expect((await bench.act('DescribeLogsets', { Limit: 5 })).outcome).toBe('200 RequestLimitExceeded');
    expect(seen).toEqual([
      ['PullLogs', { topic_id: TOPIC }, expect.objectContaining({ PartitionId: 1 })],
      ['DescribeLogsets', {}, { Limit: 5 }],
    ]);
  });

  test('delay, and let pass', async () => {
    const bench = await startBench({ inject: () => ({ delayMs: 7000 }) });
    expect((await bench.act('DescribeLogsets', {})).outcome).toBe('200');
    expect(bench.clock.now()).toBe(START_MS + 7000);
  });

  test('are of operations that have names', () => {
    expect(FAULT_VOCABULARY.operations).toEqual(
      expect.arrayContaining(['PullLogs', 'PutLogs', 'SendConsumerHeartbeat', 'CommitConsumerOffsets']),
    );
  });
});

test('a defect of the service is an internal error, on either plane', async () => {
  const inject = () => {
    throw new Error('a bug');
  };
  const bench = await startBench({ inject });
  expect((await bench.act('DescribeLogsets', {})).outcome).toBe('500 InternalError');
  expect((await pull(bench, 1, -1)).outcome).toBe('500 InternalError');
});

test('a port that is taken is a setting that cannot be used', async () => {
  const { service, clock } = await startBench();
  await expect(startCls({ accounts: [ACCOUNT], clock, port: service.port })).rejects.toThrow(SettingsError);
});

test('closed twice, the service is closed, and its port free', async () => {
  const options = { accounts: [ACCOUNT], clock: manualClock() };
  const service = await startCls(options);
  await service.close();
  await service.close();
  const again = await startCls({ ...options, port: service.port });
  expect(again.url).toBe(`http://127.0.0.1:${service.port}`);
  await again.close();
});

describe('in-process', () => {
  test('ids are made up unless they are given, and told', async () => {
    const { service } = await startBench();
    const logset = service.createLogset();
    const topic = service.createTopic(logset, undefined, { partitions: 3 });
    const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    expect([logset, topic].every((each) => id.test(each))).toBe(true);
    expect(service.createTopic(logset)).not.toBe(topic);
    expect(Object.keys(service.contents()[logset]!)).toHaveLength(2);
    expect(service.contents()[logset]![topic]!.map(({ PartitionId }) => PartitionId)).toEqual([1, 2, 3]);
    expect(() => service.createLogset(LOGSET)).toThrow('already exists');
    expect(() => service.createTopic(logset, TOPIC)).toThrow('already exists');
    expect(() => service.createTopic(logset, 'orders-1250000000')).toThrow('UUID');
    expect(() => service.createLogset('LOGSET')).toThrow('UUID');
  });

  test('a group tells who is in it and what they have', async () => {
    const bench = await startBench();
    await createGroup(bench);
    await beat(bench, 'a', []);
    await commit(bench, 'a', { 2: 5 });
    expect(bench.service.consumerGroup(LOGSET, 'workers')).toEqual({
      timeoutSec: 60,
      topics: [TOPIC],
      consumers: { a: [`${TOPIC}:1`, `${TOPIC}:2`] },
      offsets: { [`${TOPIC}:2`]: '5' },
    });
    bench.clock.advance(60_001);
    expect(bench.service.consumerGroup(LOGSET, 'workers').consumers).toEqual({});
    expect(() => bench.service.consumerGroup(LOGSET, 'others')).toThrow('does not exist');
  });
});
