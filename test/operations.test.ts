import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTableDeadLetters } from '../lib/delivery/deadLetters/table.ts';
import type { Batch } from '../lib/index.ts';
import { openGroup } from '../lib/operations.ts';
import { systemClock, systemRandom } from '../lib/runtime.ts';
import { createMemorySource } from '../lib/testing.ts';
import { collected, letterOf } from './support/letters.ts';
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
    expect(await group.describe()).toEqual({
      at: expect.any(Number),
      status: 'absent',
      group: undefined,
      consumers: [],
      shards: [],
    });
    await expect(group.pause()).rejects.toMatchObject({ name: 'SettingsError', field: 'group' });
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(group.describe({ signal: aborted })).rejects.toThrow();
  });

  it('of a group that ticks often, and yet waits for a slow table', async () => {
    const slow = createServer((_request, response) => {
      // Longer than a request of such a function may take.
      setTimeout(
        () => response.writeHead(200).end('{"Items":[],"Count":0,"ConsumedCapacity":{"CapacityUnits":0.5}}'),
        400,
      );
    });
    await new Promise<void>((listening) => slow.listen(0, '127.0.0.1', listening));
    const usual = process.env.AWS_ENDPOINT_URL_DYNAMODB;
    process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    const group = openGroup({ environment: { ...sls, SHARDBEAT_INTERVAL: '500ms' } });
    expect(await group.describe()).toMatchObject({ status: 'absent' });
    process.env.AWS_ENDPOINT_URL_DYNAMODB = usual;
    slow.close();
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

describe('dead letters of a group', () => {
  const options = { signal: new AbortController().signal };
  const address = { table: 'shardbeat', group: 'orders' };
  let group: ReturnType<typeof openGroup>;
  beforeEach(async () => {
    group = openGroup(address);
    await group.dropDeadLetters('all');
    const clock = systemClock;
    const at = {
      client: table.client,
      ...address,
      clock,
      random: systemRandom,
      now: clock.now,
      lettersMax: 100,
    };
    const letters = [letterOf(0), letterOf(1), letterOf(2, { shard: '1', message: 'TypeError: no' })];
    await createTableDeadLetters(at).put(letters, options);
  });
  const ids = async (filter = {}) => (await collected(group.deadLetters(filter))).map(({ id }) => id);

  it('are seen, all or some', async () => {
    expect(await ids()).toEqual(['0/7/0', '0/7/1', '1/7/2']);
    expect(await ids({ shard: '1' })).toEqual(['1/7/2']);
    const [first] = await collected(group.deadLetters({ error: 'no such order' }));
    expect(first).toMatchObject({ reason: 'failed', attempts: 5, record: { topic: 'topic' } });
  });

  it('are replayed with a module, here and now', async () => {
    const seen: string[] = [];
    const eachBatch = ({ records }: Batch) => {
      for (const record of records) seen.push(record.get('content')!);
      if (seen.length === 2) throw new Error('still not');
    };
    expect(await group.redrive({ eachBatch }, { dryRun: true })).toMatchObject({ found: 3, left: 3 });
    expect(await group.redrive({ eachBatch }, { shard: '0' })).toMatchObject({
      redriven: 1,
      failed: 1,
      left: 2,
    });
    expect(seen).toEqual(['record 0', 'record 1']);
    expect(await collected(group.deadLetters({ error: 'still not' }))).toMatchObject([
      { id: '0/7/1', redrives: 1 },
    ]);
    expect(await group.redrive({ eachBatch })).toMatchObject({ redriven: 2, left: 0 });
  });

  it('say why a redrive failed to the logger that is given, and refuse what is none', async () => {
    const said: [string, unknown][] = [];
    const pass = () => {};
    const error = (message: string, { error }: Record<string, unknown>) => said.push([message, error]);
    const watched = openGroup({ ...address, logger: { debug: pass, info: pass, warn: pass, error } });
    const eachBatch = () => Promise.reject(new Error('still not'));
    expect(await watched.redrive({ eachBatch }, { lettersMax: 1 })).toMatchObject({ failed: 1 });
    expect(said).toEqual([['redrive.failed', expect.objectContaining({ message: 'still not' })]]);
    expect(() => openGroup({ ...address, logger: {} as never })).toThrow(
      expect.objectContaining({ name: 'SettingsError', field: 'logger' }),
    );
  });

  it('are dropped, those that are meant, or all if that is said', async () => {
    expect(await group.dropDeadLetters({ id: '0/7/1' })).toEqual({ dropped: 1, skipped: 0 });
    expect(await ids()).toEqual(['0/7/0', '1/7/2']);
    const nothing = { shard: undefined };
    await expect(group.dropDeadLetters(nothing)).rejects.toMatchObject({
      name: 'SettingsError',
      field: 'which',
    });
    await expect(group.dropDeadLetters({})).rejects.toThrow("write 'all', or which: by id, shard");
    expect(await ids()).toHaveLength(2);
    expect(await group.dropDeadLetters('all')).toEqual({ dropped: 2, skipped: 0 });
    expect(await ids()).toEqual([]);
  });

  it('are not dropped while they are in the hands of a redrive, which may be told to stop', async () => {
    const stop = new AbortController();
    const eachBatch = async () => {
      expect(await group.dropDeadLetters('all')).toEqual({ dropped: 2, skipped: 1 });
      stop.abort(new Error('enough'));
    };
    // What was in work has been cut off, and is let go.
    expect(await group.redrive({ eachBatch }, {}, { signal: stop.signal })).toMatchObject({
      redriven: 0,
      left: 1,
      stopped: 'timeUp',
    });
    expect(await collected(group.deadLetters())).toMatchObject([
      { id: '0/7/0', claimedUntil: undefined, redrives: 0 },
    ]);
  });

  it('may be elsewhere', async () => {
    const s3 = { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' };
    expect(() => openGroup({ ...address, deadLetters: 's3:letters' })).toThrow(/^SHARDBEAT_DEAD_LETTERS: /);
    const elsewhere = openGroup({ environment: { ...sls, ...s3, SHARDBEAT_DEAD_LETTERS: 's3://letters' } });
    const signal = AbortSignal.timeout(5_000);
    await expect(elsewhere.dropDeadLetters('all', { signal })).rejects.toThrow(/s3:ListBucket failed/);
  });
});
