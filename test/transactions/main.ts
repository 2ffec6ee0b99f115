/**
 * `npm run test:transactions`: a thousand random transactions on the embedded table and on moto's, an implementation of DynamoDB that has
 * nothing in common with it. What is answered, and what then stands in the table, has to be the same. `-- --seed N` draws others.
 */
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynamodb } from '../../local/dynamodb.ts';
import { createDice } from '../../local/faults/dice.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import { startMoto } from '../support/moto.ts';
import { compare } from './compare.ts';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const TRANSACTIONS = 1_000;

const moto = await startMoto();
if (moto === undefined) console.log('skipped: no python3');
else {
  const embedded = await startDynamodb();
  try {
    const clients = [moto.url, embedded.endpoint].map(clientOf);
    for (const client of clients) await createGroupTable(client, 'shardbeat');
    const [theirs, ours] = clients as [DynamoDBClient, DynamoDBClient];
    const dice = createDice(`transactions ${values.seed}`);
    const { done, cancelled, refused, difference } = await compare({ theirs, ours, dice }, TRANSACTIONS);
    console.log(`${done} done, ${cancelled} cancelled, ${refused} refused`);
    if (difference === undefined) console.log('ok      the embedded table and moto agree');
    else {
      console.error(difference);
      process.exitCode = 1;
    }
    for (const client of clients) client.destroy();
  } finally {
    moto.kill();
    await embedded.close();
  }
}

function clientOf(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}
