import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { type Reply, type ScriptedServer, serve } from '../http/support.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';

const options = { signal: new AbortController().signal };
const clock = { ...createManualClock(), sleep: async () => {} };
let server: ScriptedServer | undefined;
let client: DynamoDBClient | undefined;
afterEach(() => client?.destroy());

async function storeAnswering(reply: Reply) {
  server = await serve(reply, reply, reply, reply);
  client = new DynamoDBClient({
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  const random = createCountingRandom();
  return createDynamodbStore({ client, table: 'shardbeat', group: 'orders', clock, random });
}

describe.each([
  { name: 'nothing at all', reply: { body: '' } },
  { name: 'an empty object', reply: { body: '{}' } },
  { name: 'a page', reply: { headers: { 'content-type': 'text/html' }, body: '<html>log in</html>' } },
])('$name, with status 200, as a proxy may send it', ({ reply }) => {
  const unknown = expect.objectContaining({ name: 'StoreError', outcome: 'unknown', retriable: true });

  it('is no absent item', async () => {
    const store = await storeAnswering(reply);
    await expect(store.get('GROUP', { ...options, consistent: true })).rejects.toEqual(unknown);
  });

  it('is no group without items', async () => {
    const store = await storeAnswering(reply);
    await expect(store.readAll({ ...options, consistent: true })).rejects.toEqual(unknown);
  });

  it('is no write: nobody knows what became of it', async () => {
    const store = await storeAnswering(reply);
    const write = { set: { paused: true }, condition: { exists: 'generation' } } as const;
    await expect(store.update('GROUP', write, options)).rejects.toEqual(unknown);
    await expect(store.remove('CONSUMER#a', { exists: 'heartbeatAt' }, options)).rejects.toEqual(unknown);
  });
});
