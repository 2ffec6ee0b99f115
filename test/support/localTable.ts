import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type LocalDynamodb, startDynamodb } from '../../local/dynamodb.ts';
import { createGroupTable } from '../../local/groupTable.ts';

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
  await createGroupTable(client, table);
  return {
    client,
    service,
    async close() {
      client.destroy();
      await service.close();
    },
  };
}
