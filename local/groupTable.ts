import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';

const KEY = [
  ['pk', 'HASH'],
  ['sk', 'RANGE'],
] as const;
const LOOKS_MAX = 100;

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
