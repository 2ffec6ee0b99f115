import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DynamodbSinkOptions, dynamodbSink } from '../../lib/sinks/dynamodb.ts';
import { type AwsService, KEY, REGION, startAwsService } from '../support/awsService.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';
import { createHastyClock, give, linesOf, numbered, slowest } from './support.ts';

interface Put {
  PutRequest: { Item: Record<string, { S?: string }> };
}

/** The embedded DynamoDB behind an address that checks signatures, and leaves puts unprocessed if it is told so. */
let table: LocalTable;
let service: AwsService;
let requests: Put[][];
let unprocessed: (put: Put) => boolean;
beforeAll(async () => {
  table = await startLocalTable('unused');
  service = await startAwsService('dynamodb', async ({ headers, body }) => {
    const [[name, puts]] = Object.entries(JSON.parse(body.toString()).RequestItems) as [[string, Put[]]];
    requests.push(puts);
    const left = puts.filter(unprocessed);
    const done = puts.filter((put) => !left.includes(put));
    if (done.length > 0) {
      const sent = { method: 'POST', body: JSON.stringify({ RequestItems: { [name]: done } }) };
      const named = ['authorization', 'x-amz-date', 'x-amz-target', 'content-type'] as const;
      const kept = named.map((name) => [name, String(headers[name])] as const);
      const answer = await fetch(table.service.endpoint, { ...sent, headers: Object.fromEntries(kept) });
      if (!answer.ok) return { status: answer.status, body: await answer.text() };
    }
    return { body: JSON.stringify({ UnprocessedItems: left.length > 0 ? { [name]: left } : {} }) };
  });
});
afterAll(async () => {
  await service.close();
  await table.close();
});
beforeEach(async () => {
  requests = [];
  unprocessed = () => false;
  await table.close();
  table = await startLocalTable('audit');
});

const sinkOf = (given: Partial<DynamodbSinkOptions> = {}) =>
  dynamodbSink({
    ...{
      tableName: 'audit',
      key: ['pk', 'sk'],
      client: new DynamoDBClient({ region: REGION, credentials: KEY }),
      endpoint: service.url,
    },
    ...{ clock: createHastyClock(Date.now()), random: slowest },
    transform: (record, { shard }, name) => ({
      pk: shard,
      sk: name,
      line: record.get('content'),
      none: undefined,
    }),
    ...given,
  });
async function itemsOf(): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: 'audit' }));
  return Items.map((item) => unmarshall(item));
}
const lines = async (): Promise<unknown[]> => (await itemsOf()).map(({ line }) => line).sort();

describe('a table', () => {
  it('has an item for each record, 25 in a request', async () => {
    expect(await give(sinkOf(), linesOf(numbered(60)))).toEqual({});
    expect(requests.map(({ length }) => length).sort()).toEqual([10, 25, 25]);
    expect(await lines()).toEqual(numbered(60).sort());
    expect(await itemsOf()).toContainEqual({ pk: '0', sk: 'sls/shop/orders/0/MTA=/7', line: 'line 7' });
  });

  it('has bytes, lists and maps as they are', async () => {
    const value = {
      bytes: Buffer.from('hi'),
      set: new Set([Buffer.from('ho')]),
      list: [1, { a: Buffer.from('he') }],
    };
    const transform: DynamodbSinkOptions['transform'] = () => ({ pk: 'a', sk: 'b', value });
    expect(await give(sinkOf({ transform }), linesOf(['a']))).toEqual({});
    const [{ value: stored } = {}] = (await itemsOf()) as {
      value?: { bytes: Uint8Array; list: [number, { a: Uint8Array }] };
    }[];
    expect(Buffer.from(stored!.bytes).toString()).toBe('hi');
    expect(Buffer.from(stored!.list[1].a).toString()).toBe('he');
  });

  it('is sent again what was not processed, and nothing else', async () => {
    let count = 0;
    unprocessed = () => ++count % 4 === 0;
    expect(await give(sinkOf(), linesOf(numbered(20)))).toEqual({});
    expect(requests.map(({ length }) => length)).toEqual([20, 5, 1]);
    expect(await lines()).toEqual(numbered(20).sort());
  });

  it('has the last of several items of one key, which are put one after another', async () => {
    let count = 0;
    unprocessed = () => ++count % 3 === 0;
    const transform: DynamodbSinkOptions['transform'] = (record) => ({
      pk: 'all',
      sk: 'latest',
      line: record.get('content'),
    });
    expect(await give(sinkOf({ transform }), linesOf(numbered(9)))).toEqual({});
    expect(await lines()).toEqual(['line 8']);
    expect(requests.every(({ length }) => length === 1)).toBe(true);
  });

  it('has each record once: again, after half of it, in parts, in a replay and from two owners', async () => {
    unprocessed = ({ PutRequest }) => PutRequest.Item.line!.S === 'line 30';
    expect(await give(sinkOf(), linesOf(numbered(60)))).toMatchObject({ failed: [30] });
    unprocessed = () => false;
    const [one, other] = [sinkOf(), sinkOf()];
    await Promise.all([give(one, linesOf(numbered(60))), give(other, linesOf(numbered(60)))]);
    await give(one, linesOf(numbered(60), { group: 'audit#replay-1', id: 'audit#replay-1/0/MTA=-MTg=' }));
    expect(await lines()).toEqual(numbered(60).sort());
  });

  it('names a record of which no item can be made', async () => {
    for (const [made, said] of [
      [{ pk: 'a' }, 'the item has no sk'],
      [{ pk: 'a', sk: 'b', text: 'c'.repeat(400 * 1024) }, 'and no more than 409600'],
    ] as const) {
      const transform: DynamodbSinkOptions['transform'] = (record) =>
        record.get('content') === 'line 3' ? made : { pk: 'a', sk: record.get('content') };
      const { failed, error } = await give(sinkOf({ transform }), linesOf(numbered(9)));
      expect(failed).toEqual([3]);
      expect((error as Error).message).toContain(said);
    }
  });

  it('that there is not, is an error that says so', async () => {
    const { threw } = await give(sinkOf({ tableName: 'others' }), linesOf(['a']));
    expect((threw as Error).message).toContain('there is no table others: make it, or correct its name');
  });
});

it.each<[string, Partial<DynamodbSinkOptions>]>([
  ['tableName', { tableName: '' }],
  ['key', { key: [] as unknown as [string] }],
  ['key', { key: ['pk', ''] }],
  ['transform', { transform: undefined as unknown as DynamodbSinkOptions['transform'] }],
  ['parallelMax', { parallelMax: 0 }],
])('options are checked when the sink is made: %s', (field, given) => {
  expect(() => sinkOf(given)).toThrow(expect.objectContaining({ field: `dynamodbSink: ${field}` }));
});
