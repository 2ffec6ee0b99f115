/** A range of the past, read again by the deployed function: Lambda's own protocol, the real handler, a real table. */
import { ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConsumerItem } from '../../lib/group/items.ts';
import { type Batch, type Consumer, consume } from '../../lib/index.ts';
import { type OpenGroup, openGroup, type ReplayResult } from '../../lib/operations.ts';
import { aliveUntil } from '../../lib/replay/clear.ts';
import { createMemorySource, type MemorySource } from '../../lib/testing.ts';
import { type AwsService, startAwsService } from '../support/awsService.ts';
import { additions } from '../support/counters.ts';
import { FUNCTION, lambdaReply, operatorEnvironment } from '../support/deployedFunction.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

const before = { ...process.env };
const address = { table: 'shardbeat', group: 'orders', function: FUNCTION };
const environment = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '10s',
  SHARDBEAT_ATTEMPTS_MAX: '2',
  SHARDBEAT_LOG_LEVEL: 'error',
  SHARDBEAT_RECORD_AGE_MAX: '30m',
};
const HOUR_MS = 3_600_000;
const signal = new AbortController().signal;

let table: LocalTable;
let lambda: AwsService;
let source: MemorySource;
let handler: Consumer;
let group: OpenGroup;
/** By shard, what the function was given, in order. */
let given: { shard: string; content: string; group: string; replayed: boolean }[] = [];
let eachBatch: (batch: Batch) => void | Promise<void>;
let receivedAt = 0;
const noon = Date.now() - 24 * HOUR_MS;

const invoke = (event: object, remainingMs = 8_000) => {
  const context = { getRemainingTimeInMillis: () => remainingMs } as Context;
  return handler(event as never, context, { signal } as never);
};

beforeAll(async () => {
  table = await startLocalTable('shardbeat');
  lambda = await startAwsService('lambda', ({ body }) => lambdaReply(invoke, body));
  Object.assign(process.env, operatorEnvironment(table.service.endpoint, lambda.url));
});
afterAll(async () => {
  process.env = before;
  await lambda.close();
  await table.close();
});

const items = async (): Promise<Record<string, unknown>> => {
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: 'shardbeat' }));
  return Object.fromEntries(Items.map((item) => [`${item.pk!.S} ${item.sk!.S}`, item]));
};
const left = async (): Promise<string[]> =>
  Object.keys(await items()).filter((key) => key.includes('#replay'));
const contents = (shard: string): string[] =>
  given.flatMap((one) => (one.shard === shard ? [one.content] : []));

/** Shard 0 with a to e, a minute apart, and was split at noon; its children, and shard 1, have more. */
beforeEach(async () => {
  given = [];
  eachBatch = ({ shard, records, group, replayed = false }) => {
    for (const record of records)
      given.push({ shard, content: record.get('content') ?? '', group, replayed });
  };
  source = createMemorySource({ shards: ['0', '1'], now: () => receivedAt, recordsMax: 2 });
  for (const [index, content] of ['a', 'b', 'c', 'd', 'e'].entries()) {
    receivedAt = noon - HOUR_MS + index * 60_000;
    source.append('0', { content });
  }
  source.append('1', { content: 'x' }, { content: 'y' });
  receivedAt = noon;
  source.replace(['0'], ['2', '3']);
  receivedAt = noon + HOUR_MS;
  source.append('2', { content: 'f' });
  source.append('3', { content: 'g' });
  receivedAt = noon + 2 * HOUR_MS;
  source.append('1', { content: 'z' });
  handler = consume({ eachBatch: (batch) => eachBatch(batch) }, { environment, source });
  group = openGroup(address);
  lambda.requests.length = 0;
  lambda.fault = () => undefined;
});

const all = { from: noon - HOUR_MS, to: noon + HOUR_MS + 1 };
const done = async (request = all, options = {}): Promise<ReplayResult> => {
  const result = await group.replay('function', request, options);
  if ('begun' in result) throw new Error('it was not begun');
  return result;
};

describe('a replay by the deployed function', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    source = createMemorySource({ shards: ['0', '1'] });
    handler = consume({ eachBatch: () => {} }, { environment, source });
    await invoke({ slot: 'consumer-0' });
  });

  it('gives each record of the range, in order, a shard before its children; the group stays as it is', async () => {
    const asItWas = await items();
    const result = await done();
    expect(result).toMatchObject({ stopped: 'done', records: 9, share: 1, goOnFrom: undefined });
    expect(contents('0')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(contents('1')).toEqual(['x', 'y']);
    expect(given.findIndex(({ content }) => content === 'e')).toBeLessThan(
      given.findIndex(({ content }) => content === 'f'),
    );
    expect(given.every((one) => one.replayed && /^orders#replay-[a-z0-9]+$/.test(one.group))).toBe(true);
    expect(await items()).toEqual(asItWas);
  });

  it('has several runs at a time, and of some shards only, within the range', async () => {
    const from = noon - HOUR_MS + 60_000;
    const result = await done({ from, to: from + 120_000, shards: ['0', '1'], parallel: 3 } as typeof all);
    expect(result).toMatchObject({ stopped: 'done', records: 2 });
    expect(contents('0')).toEqual(['b', 'c']);
    expect(given).toHaveLength(2);
    expect(await left()).toEqual([]);
  });

  it('is counted before, which changes nothing', async () => {
    const asItWas = await items();
    const count = await group.countReplay({ ...all, shards: ['0', '1'] });
    expect(count).toMatchObject({
      unit: 'records',
      shards: [
        { shard: '0', positions: 5, from: '0', to: '5' },
        { shard: '1', positions: 2 },
      ],
    });
    expect(await group.countReplay({ from: noon - 3 * HOUR_MS, to: noon, shards: ['0'] })).toMatchObject({
      shards: [{ shard: '0', keptSince: noon - HOUR_MS }],
    });
    expect(given).toEqual([]);
    expect(await items()).toEqual(asItWas);
    await expect(group.countReplay({ ...all, shards: ['7'] })).rejects.toThrow(
      'shards: "7" cannot be used: the stream has no such shard: it has 0, 1, 2, 3',
    );
  });

  it('tells of what it has given up; that is no dead letter of the group', async () => {
    const take = eachBatch;
    eachBatch = (batch) => {
      for (const record of batch.records) if (record.get('content') === 'c') throw new Error('no c');
      return take(batch);
    };
    const result = await done();
    expect(result).toMatchObject({
      stopped: 'done',
      givenUp: { count: 1, first: [{ id: '0/2/0', shard: '0', message: 'Error: no c' }] },
    });
    expect(contents('0')).toEqual(['a', 'b', 'd', 'e']);
    expect(await group.countDeadLetters()).toBe(0);
    expect(await left()).toEqual([]);
  }, 120_000);

  it('told to stop is removed, and says where to go on', async () => {
    const stop = new AbortController();
    const take = eachBatch;
    eachBatch = async (batch) => {
      await take(batch);
      if (contents('0').includes('b')) stop.abort();
    };
    const result = await done({ ...all, shards: ['0'] } as typeof all, { signal: stop.signal });
    expect(result).toMatchObject({ stopped: 'interrupted' });
    expect(result.goOnFrom).toBeGreaterThanOrEqual(noon - HOUR_MS);
    expect(result.goOnFrom).toBeLessThanOrEqual(noon - HOUR_MS + 120_000);
    expect(contents('0').length).toBeLessThan(5);
    expect(await left()).toEqual([]);
  });

  it('ends with what the function fails with, if it fails each time, and leaves nothing', async () => {
    let turns = 0;
    lambda.fault = (request) => {
      if (!request.body.toString().includes('"turn"')) return undefined;
      turns++;
      const headers = { 'x-amz-function-error': 'Unhandled' };
      return { headers, body: '{"errorType":"Error","errorMessage":"no such module"}' };
    };
    await expect(done()).rejects.toThrow(`the function ${FUNCTION}: no such module`);
    expect(turns).toBeGreaterThan(1);
    expect(await left()).toEqual([]);
  }, 60_000);

  it('is of the group that the function is of', async () => {
    const other = openGroup({ ...address, group: 'refunds' });
    await expect(other.countReplay(all)).rejects.toThrow('it is of the group orders in the table shardbeat');
    await expect(other.replay('function', all)).rejects.toThrow('it is of the group orders');
    expect(await left()).toEqual([]);
  });
});

describe('a replay that was killed', { timeout: 60_000 }, () => {
  it('may go on until the session of its last run is over, however long ago it was begun', () => {
    const group = { createdAt: 0, settings: { sessionTimeoutMs: 60_000 } } as never;
    const slot = { heartbeatAt: 100_000, expiresAt: 160_000 } as ConsumerItem;
    const state = (busyUntil: number) => ({
      group,
      consumers: new Map([['a-0', { ...slot, busyUntil }]]),
      shards: new Map(),
    });
    expect(aliveUntil(state(99_000))).toBe(160_000);
    expect(aliveUntil(state(900_000))).toBe(900_000);
    expect(aliveUntil(state(99_000), true)).toBe(0);
    expect(aliveUntil({ group, consumers: new Map(), shards: new Map() })).toBe(60_000);
  });

  const id = 'killed0';
  const range = { id, ...all };
  const begin = () => invoke({ operate: { replay: { begin: { ...range, slots: 1 } } } });
  const turn = () =>
    invoke({
      operate: {
        replay: { turn: { ...range, slot: `${id}-0`, ends: { '0': '5', '1': '2', '2': '1', '3': '1' } } },
      },
    });
  /** As it is after a while. */
  const age = async (): Promise<void> => {
    const now = { N: String(Date.now() - 10 * 60_000) };
    for (const [pk, sk, name] of [
      ['orders#replay', 'GROUP', 'createdAt'],
      ['orders#replay', `CONSUMER#${id}-0`, 'expiresAt'],
      // The group itself is not deleted while a slot of it lives.
      ['orders', 'CONSUMER#consumer-0', 'expiresAt'],
      ['orders', 'CONSUMER#consumer-0', 'busyUntil'],
    ]) {
      await table.client.send(
        new UpdateItemCommand({
          TableName: 'shardbeat',
          Key: { pk: { S: pk! }, sk: { S: sk! } },
          UpdateExpression: 'SET #a = :now',
          ExpressionAttributeNames: { '#a': name! },
          ExpressionAttributeValues: { ':now': now },
        }),
      );
    }
  };

  it('keeps others away while it may be at work, and is removed by the next one', async () => {
    expect(await begin()).toMatchObject({ begun: true });
    expect(await turn()).toMatchObject({ outcome: 'worked' });
    const until = expect.any(Number);
    expect(await group.replay('function', all)).toEqual({ begun: false, until });
    expect(await group.clearReplay()).toEqual({ cleared: false, until });
    expect(await group.delete()).toEqual({ deleted: false, live: ['replay'] });
    await age();
    expect(await group.replayLeft()).toMatchObject({ until: 0 });
    given = [];
    expect(await done()).toMatchObject({ stopped: 'done', records: 9 });
    expect(await left()).toEqual([]);
  });

  it('is removed by hand; a run of it that comes late makes nothing anew', async () => {
    await begin();
    await age();
    expect(await group.clearReplay()).toEqual({ cleared: true });
    expect(await left()).toEqual([]);
    given = [];
    expect(await turn()).toMatchObject({ outcome: 'gone', records: 0 });
    expect(given).toEqual([]);
    expect(await left()).toEqual([]);
    expect(await group.replayLeft()).toBeUndefined();
  });

  it('may be begun twice by one who had no answer', async () => {
    await begin();
    await begin();
    expect(await turn()).toMatchObject({ records: expect.any(Number) });
    await age();
    await group.clearReplay();
  });

  it('goes with its group', async () => {
    await begin();
    await age();
    const apart = openGroup({ table: 'shardbeat', group: 'orders' });
    expect(await apart.delete({ dryRun: true })).toEqual({ deleted: true });
    expect(await left()).not.toEqual([]);
    expect(await apart.delete()).toEqual({ deleted: true });
    expect(await items()).toEqual({});
  });
});

describe('an event of a replay', () => {
  const range = { id: 'abcd', from: 1, to: 2 };
  it.each([
    [{}, /^event.operate.replay: /],
    [{ begin: { ...range, slots: 1 }, turn: {} }, /^event.operate.replay: /],
    [{ begin: { ...range, slots: 1, more: 1 } }, /^event.operate.replay.begin: "more"/],
    [{ begin: { ...range, id: 'A#', slots: 1 } }, /^event.operate.replay.id: /],
    [{ begin: { ...range, to: 1, slots: 1 } }, /^event.operate.replay.to: /],
    [{ begin: { ...range, from: '1', slots: 1 } }, /^event.operate.replay.from: /],
    [{ begin: { ...range, slots: 0 } }, /^event.operate.replay.slots: /],
    [{ begin: { ...range, slots: 1, shards: [] } }, /^event.operate.replay.shards: /],
    [{ turn: { ...range, slot: 'consumer-0', ends: {} } }, /^event.operate.replay.slot: /],
    [{ turn: { ...range, slot: 'abcd-0', ends: { '0': 1 } } }, /^event.operate.replay.ends: /],
  ])('that cannot be understood is refused: %j', async (replay, message) => {
    await expect(invoke({ operate: { replay } })).rejects.toThrow(message);
  });
});

describe('a replay with a module', () => {
  it('needs no table, and leaves nothing anywhere', async () => {
    process.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:1';
    const here = openGroup({ environment, source });
    const result = await here.replay({ eachBatch: (batch: Batch) => eachBatch(batch) }, all);
    process.env.AWS_ENDPOINT_URL_DYNAMODB = table.service.endpoint;
    expect(result).toMatchObject({ stopped: 'done', records: 9 });
    expect(contents('0')).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('that takes nothing, such as one that returns writes, which are made nowhere, comes to its end', async () => {
    const here = openGroup({
      environment: {
        ...environment,
        SHARDBEAT_INTERVAL: '500ms',
        SHARDBEAT_RECORD_AGE_MAX: '',
        SHARDBEAT_ATTEMPTS_MAX: '2',
      },
      source,
    });
    const counts = () => ({ writes: additions({ red: 1 }) });
    const result = await here.replay({ eachBatch: counts }, { ...all, shards: ['1'] });
    expect(result).toMatchObject({ stopped: 'stuck', records: 0, goOnFrom: noon - HOUR_MS + 240_000 });
    expect(JSON.stringify(result)).toContain('name the deployed function');
  }, 60_000);
});
