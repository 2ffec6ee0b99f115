import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll } from 'vitest';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import { describeGroupStore } from '../conformance/groupStore.ts';

const endpoint = process.env.DYNAMODB_LOCAL_ENDPOINT;
if (!endpoint) throw new Error('DYNAMODB_LOCAL_ENDPOINT must be given: run `npm run test:dynamodb-local`');

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const client = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: 1 });
afterAll(() => client.destroy());

let tables = 0;
describeGroupStore('DynamoDB Local', async () => {
  const table = `shardbeat-${tables++}`;
  await createGroupTable(client, table);
  return (group) => createDynamodbStore({ client, table, group, clock, random });
});
