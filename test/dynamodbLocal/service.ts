import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { LIBRARIES } from './install.ts';

const READY_MS_MAX = 30_000;
const RETRY_MS = 50;
const STOP_MS_MAX = 5_000;

export interface DynamodbLocal extends AsyncDisposable {
  endpoint: string;
}

/** Starts the jar and waits until it answers. Throws if it ends instead, or says nothing for half a minute. */
export async function startDynamodbLocal(jar: string): Promise<DynamodbLocal> {
  const port = await freePort();
  const libraries = [`-Djava.library.path=${LIBRARIES}`, '-jar', jar];
  const options = ['-port', String(port), '-inMemory', '-disableTelemetry'];
  const java = spawn('java', ['-Xmx512m', ...libraries, ...options], {
    cwd: dirname(jar),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  java.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4_000);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const service = { endpoint, [Symbol.asyncDispose]: () => stop(java) };
  try {
    await untilReady(java, endpoint);
    return service;
  } catch (error) {
    await stop(java);
    throw new Error(`DynamoDB Local did not start: ${complaints || String(error)}`, { cause: error });
  }
}

async function untilReady(java: ChildProcess, endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: 1 });
  const deadline = AbortSignal.timeout(READY_MS_MAX);
  try {
    while (true) {
      const answered = await client.send(new ListTablesCommand({}), { abortSignal: deadline }).then(
        () => true,
        () => false,
      );
      if (answered) return;
      deadline.throwIfAborted();
      if (java.exitCode !== null) throw new Error(`it ended with code ${java.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  } finally {
    client.destroy();
  }
}

async function stop(java: ChildProcess): Promise<void> {
  if (java.exitCode !== null || java.signalCode !== null) return;
  const closed = once(java, 'close');
  java.kill('SIGTERM');
  const patience = setTimeout(() => java.kill('SIGKILL'), STOP_MS_MAX);
  await closed;
  clearTimeout(patience);
}

/** Java takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
