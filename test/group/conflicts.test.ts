import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLetterTable } from '../../lib/delivery/deadLetters/tableItems.ts';
import { settled } from '../../lib/group/settled.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { type Reply, serve } from '../http/support.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';

const options = { signal: new AbortController().signal };
const clock = { ...createManualClock(), sleep: async () => {} };
const write = { set: { paused: true }, condition: { exists: 'generation' } } as const;

const answer = (status: number, body: object): Reply => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
});
const conflict = answer(400, {
  __type: 'com.amazonaws.dynamodb.v20120810#ReplicatedWriteConflictException',
  message: 'One or more items in this request are being modified in another Region',
});
const done = answer(200, {
  ConsumedCapacity: { CapacityUnits: 1 },
  Attributes: { pk: { S: 'orders' }, sk: { S: 'GROUP' }, paused: { BOOL: true } },
});

async function tableAnswering(...replies: Reply[]) {
  const server = await serve(...replies);
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  const of = { client, table: 'shardbeat', group: 'orders', clock, random: createCountingRandom() };
  return { ...server, store: createDynamodbStore(of), letters: createLetterTable(of) };
}

const refused = expect.objectContaining({
  code: 'ReplicatedWriteConflictException',
  outcome: 'refused',
  retriable: true,
});

describe('a write to an item that another region is writing', () => {
  it('is sent again as it was, and judged by its condition only then', async () => {
    const { store, received } = await tableAnswering(conflict, conflict, done);
    expect(await store.update('GROUP', write, options)).toEqual({ accepted: true, item: { paused: true } });
    expect(new Set(received.map(({ body }) => String(body))).size).toBe(1);
    expect(received).toHaveLength(3);
  });

  it('is sent again where it removes an item, and where it is of a dead letter', async () => {
    const { store, letters, received } = await tableAnswering(conflict, done, conflict, done, conflict, done);
    expect(await store.remove('CONSUMER#a', { exists: 'heartbeatAt' }, options)).toBe(true);
    expect(await letters.update('LETTER#a', { set: { a: 1 }, condition: { absent: 'id' } }, options)).toBe(
      true,
    );
    expect(await letters.remove('LETTER#a', { exists: 'id' }, options)).toBe('removed');
    expect(received).toHaveLength(6);
  });

  it('has certainly not happened where that goes on, and is no lost race', async () => {
    const { store, received } = await tableAnswering(conflict);
    await expect(settled(store, { clock, random: createCountingRandom() }).update('GROUP', write, options)) //
      .rejects.toEqual(refused);
    expect(received).toHaveLength(4);
  });

  it('may have happened where an attempt before had no answer', async () => {
    const { store } = await tableAnswering('reset', conflict);
    await expect(settled(store, { clock, random: createCountingRandom() }).update('GROUP', write, options)) //
      .rejects.toEqual(expect.objectContaining({ outcome: 'unknown', retriable: true }));
  });
});
