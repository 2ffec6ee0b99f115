import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGroup } from '../lib/operations.ts';
import { createMemorySource } from '../lib/testing.ts';
import { type LocalTable, startLocalTable } from './support/localTable.ts';

const before = { ...process.env };
let table: LocalTable;
beforeAll(async () => {
  table = await startLocalTable('shardbeat');
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: table.service.endpoint,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
});
afterAll(async () => {
  process.env = before;
  await table.close();
});

const environment = { SHARDBEAT_GROUP: 'orders', SHARDBEAT_TABLE: 'shardbeat', SHARDBEAT_INTERVAL: '1m' };
const sls = {
  ...environment,
  SHARDBEAT_SOURCE: 'sls',
  SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
  SHARDBEAT_SLS_PROJECT: 'shop',
  SHARDBEAT_SLS_LOGSTORE: 'orders',
  SHARDBEAT_SLS_SECRET: 'shop/sls',
};

describe('a group is opened', () => {
  it.each([
    ['by its table and name', { table: 'shardbeat', group: 'orders' }],
    ['by the settings of its function', { environment: sls }],
    ['by settings and a source of its own', { environment, source: createMemorySource() }],
  ])('%s', async (_how, address) => {
    const group = openGroup(address);
    expect(await group.describe()).toEqual({ status: 'absent', group: undefined, consumers: [], shards: [] });
    await expect(group.pause()).rejects.toMatchObject({ name: 'SettingsError', field: 'group' });
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(group.describe({ signal: aborted })).rejects.toThrow();
  });

  it('without a source, and then cannot seek to a position, which only that knows', async () => {
    const group = openGroup({ table: 'shardbeat', group: 'orders' });
    const request = { shard: '0', to: { at: 'end' } } as const;
    await expect(group.seek(request)).rejects.toMatchObject({ name: 'SettingsError', field: 'source' });
    expect(await group.seek({ shard: '0', to: { cursor: '5' } })).toEqual([
      { shard: '0', sought: false, reason: 'absent' },
    ]);
    const own = openGroup({ table: 'shardbeat', group: 'orders', source: createMemorySource() });
    expect(await own.seek(request)).toEqual([{ shard: '0', sought: false, reason: 'absent' }]);
  });

  it('only with settings that can be used', () => {
    expect(() => openGroup({ environment })).toThrow(expect.objectContaining({ field: 'SHARDBEAT_SOURCE' }));
  });
});
