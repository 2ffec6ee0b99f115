/**
 * `npm run test:transactions`: a thousand random transactions on the embedded table and on moto's, an implementation of DynamoDB that has
 * nothing in common with it. What is answered, and what then stands in the table, has to be the same. `-- --seed N` draws others.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynamodb } from '../../local/dynamodb.ts';
import { createDice } from '../../local/faults/dice.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import { installPythonTool } from '../interop/toolchains.ts';
import { compare } from './compare.ts';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const TRANSACTIONS = 1_000;
const STARTS_IN_MS = 30_000;

const moto = await installPythonTool('moto_server', join(import.meta.dirname, 'requirements.txt'));
if (moto === undefined) console.log('skipped: no python3');
else {
  const server = spawn(moto, ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const embedded = await startDynamodb();
  try {
    const clients = [await addressOf(server.stderr), embedded.endpoint].map(clientOf);
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
    server.kill();
    await embedded.close();
  }
}

/** Where the server says that it listens. */
function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    setTimeout(() => reject(new Error(`moto does not start: ${said}`)), STARTS_IN_MS).unref();
    output.on('data', (chunk: Buffer) => {
      said += chunk;
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
}

function clientOf(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}
