import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';

const KEY = [
  ['pk', 'HASH'],
  ['sk', 'RANGE'],
] as const;
const LOOKS_MAX = 100;

/** Makes the table of a group in a local DynamoDB, of which nobody has a client yet. */
export async function createGroupTableAt(endpoint: string, table: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials });
  await createGroupTable(client, table);
  client.destroy();
}

/** Makes an empty table of a group's shape, and waits until it can be used: as on AWS, a table is in the making for a moment. */
export async function createGroupTable(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: KEY.map(([AttributeName]) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: KEY.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
    }),
  );
  for (let look = 0; look < LOOKS_MAX; look++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (Table?.TableStatus === 'ACTIVE') return;
  }
  throw new Error(`table ${table} did not become active`);
}
