import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { newDirectory, openBench, START_SEC, startBench } from './support.ts';

const body = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const JSON_TYPE = { 'content-type': 'application/json' };

describe('a project', () => {
  test('is created without naming it in the host, then found by its host', async () => {
    const bench = await startBench();
    const create = { method: 'POST', headers: JSON_TYPE, host: `127.0.0.1:${bench.service.port}` };
    const created = await bench.call({
      ...create,
      body: body({ projectName: 'bank', description: 'tills' }),
    });
    expect(created.outcome).toBe('200');
    expect(created.body).toHaveLength(0);
    expect(created.headers['content-type']).toBeUndefined();

    const found = await bench.call({ host: 'bank.127.0.0.1' });
    expect(found.json).toMatchObject({ projectName: 'bank', description: 'tills', status: 'Normal' });
    // What the reference has besides: SDKs read it without asking whether it is there.
    expect(found.json).toMatchObject({ dataRedundancyType: 'LRS', recycleBinEnabled: false, quota: {} });
    expect(found.json).toMatchObject({ resourceGroupId: '', location: '' });
  });

  test.each(['127.0.0.1', 'localhost:18931', 'cn-hangzhou.log.aliyuncs.com', 'log-global.aliyuncs.com'])(
    'is listed where the host, %s, names none',
    async (host) => {
      const bench = await startBench();
      bench.service.createProject('bank');
      const names = ({ json }: { json: { projects: { projectName: string }[] } }) =>
        json.projects.map(({ projectName }) => projectName);
      const all = await bench.call({ host });
      expect(all.json).toMatchObject({ count: 2, total: 2 });
      expect(all.json.projects[1]).toEqual((await bench.call({})).json);
      expect(names(all)).toEqual(['bank', 'shop']);
      const second = await bench.call({ host, query: { offset: '1', size: '1', projectName: '' } });
      expect(second.json).toMatchObject({ count: 1, total: 2 });
      expect(names(second)).toEqual(['shop']);
      expect(names(await bench.call({ host, query: { projectName: 'an' } }))).toEqual(['bank']);
      const other = await bench.call({ host, path: '/logstores' });
      expect(other.outcome).toBe('404 ProjectNotExist');
      expect(other.json.errorMessage).toContain('the host names none');
    },
  );

  test('is listed by pages whatever endpoint the host names, as through a proxy', async () => {
    const bench = await startBench();
    const list = { host: 'sls.example', query: { offset: '0', size: '100' } };
    expect((await bench.call(list)).json.projects).toHaveLength(1);
  });

  test.each([
    ['GET', '/consumergroups'],
    ['POST', '/consumergroups'],
    ['POST', '/consumergroups/billing'],
    ['PUT', '/consumergroups/billing'],
    ['DELETE', '/consumergroups/billing'],
  ])('has no consumer groups of its own: %s %s', async (method, path) => {
    const bench = await startBench();
    const answer = await bench.call({ method, path });
    expect(answer.outcome).toBe('400 NotSupported');
    expect(answer.json.errorMessage).toContain('has no consumer groups of a project');
  });

  test.each([
    ['taken', { projectName: 'shop' }, '400 ProjectAlreadyExist'],
    ['bad', { projectName: 'Shop!' }, '400 ParameterInvalid'],
    ['missing', {}, '400 ParameterInvalid'],
    ['in no object', ['shop'], '400 PostBodyInvalid'],
  ])('whose name is %s is refused', async (_, content, outcome) => {
    const bench = await startBench();
    const answer = await bench.call({ method: 'POST', headers: JSON_TYPE, body: body(content) });
    expect(answer.outcome).toBe(outcome);
  });

  test('that does not exist has no logstores', async () => {
    const bench = await startBench();
    const answer = await bench.call({ path: '/logstores', host: 'elsewhere.127.0.0.1' });
    expect(answer.outcome).toBe('404 ProjectNotExist');
    expect(answer.json.errorMessage).toBe('The Project does not exist : elsewhere');
    expect(answer.headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
  });
});

describe('a logstore', () => {
  const create = (content: unknown) => ({
    method: 'POST',
    path: '/logstores',
    headers: JSON_TYPE,
    body: body(content),
  });

  test('is created with its shards, told back, and listed', async () => {
    const bench = await startBench();
    const created = await bench.call(
      create({ logstoreName: 'refunds', ttl: 7, shardCount: 3, autoSplit: true }),
    );
    expect(created.outcome).toBe('200');
    expect((await bench.call({ path: '/logstores/refunds' })).json).toMatchObject({
      logstoreName: 'refunds',
      ttl: 7,
      shardCount: 3,
      autoSplit: true,
      createTime: START_SEC,
    });
    expect((await bench.call({ path: '/logstores/refunds/shards' })).json).toHaveLength(3);
    expect((await bench.call({ path: '/logstores' })).json.logstores).toEqual(['orders', 'refunds']);
  });

  test.each([
    ['exists', { logstoreName: 'orders', ttl: 1, shardCount: 1 }, '400 LogStoreAlreadyExist'],
    ['has a bad name', { logstoreName: '-', ttl: 1, shardCount: 1 }, '400 LogStoreInfoInvalid'],
    ['has no name', { ttl: 1, shardCount: 1 }, '400 LogStoreInfoInvalid'],
    ['keeps nothing', { logstoreName: 'logs', ttl: 0, shardCount: 1 }, '400 LogStoreInfoInvalid'],
    [
      'is to be split into fewer than none',
      { logstoreName: 'logs', ttl: 1, shardCount: 1, autoSplit: true, maxSplitShard: -1 },
      '400 LogStoreInfoInvalid',
    ],
    ['has no shard', { logstoreName: 'logs', ttl: 1, shardCount: 0 }, '400 LogStoreInfoInvalid'],
  ])('that %s is not created', async (_, content, outcome) => {
    const bench = await startBench();
    expect((await bench.call(create(content))).outcome).toBe(outcome);
  });

  test('that is not to be split on its own says so as the Java SDK does', async () => {
    const data = newDirectory();
    const bench = await startBench({ data });
    const settings = { autoSplit: false, maxSplitShard: -1 };
    const created = await bench.call(create({ logstoreName: 'logs', ttl: 1, shardCount: 1, ...settings }));
    expect(created.outcome).toBe('200');
    await bench.service.close();
    const again = await openBench(bench.clock, { data });
    expect((await again.call({ path: '/logstores/logs' })).json).toMatchObject(settings);
  });

  test('is not created from what is no JSON', async () => {
    const bench = await startBench();
    expect((await bench.call({ ...create({}), body: Buffer.from('{') })).outcome).toBe('400 PostBodyInvalid');
  });

  test('that does not exist is not found', async () => {
    const bench = await startBench();
    const answer = await bench.call({ path: '/logstores/nothing' });
    expect(answer.outcome).toBe('404 LogStoreNotExist');
    expect(answer.json.errorMessage).toBe('logstore nothing does not exist');
  });

  test('is listed by part of its name and by pages', async () => {
    const bench = await startBench();
    for (const name of ['refunds', 'refunds-old', 'visits']) bench.service.createLogstore('shop', name);
    const list = async (query: Record<string, string>) =>
      (await bench.call({ path: '/logstores', query })).json;
    expect(await list({ logstoreName: 'refunds' })).toEqual({
      count: 2,
      total: 2,
      logstores: ['refunds', 'refunds-old'],
    });
    expect(await list({ offset: '1', size: '2' })).toEqual({
      count: 2,
      total: 4,
      logstores: ['refunds', 'refunds-old'],
    });
    // The Node SDK leaves parameters empty that it was not given.
    expect((await list({ logstoreName: '', offset: '', size: '' })).total).toBe(4);
  });

  test('cannot be searched', async () => {
    const bench = await startBench();
    const answer = await bench.call({
      path: '/logstores/orders',
      query: { type: 'log', from: '1', to: '2' },
    });
    expect(answer.outcome).toBe('400 NotSupported');
  });
});
