import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { type Bench, cursorOf, putByKey, START_MS, startBench, type TestRequest } from './support.ts';

const GROUPS = '/logstores/orders/consumergroups';

function ask(bench: Bench, method: string, path: string, body?: unknown, query: Record<string, string> = {}) {
  const request: Partial<TestRequest> = {
    method,
    path,
    query,
    headers: { 'content-type': 'application/json' },
  };
  if (body !== undefined) request.body = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return bench.call(request);
}

async function startGroup(settings: { order?: boolean; timeout?: number } = {}): Promise<Bench> {
  const bench = await startBench();
  await ask(bench, 'POST', GROUPS, { consumerGroup: 'billing', timeout: 60, order: false, ...settings });
  return bench;
}

const beat = (bench: Bench, consumer: string, shards: unknown) =>
  ask(bench, 'POST', `${GROUPS}/billing`, shards, { type: 'heartbeat', consumer });

const commit = (bench: Bench, body: unknown, query: Record<string, string>) =>
  ask(bench, 'POST', `${GROUPS}/billing`, body, { type: 'checkpoint', ...query });

const checkpoints = (bench: Bench, query: Record<string, string> = {}) =>
  ask(bench, 'GET', `${GROUPS}/billing`, undefined, query);

describe('a consumer group', () => {
  test('is created, listed under another key, changed and deleted', async () => {
    const bench = await startBench();
    const created = await ask(bench, 'POST', GROUPS, { consumerGroup: 'billing', timeout: 60, order: true });
    expect(created).toMatchObject({ outcome: '200', body: Buffer.alloc(0) });
    expect((await ask(bench, 'GET', GROUPS)).json).toEqual([{ name: 'billing', timeout: 60, order: true }]);

    expect((await ask(bench, 'PUT', `${GROUPS}/billing`, { timeout: 90 })).outcome).toBe('200');
    expect((await ask(bench, 'GET', GROUPS)).json).toEqual([{ name: 'billing', timeout: 90, order: true }]);
    expect((await ask(bench, 'PUT', `${GROUPS}/billing`, { order: false })).outcome).toBe('200');
    expect((await ask(bench, 'GET', GROUPS)).json).toEqual([{ name: 'billing', timeout: 90, order: false }]);

    expect((await ask(bench, 'DELETE', `${GROUPS}/billing`)).outcome).toBe('200');
    expect((await ask(bench, 'GET', GROUPS)).json).toEqual([]);
  });

  test.each([
    ['that exists', { consumerGroup: 'billing', timeout: 60, order: false }, '400 ConsumerGroupAlreadyExist'],
    ['without a name', { timeout: 60, order: false }, '400 JsonInfoInvalid'],
    ['without a timeout', { consumerGroup: 'g', order: false }, '400 JsonInfoInvalid'],
    ['without an order', { consumerGroup: 'g', timeout: 60 }, '400 JsonInfoInvalid'],
    ['with no time at all', { consumerGroup: 'g', timeout: 0, order: false }, '400 JsonInfoInvalid'],
    ['with a time in text', { consumerGroup: 'g', timeout: '60', order: false }, '400 JsonInfoInvalid'],
    ['of no JSON', '{', '400 PostBodyInvalid'],
  ])('%s is not created', async (_, body, outcome) => {
    const bench = await startGroup();
    expect((await ask(bench, 'POST', GROUPS, body)).outcome).toBe(outcome);
  });

  test('is one of at most 30 of a logstore', async () => {
    const bench = await startBench();
    const create = (index: number) =>
      ask(bench, 'POST', GROUPS, { consumerGroup: `g${index}`, timeout: 60, order: false });
    for (let index = 0; index < 30; index += 1) expect((await create(index)).outcome).toBe('200');
    expect((await create(30)).outcome).toBe('400 ConsumerGroupQuotaExceed');
  });

  test.each([
    ['PUT', { timeout: 60 }, {}],
    ['DELETE', undefined, {}],
    ['GET', undefined, {}],
    ['POST', [], { type: 'heartbeat', consumer: 'a' }],
    ['POST', { shard: 0, checkpoint: 'MQ==' }, { type: 'checkpoint', forceSuccess: 'true' }],
  ])('that does not exist refuses %s', async (method, body, query: Record<string, string>) => {
    const bench = await startBench();
    const answer = await ask(bench, method, `${GROUPS}/nobody`, body, query);
    expect(answer.outcome).toBe('404 ConsumerGroupNotExist');
  });
});

describe('a heartbeat', () => {
  test('takes and brings bare arrays of shards', async () => {
    const bench = await startGroup();
    expect((await beat(bench, 'a', [])).json).toEqual([0, 1]);
    expect((await beat(bench, 'b', [])).json).toEqual([]);
    expect((await beat(bench, 'a', [0, 1])).json).toEqual([0]);
    expect((await beat(bench, 'a', [0])).json).toEqual([0]);
    expect((await beat(bench, 'b', [])).json).toEqual([1]);
  });

  test('that comes too late is refused as long as it claims shards', async () => {
    const bench = await startGroup();
    await beat(bench, 'a', []);
    bench.clock.advance(60_001);
    expect((await beat(bench, 'a', [0, 1])).outcome).toBe('400 NotExistConsumerWithBody');
    expect((await beat(bench, 'a', [])).json).toEqual([0, 1]);
  });

  test.each([
    ['of no list', { shards: [0] }, '400 PostBodyInvalid'],
    ['of names', ['0'], '400 PostBodyInvalid'],
  ])('%s is refused', async (_, body, outcome) => {
    const bench = await startGroup();
    expect((await beat(bench, 'a', body)).outcome).toBe(outcome);
  });

  test('needs a consumer', async () => {
    const bench = await startGroup();
    const path = `${GROUPS}/billing`;
    expect((await ask(bench, 'POST', path, [], { type: 'heartbeat' })).outcome).toBe('400 MissingParameter');
    expect((await beat(bench, '', [])).outcome).toBe('400 ParameterInvalid');
  });
});

describe('checkpoints', () => {
  test('are empty, then what was committed, when and by whom', async () => {
    const bench = await startGroup();
    expect((await checkpoints(bench)).json).toEqual([
      { shard: 0, checkpoint: '', updateTime: 0, consumer: '' },
      { shard: 1, checkpoint: '', updateTime: 0, consumer: '' },
    ]);
    await beat(bench, 'a', []);
    bench.clock.advance(1000);
    const checkpoint = await cursorOf(bench, 1, 'begin');
    const query = { consumer: 'a', forceSuccess: 'false' };
    expect((await commit(bench, { shard: 1, checkpoint }, query)).outcome).toBe('200');
    expect((await checkpoints(bench, { shard: '1' })).json).toEqual([
      { shard: 1, checkpoint, updateTime: (START_MS + 1000) * 1000, consumer: 'a' },
    ]);
    expect((await checkpoints(bench, { shard: '9' })).json).toEqual([]);
  });

  test('may be forced, in the spelling of the Python SDK too', async () => {
    const bench = await startGroup();
    await beat(bench, 'a', []);
    const body = { shard: 0, checkpoint: 'MQ==' };
    const as = (forceSuccess: string) => commit(bench, body, { consumer: 'b', forceSuccess });
    expect((await as('false')).outcome).toBe('404 ConsumerNotExist');
    expect((await as('False')).outcome).toBe('404 ConsumerNotExist');
    expect((await as('true')).outcome).toBe('200');
    expect((await as('True')).outcome).toBe('200');
  });

  test.each([
    ['of another consumer', { shard: 0, checkpoint: 'MQ==' }, '400 ConsumerNotMatch'],
    ['of no shard', { shard: 9, checkpoint: 'MQ==' }, '404 ShardNotExist'],
    ['of a shard in text', { shard: '0', checkpoint: 'MQ==' }, '404 ShardNotExist'],
    ['in no base64', { shard: 0, checkpoint: '*' }, '400 InvalidShardCheckPoint'],
    ['that are missing', { shard: 0 }, '400 InvalidShardCheckPoint'],
  ])('%s are refused', async (_, body, outcome) => {
    const bench = await startGroup();
    await beat(bench, 'a', []);
    await beat(bench, 'b', []);
    const answer = await commit(bench, body, { consumer: 'b', forceSuccess: 'false' });
    expect(answer.outcome).toBe(outcome);
  });
});

describe('after a split, in order', () => {
  async function splitHalfConsumed(): Promise<Bench> {
    const bench = await startGroup({ order: true });
    await putByKey(bench, '1', 'before');
    await beat(bench, 'a', []);
    bench.service.split('shop', 'orders', 0);
    return bench;
  }

  test('the children come when the parent is consumed to its end', async () => {
    const bench = await splitHalfConsumed();
    const commitAt = async (from: string) =>
      commit(bench, { shard: 0, checkpoint: await cursorOf(bench, 0, from) }, { consumer: 'a' });
    expect((await beat(bench, 'a', [0, 1])).json).toEqual([0, 1]);
    await commitAt('begin');
    expect((await beat(bench, 'a', [0, 1])).json).toEqual([0, 1]);
    await commitAt('end');
    expect((await beat(bench, 'a', [0, 1])).json).toEqual([1, 2, 3]);
  });

  test('a consumer that had caught up before gets them without another commit', async () => {
    const bench = await startGroup({ order: true });
    await putByKey(bench, '1', 'before');
    await beat(bench, 'a', []);
    await commit(bench, { shard: 0, checkpoint: await cursorOf(bench, 0, 'end') }, { consumer: 'a' });
    bench.service.split('shop', 'orders', 0);
    expect((await beat(bench, 'a', [0, 1])).json).toEqual([1, 2, 3]);
  });

  test('a shard that is still written to is never over', async () => {
    const bench = await splitHalfConsumed();
    const body = { shard: 1, checkpoint: await cursorOf(bench, 1, 'end') };
    await commit(bench, body, { consumer: 'a' });
    expect((await beat(bench, 'a', [0, 1])).json).toEqual([0, 1]);
  });
});
