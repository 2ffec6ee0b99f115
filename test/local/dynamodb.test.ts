import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalDynamodb, startDynamodb } from '../../local/dynamodb.ts';

describe('the local DynamoDB', () => {
  let service: LocalDynamodb;
  let client: DynamoDBClient;

  beforeEach(async () => {
    service = await startDynamodb();
    client = new DynamoDBClient({
      endpoint: service.endpoint,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
    await client.send(
      new CreateTableCommand({
        TableName: 'shardbeat',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      }),
    );
  });
  afterEach(async () => {
    client.destroy();
    await service.close();
  });

  const increment = (condition?: string): Promise<unknown> =>
    client.send(
      new UpdateItemCommand({
        TableName: 'shardbeat',
        Key: { pk: { S: 'group' } },
        UpdateExpression: 'ADD tick :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
        ...(condition === undefined ? {} : { ConditionExpression: condition }),
      }),
    );
  const get = (consistent: boolean): Promise<unknown> =>
    client.send(
      new GetItemCommand({ TableName: 'shardbeat', Key: { pk: { S: 'group' } }, ConsistentRead: consistent }),
    );

  it('counts requests, write and read units of clients that do not ask for them', async () => {
    await increment();
    await increment();
    await get(true);
    await get(false);
    expect(service.usage()).toEqual({ requests: 4, writeUnits: 2, readUnits: 1.5 });
  });

  it('counts a refused condition as one write unit', async () => {
    await expect(increment('attribute_exists(pk)')).rejects.toThrow('conditional');
    expect(service.usage()).toEqual({ requests: 1, writeUnits: 1, readUnits: 0 });
  });

  it('survives clients that vanish in the middle of a request, and nonsense', async () => {
    const socket = connect(service.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Length: 500\r\n\r\n{"Tab',
    );
    socket.resetAndDestroy();
    const answer = await fetch(service.endpoint, {
      method: 'POST',
      body: '{"Tab',
      headers: { 'X-Amz-Target': 'DynamoDB_20120810.GetItem', 'Content-Type': 'application/x-amz-json-1.0' },
    });
    expect(answer.status).toBe(400);
    await increment();
    expect(service.usage()).toMatchObject({ writeUnits: 1 });
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
