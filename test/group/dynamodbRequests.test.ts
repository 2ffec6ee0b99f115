import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { countRequests } from '../../lib/group/stores/dynamodbRequests.ts';
import { createMeter } from '../../lib/observe/meter.ts';
import { serve } from '../http/support.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';
import { startLocalTable } from '../support/localTable.ts';

const options = { signal: new AbortController().signal };
const clock = { ...createManualClock(), sleep: async () => {} };
const of = { table: 'shardbeat', group: 'orders', clock, random: createCountingRandom() };
const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function storeOf(client: DynamoDBClient) {
  const meter = createMeter(clock);
  countRequests(client, meter.add);
  return { store: createDynamodbStore({ ...of, client }), taken: meter.take };
}

describe('what is counted of requests to the table', () => {
  it('are the units of its answers, and conditions that did not hold', async () => {
    const local = await startLocalTable('shardbeat');
    closing.push(local.close);
    const { store, taken } = storeOf(local.client);
    await store.get('GROUP', { ...options, consistent: false });
    await store.get('GROUP', { ...options, consistent: true });
    expect(taken()).toEqual({ readUnits: 1.5 });
    const create = { set: { paused: true }, condition: { absent: 'paused' } } as const;
    expect(await store.update('GROUP', create, options)).toMatchObject({ accepted: true });
    expect(taken()).toEqual({ writeUnits: 1 });
    expect(await store.update('GROUP', create, options)).toEqual({ accepted: false });
    expect(taken()).toEqual({ refusedConditions: 1, writeUnits: 1 });
  });

  it('are those that were throttled, and those that failed otherwise', async () => {
    const throttled = {
      status: 400,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: '{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}',
    };
    const failed = { ...throttled, status: 500, body: '{"__type":"InternalServerError"}' };
    const empty = { ...throttled, status: 200, body: '{"ConsumedCapacity":{"CapacityUnits":0.5}}' };
    const server = await serve(throttled, throttled, failed, empty);
    const client = new DynamoDBClient({
      endpoint: server.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
      maxAttempts: 1,
    });
    closing.push(() => client.destroy());
    const { store, taken } = storeOf(client);
    expect(await store.get('GROUP', { ...options, consistent: false })).toBeUndefined();
    expect(taken()).toEqual({ tableThrottles: 2, tableFailures: 1, readUnits: 0.5 });
  });
});
