import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type LocalDynamodb, startDynamodb } from '../../local/dynamodb.ts';

export interface LocalTable {
  client: DynamoDBClient;
  service: LocalDynamodb;
  close(): Promise<void>;
}

/** An embedded DynamoDB with one empty table of the group's shape. */
export async function startLocalTable(table: string): Promise<LocalTable> {
  const service = await startDynamodb();
  const client = new DynamoDBClient({
    endpoint: service.endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  await createTable(client, table);
  return {
    client,
    service,
    async close() {
      client.destroy();
      await service.close();
    },
  };
}

export async function createTable(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  // Even with no delay configured, a table is being made for a moment.
  for (let look = 0; look < 100; look++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (Table?.TableStatus === 'ACTIVE') return;
  }
  throw new Error(`table ${table} did not become active`);
}
