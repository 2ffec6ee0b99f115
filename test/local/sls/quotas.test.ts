import { describe, expect, test } from 'vitest';
import { DOCUMENTED_QUOTAS, type Quotas } from '../../../local/sls/quotas.ts';
import { json } from './json.ts';
import { type Bench, cursorOf, groupOf, pull, put, putByKey, startBench } from './support.ts';

/** What came of the same request made so many times: `200 200 403 …`. */
async function outcomes(times: number, request: () => Promise<{ outcome: string }>): Promise<string[]> {
  const seen: string[] = [];
  for (let time = 0; time < times; time += 1) seen.push((await request()).outcome);
  return seen;
}

const pullFirst = async (bench: Bench, shard = 0) => {
  const begin = await cursorOf(bench, shard, 'begin');
  return () => pull(bench, shard, begin);
};

describe('a shard', () => {
  test('is pulled so many times a second', async () => {
    const bench = await startBench({ quotas: { shardReads: 2 } });
    const request = await pullFirst(bench);
    expect(await outcomes(3, request)).toEqual(['200', '200', '403 ShardReadQuotaExceed']);
    expect((await request()).json.errorMessage).toBe('shard read qps exceed quota limits');
    expect((await (await pullFirst(bench, 1))()).outcome).toBe('200');
    bench.clock.advance(999);
    expect((await request()).outcome).toBe('403 ShardReadQuotaExceed');
    bench.clock.advance(1);
    expect((await request()).outcome).toBe('200');
  });

  test('gives so many bytes a second, and a group of any size', async () => {
    const bench = await startBench({ quotas: { shardReadBytes: 100 } });
    await putByKey(bench, '0', 'x'.repeat(200));
    const request = await pullFirst(bench);
    expect(await outcomes(2, request)).toEqual(['200', '403 ShardReadQuotaExceed']);
    expect((await request()).json.errorMessage).toBe('shard read bytes exceed quota limits');
  });

  test.each<[string, Quotas]>([
    ['puts', { shardWrites: 2 }],
    ['bytes', { shardWriteBytes: 200 }],
  ])('takes so many %s a second', async (_what, quotas) => {
    const bench = await startBench({ quotas });
    const request = () => putByKey(bench, '0', 'x'.repeat(120));
    expect(await outcomes(3, request)).toEqual(['200', '200', '403 ShardWriteQuotaExceed']);
    expect((await request()).json.errorMessage).toBe('shard write quota exceed, shard: 0');
    bench.clock.advance(1000);
    expect((await request()).outcome).toBe('200');
  });

  test('with quota left takes what another cannot, until none can', async () => {
    const bench = await startBench({ quotas: { shardWrites: 2 } });
    await putByKey(bench, '0', 'a');
    await putByKey(bench, '0', 'b');
    const request = () => put(bench, groupOf('c'));
    expect(await outcomes(3, request)).toEqual(['200', '200', '403 ShardWriteQuotaExceed']);
    expect((await request()).json.errorMessage).toBe('shard write quota exceed, please split shard');
    const ends = bench.service.endCursors('shop', 'orders');
    expect(await cursorOf(bench, 1, 'end')).toBe(ends[1]);
    bench.clock.advance(1000);
    expect((await request()).outcome).toBe('200');
  });
});

describe('a project', () => {
  test.each<[string, Quotas, string]>([
    ['puts', { projectWrites: 2 }, 'Project write quota exceed: qps'],
    ['bytes', { projectWriteBytes: 200 }, 'Project write quota exceed: inflow'],
  ])('takes so many %s a minute', async (_what, quotas, message) => {
    const bench = await startBench({ quotas });
    const request = () => put(bench, groupOf('x'.repeat(120)));
    expect(await outcomes(3, request)).toEqual(['200', '200', '403 WriteQuotaExceed']);
    expect((await request()).json.errorMessage).toBe(message);
    bench.clock.advance(1000);
    expect((await request()).outcome).toBe('403 WriteQuotaExceed');
    bench.clock.advance(60_000);
    expect((await request()).outcome).toBe('200');
  });

  test('is pulled so many times a minute, over its shards', async () => {
    const bench = await startBench({ quotas: { projectReads: 2 } });
    const [first, second] = [await pullFirst(bench, 0), await pullFirst(bench, 1)];
    expect((await first()).outcome).toBe('200');
    expect(await outcomes(2, second)).toEqual(['200', '403 ReadQuotaExceed']);
    bench.clock.advance(60_000);
    expect((await first()).outcome).toBe('200');
  });

  test('has so many logstores and readwrite shards', async () => {
    const bench = await startBench({ quotas: { logstores: 2, shards: 4 } });
    const create = (logstoreName: string, shardCount: number) =>
      json(bench, 'POST', '/logstores', { logstoreName, ttl: 1, shardCount });
    expect((await create('visits', 3)).outcome).toBe('400 ProjectQuotaExceed');
    expect((await create('visits', 1)).outcome).toBe('200');
    expect((await create('more', 1)).json).toEqual({
      errorCode: 'ProjectQuotaExceed',
      errorMessage: 'project shop logstore count quota exceed',
    });
    const split = (shard: number) =>
      bench.call({
        method: 'POST',
        path: `/logstores/orders/shards/${shard}`,
        query: { action: 'split', shardCount: '2' },
      });
    expect((await split(0)).outcome).toBe('200');
    expect((await split(1)).json).toEqual({
      errorCode: 'ProjectQuotaExceed',
      errorMessage: 'project shop, shard count quota exceed',
    });
  });
});

test('a logstore has so many consumer groups', async () => {
  const bench = await startBench({ quotas: { consumerGroups: 1 } });
  const create = (consumerGroup: string) =>
    json(bench, 'POST', '/logstores/orders/consumergroups', { consumerGroup, timeout: 1, order: false });
  expect((await create('a')).outcome).toBe('200');
  expect((await create('b')).outcome).toBe('400 ConsumerGroupQuotaExceed');
});

test('unless told otherwise nothing is too much', async () => {
  const bench = await startBench();
  const pulls = await outcomes(DOCUMENTED_QUOTAS.shardReads + 1, await pullFirst(bench));
  expect(new Set(pulls)).toEqual(new Set(['200']));
  const limited = await startBench({ quotas: DOCUMENTED_QUOTAS });
  const some = await outcomes(DOCUMENTED_QUOTAS.shardReads + 1, await pullFirst(limited));
  expect(some.slice(-2)).toEqual(['200', '403 ShardReadQuotaExceed']);
});
