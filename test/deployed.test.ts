/** Operations that need the log service, done by the deployed function: Lambda's own protocol, the real handler, a real table. */
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTableDeadLetters } from '../lib/delivery/deadLetters/table.ts';
import { type Batch, type Consumer, type ConsumerEvent, consume } from '../lib/index.ts';
import { type OpenGroup, openGroup } from '../lib/operations.ts';
import { systemClock, systemRandom } from '../lib/runtime.ts';
import { createMemorySource } from '../lib/testing.ts';
import { type AwsService, startAwsService } from './support/awsService.ts';
import { FUNCTION, lambdaReply, operatorEnvironment } from './support/deployedFunction.ts';
import { letterOf } from './support/letters.ts';
import { type LocalTable, startLocalTable } from './support/localTable.ts';

const before = { ...process.env };
const address = { table: 'shardbeat', group: 'orders' };
const environment = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_LOG_LEVEL: 'error',
};
const signal = new AbortController().signal;
const given: string[] = [];
const source = createMemorySource({ shards: ['0', '1'] });
let table: LocalTable;
let lambda: AwsService;
let handler: Consumer;
let group: OpenGroup;

const invoke = (event: ConsumerEvent) =>
  handler(event, { getRemainingTimeInMillis: () => 48_000 } as Context, { signal } as never);

beforeAll(async () => {
  table = await startLocalTable('shardbeat');
  lambda = await startAwsService('lambda', async ({ path, body }) => {
    if (path !== `/2015-03-31/functions/${FUNCTION}/invocations`) return { status: 404, body: '{}' };
    return lambdaReply(invoke, body);
  });
  Object.assign(process.env, operatorEnvironment(table.service.endpoint, lambda.url));
  const eachBatch = ({ records }: Batch) => {
    for (const record of records) given.push(record.get('content') ?? '');
  };
  handler = consume({ eachBatch }, { environment, source });
  group = openGroup({ ...address, function: FUNCTION });
  await invoke({ slot: 'consumer-0' });
  source.append('0', { content: 'a' }, { content: 'b' });
});
afterAll(async () => {
  process.env = before;
  await lambda.close();
  await table.close();
});
beforeEach(() => {
  lambda.requests.length = 0;
  lambda.fault = () => undefined;
});

describe('the deployed function', () => {
  it('tells the lag to whoever has no key of the log service', async () => {
    const { store } = { store: await group.describe() };
    expect(store.group).toBeDefined();
    const lag = await group.lag();
    expect(lag).toMatchObject({ unit: 'records' });
    expect(lambda.requests.map(({ body }) => body.toString())).toEqual(['{"operate":{"lag":{}}}']);
  });

  it('seeks to positions; to a cursor it is not asked', async () => {
    const [sought] = await group.seek({ shard: '0', to: { at: 'end' } });
    expect(sought).toMatchObject({ shard: '0' });
    expect(lambda.requests).toHaveLength(1);
    const time = { at: 'time', unixMs: Date.UTC(2026, 0, 31) } as const;
    await group.seek({ shard: 'all', to: time });
    expect(JSON.parse(lambda.requests[1]!.body.toString())).toEqual({
      operate: { seek: { shard: 'all', to: '2026-01-31T00:00:00.000Z' } },
    });
    await group.seek({ shard: '0', to: { cursor: '1' } });
    expect(lambda.requests).toHaveLength(2);
  });

  it('redrives dead letters, by the filters that are given', async () => {
    const { now } = systemClock;
    const letters = createTableDeadLetters({
      client: table.client,
      ...address,
      clock: systemClock,
      random: systemRandom,
      now,
      lettersMax: 10,
    });
    await letters.put([letterOf(0), letterOf(1, { message: 'TypeError: no' })], { signal });
    expect(await group.countDeadLetters()).toBe(2);
    const request = { error: 'TypeError', olderThanMs: 1, dryRun: true };
    expect(await group.redrive('function', request)).toMatchObject({ found: 1, redriven: 0, left: 2 });
    expect(JSON.parse(lambda.requests[0]!.body.toString())).toEqual({
      redrive: { error: 'TypeError', olderThan: '1ms', dryRun: true },
    });
    expect(await group.redrive('function')).toMatchObject({ redriven: 2, left: 0 });
    expect(given).toHaveLength(2);
  });

  it('that fails says with what', async () => {
    const headers = { 'x-amz-function-error': 'Unhandled' };
    lambda.fault = () => ({
      headers,
      body: '{"errorType":"SourceError","errorMessage":"there is no shard 9"}',
    });
    const failed = group.lag();
    await expect(failed).rejects.toMatchObject({ code: 'FunctionFailed' });
    await expect(failed).rejects.toThrow(`the function ${FUNCTION}: there is no shard 9`);
  });

  it('that is not there, may not be called, or is of an earlier version is told with the remedy', async () => {
    const other = openGroup({ ...address, function: 'another' });
    await expect(other.lag()).rejects.toThrow('the function another: there is none in this region');
    const forbidden = { 'x-amzn-errortype': 'AccessDeniedException' };
    lambda.fault = () => ({ status: 403, headers: forbidden, body: '{"Message":"no"}' });
    await expect(group.lag()).rejects.toThrow(
      `whoever calls must be allowed lambda:InvokeFunction on ${FUNCTION}`,
    );
    const changing = { 'x-amzn-errortype': 'ResourceConflictException' };
    lambda.fault = () => ({ status: 409, headers: changing, body: '{"Message":"is being updated"}' });
    await expect(group.lag()).rejects.toThrow('409 ResourceConflictException: is being updated');
    lambda.fault = () => ({ body: '{"outcome":"worked"}' });
    await expect(group.lag()).rejects.toThrow('does not know this event: deploy it with this version');
  });

  it('is named, where it is needed', async () => {
    const alone = openGroup(address);
    await expect(alone.lag()).rejects.toMatchObject({ name: 'SettingsError', field: 'source' });
    await expect(alone.redrive('function')).rejects.toMatchObject({
      name: 'SettingsError',
      field: 'function',
    });
  });
});
