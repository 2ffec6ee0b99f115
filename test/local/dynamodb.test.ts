import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalDynamodb, startDynamodb } from '../../local/dynamodb.ts';
import { createGroupTable } from '../../local/groupTable.ts';

const SIGNED = `AWS4-HMAC-SHA256 Credential=me/20260101/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;

describe('the local DynamoDB', () => {
  let service: LocalDynamodb;
  let client: DynamoDBClient;

  beforeEach(async () => {
    service = await startDynamodb({ onlooker: 'onlooker' });
    client = new DynamoDBClient({
      endpoint: service.endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
    await createGroupTable(client, 'shardbeat');
  });
  afterEach(async () => {
    client.destroy();
    await service.close();
  });

  const increment = (condition?: string): Promise<unknown> =>
    client.send(
      new UpdateItemCommand({
        TableName: 'shardbeat',
        Key: { pk: { S: 'group' }, sk: { S: 'group' } },
        UpdateExpression: 'ADD tick :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
        ...(condition === undefined ? {} : { ConditionExpression: condition }),
      }),
    );
  const get = (consistent: boolean): Promise<unknown> =>
    client.send(
      new GetItemCommand({
        TableName: 'shardbeat',
        Key: { pk: { S: 'group' }, sk: { S: 'group' } },
        ConsistentRead: consistent,
      }),
    );

  const post = async (body: string, authorization: string) => {
    const answer = await fetch(service.endpoint, {
      method: 'POST',
      body,
      headers: {
        authorization,
        'x-amz-date': '20260101T000000Z',
        'x-amz-target': 'DynamoDB_20120810.GetItem',
        'content-type': 'application/x-amz-json-1.0',
      },
    });
    const { __type: type, message } = (await answer.json()) as { __type?: string; message?: string };
    return { status: answer.status, type: type?.split('#')[1], message };
  };

  it('counts requests, write and read units of clients that do not ask for them', async () => {
    await increment();
    await increment();
    await get(true);
    await get(false);
    expect(service.usage()).toEqual({ requests: 4, writeUnits: 2, readUnits: 1.5 });
  });

  it('does not count what the onlooker asks', async () => {
    const body = JSON.stringify({ TableName: 'shardbeat', Key: { pk: { S: 'group' }, sk: { S: 'group' } } });
    expect(await post(body, SIGNED.replace('=me/', '=onlooker/'))).toMatchObject({ status: 200 });
    expect(service.usage().requests).toBe(0);
    await post(body, SIGNED);
    expect(service.usage().requests).toBe(1);
  });

  it('counts a refused condition as one write unit', async () => {
    await expect(increment('attribute_exists(pk)')).rejects.toThrow('conditional');
    expect(service.usage()).toEqual({ requests: 1, writeUnits: 1, readUnits: 0 });
  });

  it('survives clients that vanish in the middle of a request, and nonsense', async () => {
    const socket = connect(service.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Length: 500\r\n\r\n{"Tab',
    );
    socket.resetAndDestroy();
    const answer = await post('{"Tab', SIGNED);
    expect(answer).toMatchObject({ status: 400, type: 'SerializationException' });
    await increment();
    expect(service.usage()).toMatchObject({ writeUnits: 1 });
  });

  it.each([
    '',
    'Bearer token',
    SIGNED.replace('/dynamodb/', '/s3/'),
    SIGNED.replace('Credential=', ''),
    SIGNED.slice(0, -1),
  ])('asks for a signature, which is not %j', async (authorization) => {
    const answer = await post('{}', authorization);
    expect(answer).toEqual({
      status: 400,
      type: 'MissingAuthenticationTokenException',
      message: expect.stringContaining('in the header Authorization; any keys will do'),
    });
    expect(service.usage().requests).toBe(0);
  });

  it.each(['{"M":{"a":', '[', '{"S":"]]]","a":{"L":['])(
    'refuses documents that are nested far too deep: %s',
    async (open) => {
      const answer = await post(`{"TableName":"shardbeat","Item":{"a":${open.repeat(1_000)}`, SIGNED);
      expect(answer).toMatchObject({ status: 400, type: 'ValidationException' });
      await increment();
    },
  );

  it('takes documents as deep as DynamoDB does, and what only looks like more in a text', async () => {
    const levels = (count: number): AttributeValue =>
      count === 0 ? { S: `${'[{'.repeat(500)}\\"` } : { M: { a: levels(count - 1) } };
    const Item = { pk: { S: 'deep' }, sk: { S: 'deep' }, a: levels(31) };
    await client.send(new PutItemCommand({ TableName: 'shardbeat', Item }));
  });

  it('ends at once although clients keep their connections open', async () => {
    await increment();
    await service.close();
    await expect(increment()).rejects.toThrow();
  });
});

it('says that a port is taken, and what to do', async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
  });
  await expect(startDynamodb({ port })).rejects.toThrow(
    `--dynamodb-port: ${port} cannot be used: another program listens on`,
  );
  other.close();
});
