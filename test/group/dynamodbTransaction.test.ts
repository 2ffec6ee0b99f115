/** What of a transaction that was refused is a lost race, a failure of the user's function, or nobody's fault. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WritesError } from '../../lib/errors.ts';
import { shardKey } from '../../lib/group/items.ts';
import type { ItemWrite } from '../../lib/group/itemWrite.ts';
import { settled } from '../../lib/group/settled.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { countRequests } from '../../lib/group/stores/dynamodbRequests.ts';
import { createMeter } from '../../lib/observe/meter.ts';
import { type Reply, serve } from '../http/support.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';
import { additions } from '../support/counters.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

const options = { signal: new AbortController().signal };
const clock = { ...createManualClock(), sleep: async () => {} };
const random = createCountingRandom();
const along = additions({ red: 1, blue: 1 });
const condition = { equal: 'epoch', value: 1 } as const;
const write = (items: readonly ItemWrite[] = along) => ({ set: { cursor: 'c1' }, along: items, condition });
const update = (store: GroupStore, items?: readonly ItemWrite[]) =>
  store.update(shardKey('0'), write(items), options);

const json = { 'content-type': 'application/x-amz-json-1.0' };
const type = (name: string): string => `com.amazonaws.dynamodb.v20120810#${name}`;
const error = (name: string, message = ''): Reply => ({
  status: 400,
  headers: json,
  body: JSON.stringify({ __type: type(name), message }),
});
const cancelled = (...codes: string[]): Reply => ({
  status: 400,
  headers: json,
  body: JSON.stringify({
    __type: type('TransactionCanceledException'),
    Message: 'Transaction cancelled',
    CancellationReasons: codes.map((Code) => ({ Code, ...(Code !== 'None' && { Message: 'as it says' }) })),
  }),
});
const done: Reply = {
  status: 200,
  headers: json,
  body: JSON.stringify({ ConsumedCapacity: [{ TableName: 'shardbeat', CapacityUnits: 6 }] }),
};
const FAILED = 'ConditionalCheckFailed';

async function tableAnswering(...replies: Reply[]) {
  const server = await serve(...replies);
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  const meter = createMeter(clock);
  countRequests(client, meter.add);
  const store = createDynamodbStore({ client, table: 'shardbeat', group: 'orders', clock, random });
  return { ...server, store, taken: meter.take };
}

const refusedBy = async (written: ReturnType<typeof update>): Promise<WritesError> => {
  const answer = await written;
  expect(answer).toMatchObject({ accepted: false, refused: expect.any(WritesError) });
  return (answer as { refused: WritesError }).refused;
};

describe('a transaction', () => {
  it('has the write of the group first, then those of the user, and is written', async () => {
    const { store, received, taken } = await tableAnswering(done);
    expect(await update(store)).toMatchObject({ accepted: true });
    const { TransactItems } = JSON.parse(String(received[0]!.body));
    expect(TransactItems).toMatchObject([{ Update: { TableName: 'shardbeat' } }, ...along]);
    expect(taken()).toEqual({ writeUnits: 6 });
  });

  it.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'that meets %s is sent again',
    async (code) => {
      const { store, received, taken } = await tableAnswering(cancelled('None', code, FAILED), done);
      expect(await update(store)).toMatchObject({ accepted: true });
      expect(received).toHaveLength(2);
      const why = code === 'TransactionConflict' ? 'refusedConditions' : 'tableThrottles';
      expect(taken()).toEqual({ [why]: 1, writeUnits: 12 });
    },
  );

  it('that goes on meeting others is an error that may pass: nothing was written', async () => {
    const { store, received } = await tableAnswering(cancelled('TransactionConflict', 'None', 'None'));
    const passing = { code: 'TransactionConflict', outcome: 'refused', retriable: true };
    await expect(update(store)).rejects.toMatchObject(passing);
    expect(received).toHaveLength(8);
  });

  it('that the group refuses is a lost race, whatever else is refused', async () => {
    const { store } = await tableAnswering(cancelled(FAILED, FAILED, 'TransactionConflict'));
    expect(await update(store)).toEqual({ accepted: false });
  });

  it('that only a condition of the user refuses says which one, and not what is in it', async () => {
    const { store } = await tableAnswering(cancelled('None', 'None', FAILED));
    const { message } = await refusedBy(update(store));
    expect(message).toBe(
      'writes[1] (Update in "counters") that the function returned is refused: ConditionalCheckFailed: as it says',
    );
  });

  it.each(['ValidationException', 'ResourceNotFoundException', 'AccessDeniedException'])(
    'that meets %s is refused: what the function returned is wrong',
    async (name) => {
      const { store, received } = await tableAnswering(error(name, 'no'));
      expect((await refusedBy(update(store))).message).toBe(
        `the 2 writes that the function returned are refused: ${name}: no`,
      );
      expect(received).toHaveLength(1);
    },
  );

  it('that cannot even be sent is refused', async () => {
    const { store, received } = await tableAnswering(done);
    const circle: Record<string, object> = {};
    circle.M = { circle };
    const wrong = { Put: { TableName: 'counters', Item: { pk: circle } } };
    await refusedBy(update(store, [wrong]));
    expect(received).toEqual([]);
  });

  it('without an answer is as unknown as any write', async () => {
    const { store } = await tableAnswering('reset');
    await expect(update(store)).rejects.toMatchObject({ outcome: 'unknown', retriable: true });
  });
});

describe('items of the group', () => {
  const put = (TableName: string, pk: string): ItemWrite => ({
    Put: { TableName, Item: { pk: { S: pk }, sk: { S: 'x' } } },
  });
  it.each([
    ['shardbeat', 'orders'],
    ['shardbeat', 'orders#dead-letters'],
    ['arn:aws:dynamodb:eu-west-1:111122223333:table/shardbeat', 'orders'],
  ])('are not written by the function: table %s, partition %s', async (table, pk) => {
    const { store, received } = await tableAnswering(done);
    const { message } = await refusedBy(update(store, [...along, put(table, pk)]));
    expect(message).toMatch(/^writes\[2\] \(Put in .*: the item is one of the group itself$/);
    expect(received).toEqual([]);
  });

  it('are others in another table, and those of others in the same one', async () => {
    const { store } = await tableAnswering(done);
    const others = [put('shardbeat', 'orders-2'), put('totals', 'orders')];
    expect(await update(store, others)).toMatchObject({ accepted: true });
  });
});

describe('a transaction whose answer is lost', () => {
  let local: LocalTable;
  beforeAll(async () => {
    local = await startLocalTable('shardbeat');
  });
  afterAll(() => local.close());

  it('has landed where its repeat is refused, and its writes are done once', async () => {
    const { client } = local;
    const of = { client, table: 'shardbeat', group: 'orders', clock, random };
    const store = createDynamodbStore(of);
    await store.update(
      shardKey('0'),
      { set: { epoch: 1, cursor: 'c0' }, condition: { absent: 'epoch' } },
      options,
    );
    const { send } = client;
    let isLost = false;
    client.send = (async (command: never, given: never) => {
      const answer = await (send as (...given: unknown[]) => Promise<unknown>).call(client, command, given);
      if (isLost) return answer;
      isLost = true;
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    }) as typeof client.send;
    const counter: ItemWrite = {
      Update: {
        TableName: 'shardbeat',
        Key: { pk: { S: 'counters' }, sk: { S: 'red' } },
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      },
    };
    const fenced = {
      set: { cursor: 'c1' },
      along: [counter],
      condition: { equal: 'cursor', value: 'c0' },
    } as const;
    const written = await settled(store, { clock, random }).update(shardKey('0'), fenced, options);
    expect(written).toMatchObject({ accepted: true, item: { cursor: 'c1' } });
    const Key = { pk: { S: 'counters' }, sk: { S: 'red' } };
    const { Item } = await client.send(new GetItemCommand({ TableName: 'shardbeat', Key }));
    expect(Item?.n).toEqual({ N: '1' });
  });
});
