import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll } from 'vitest';
import { createTableDeadLetters } from '../../lib/delivery/deadLetters/table.ts';
import { systemRandom as random, systemClock } from '../../lib/runtime.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import { describeDeadLetters } from '../conformance/deadLetters.ts';
import { createManualClock } from '../support/clock.ts';

const endpoint = process.env.DYNAMODB_LOCAL_ENDPOINT;
if (!endpoint) throw new Error('DYNAMODB_LOCAL_ENDPOINT must be given: run `npm run test:dynamodb-local`');

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const client = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: 1 });
afterAll(() => client.destroy());

let tables = 0;
describeDeadLetters('DynamoDB Local', async () => {
  const table = `letters-${tables++}`;
  await createGroupTable(client, table);
  const clock = createManualClock();
  const at = { client, table, clock: systemClock, random, now: clock.now };
  return { clock, open: (group, lettersMax) => createTableDeadLetters({ ...at, group, lettersMax }) };
});
