import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRequestTokens } from '../../../local/dynamodb/requestTokens.ts';
import type { Answered } from '../../../local/dynamodb/transactWrite.ts';
import { type LocalDynamodb, startDynamodb } from '../../../local/dynamodb.ts';
import { createGroupTable } from '../../../local/groupTable.ts';

const TABLE = 'shardbeat';
let service: LocalDynamodb;
let client: DynamoDBClient;
let test = 0;

beforeAll(async () => {
  service = await startDynamodb();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new DynamoDBClient({ endpoint: service.endpoint, region: 'local', credentials, maxAttempts: 1 });
  await createGroupTable(client, TABLE);
});
afterAll(async () => {
  client.destroy();
  await service.close();
});
beforeEach(() => {
  test++;
});

const key = (name: string) => ({ pk: { S: `test ${test}` }, sk: { S: name } });
const number = (value: number): AttributeValue => ({ N: String(value) });
const itemOf = async (name: string) => {
  const { Item } = await client.send(new GetItemCommand({ TableName: TABLE, Key: key(name) }));
  return Item === undefined ? undefined : Number(Item.count?.N ?? Number.NaN);
};
const put = (name: string, count: number): TransactWriteItem => ({
  Put: { TableName: TABLE, Item: { ...key(name), count: number(count) } },
});
const add = (name: string, count: number, condition?: string): TransactWriteItem => ({
  Update: {
    TableName: TABLE,
    Key: key(name),
    UpdateExpression: 'ADD #count :more',
    ...(condition && { ConditionExpression: condition }),
    ExpressionAttributeNames: { '#count': 'count' },
    ExpressionAttributeValues: { ':more': number(count) },
  },
});
const remove = (name: string): TransactWriteItem => ({ Delete: { TableName: TABLE, Key: key(name) } });
const check = (name: string, condition: string): TransactWriteItem => ({
  ConditionCheck: { TableName: TABLE, Key: key(name), ConditionExpression: condition },
});
const transact = (items: TransactWriteItem[], token?: string) =>
  client.send(
    new TransactWriteItemsCommand({
      TransactItems: items,
      ClientRequestToken: token,
      ReturnConsumedCapacity: 'TOTAL',
    }),
  );
const reasonsOf = async (items: TransactWriteItem[]) => {
  const error = await transact(items).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(TransactionCanceledException);
  return (error as TransactionCanceledException).CancellationReasons!.map(({ Code }) => Code);
};
const given = (name: string, count: number) =>
  client.send(new PutItemCommand({ TableName: TABLE, Item: { ...key(name), count: number(count) } }));

describe('a transaction', () => {
  it('writes, changes and deletes all of it', async () => {
    await given('changed', 1);
    await given('deleted', 1);
    await transact([
      put('new', 5),
      add('changed', 2),
      remove('deleted'),
      check('other', 'attribute_not_exists(pk)'),
    ]);
    expect(await Promise.all(['new', 'changed', 'deleted', 'other'].map(itemOf))).toEqual([
      5,
      3,
      undefined,
      undefined,
    ]);
  });

  it('does nothing if one condition is refused, and says which', async () => {
    await given('changed', 1);
    await given('deleted', 1);
    await given('there', 1);
    const items = [put('new', 5), put('deleted', 9), add('changed', 2), remove('absent')];
    const refused = add('other', 1, 'attribute_exists(pk)');
    expect(await reasonsOf([...items, refused, check('there', 'attribute_not_exists(pk)')])).toEqual([
      ...['None', 'None', 'None', 'None'],
      ...['ConditionalCheckFailed', 'ConditionalCheckFailed'],
    ]);
    expect(await Promise.all(['new', 'deleted', 'changed', 'absent', 'other'].map(itemOf))).toEqual([
      undefined,
      1,
      1,
      undefined,
      undefined,
    ]);
  });

  it('brings back what was deleted', async () => {
    await given('deleted', 1);
    await reasonsOf([remove('deleted'), check('absent', 'attribute_exists(pk)')]);
    expect(await itemOf('deleted')).toBe(1);
  });

  it('gives the item that did not meet a condition, where that is asked for', async () => {
    await given('there', 7);
    const asked = check('there', 'attribute_not_exists(pk)');
    asked.ConditionCheck!.ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
    const error = (await transact([asked]).catch((error: unknown) => error)) as TransactionCanceledException;
    expect(error.CancellationReasons).toEqual([
      {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        Item: { ...key('there'), count: { N: '7' } },
      },
    ]);
    expect(error.message).toContain('specific reasons [ConditionalCheckFailed]');
  });

  it('is cancelled by what cannot be done to an item', async () => {
    await client.send(
      new PutItemCommand({ TableName: TABLE, Item: { ...key('text'), count: { S: 'many' } } }),
    );
    expect(await reasonsOf([add('text', 1), put('new', 1)])).toEqual(['ValidationError', 'None']);
    expect(await itemOf('new')).toBeUndefined();
  });

  it('is done once under one token, and what was cancelled may be tried again', async () => {
    const token = `token ${test}`;
    await transact([add('counter', 1)], token);
    await transact([add('counter', 1)], token);
    expect(await itemOf('counter')).toBe(1);
    await expect(transact([add('counter', 2)], token)).rejects.toThrow('same client token');
    const guarded = [add('other', 1), check('guard', 'attribute_exists(pk)')];
    await expect(transact(guarded, `${token} again`)).rejects.toThrow('ConditionalCheckFailed');
    await given('guard', 1);
    await transact(guarded, `${token} again`);
    expect(await itemOf('other')).toBe(1);
  });

  it.each<[string, TransactWriteItem[], string]>([
    ['none', [], 'between 1 and 100'],
    [
      'a hundred and one',
      Array.from({ length: 101 }, (_, index) => put(`many ${index}`, 1)),
      'between 1 and 100',
    ],
    ['two of one item', [put('same', 1), remove('same')], 'multiple operations on one item'],
    ['two things at once', [{ ...put('same', 1), ...remove('same') }], 'only contain one of'],
    [
      'an expression that is none',
      [put('good', 1), check('bad', 'attribute_exists(')],
      'Invalid ConditionExpression',
    ],
  ])('of %s is refused, and does nothing', async (_what, items, why) => {
    await expect(transact(items)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(why),
    });
    expect(await itemOf('good')).toBeUndefined();
  });

  it('of a table that is not there is refused', async () => {
    const elsewhere = { Put: { TableName: 'elsewhere', Item: key('a') } };
    await expect(transact([elsewhere])).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('costs two write units an item, done or not', async () => {
    const before = service.usage().writeUnits;
    const { ConsumedCapacity } = await transact([put('a', 1), put('b', 1)]);
    expect(ConsumedCapacity).toMatchObject([{ TableName: TABLE, CapacityUnits: 4, WriteCapacityUnits: 4 }]);
    await reasonsOf([put('a', 2), check('b', 'attribute_not_exists(pk)')]);
    expect(service.usage().writeUnits - before).toBe(8);
  });

  it('is seen as a whole or not at all, while others read and write', async () => {
    await Promise.all([given('one', 50), given('two', 50)]);
    const sums: number[] = [];
    const read = async () => {
      const values = { ':pk': key('').pk };
      const { Items } = await client.send(
        new QueryCommand({
          TableName: TABLE,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: values,
        }),
      );
      sums.push(Items!.reduce((sum, { count }) => sum + Number(count!.N), 0));
    };
    const move = (index: number) => {
      const refused = index % 2 === 0 ? [check('three', 'attribute_exists(pk)')] : [];
      return transact([add('one', 1), add('two', -1), ...refused]).catch(() => {});
    };
    await Promise.all(Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? read() : move(index))));
    expect(new Set(sums)).toEqual(new Set([100]));
    expect(await itemOf('one')).toBe(70);
  });
});

it('a token is forgotten after ten minutes', async () => {
  let now = 0;
  let done = 0;
  const once = createRequestTokens(() => now);
  const work = async (): Promise<Answered> => {
    done++;
    return { ok: true, units: new Map() };
  };
  const at = async (minutes: number): Promise<number> => {
    now = minutes * 60_000;
    await once({ ClientRequestToken: 'token', TransactItems: [] }, work);
    return done;
  };
  expect([await at(0), await at(10), await at(10.1), await at(12)]).toEqual([1, 1, 2, 2]);
});
