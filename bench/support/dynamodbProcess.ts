/** The embedded DynamoDB in a process of its own, so that what it does is not counted as ours. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type DynamodbUsage, startDynamodb } from '../../local/dynamodb.ts';
import { createGroupTableAt } from '../../local/groupTable.ts';

export const TABLE = 'shardbeat';

export interface DynamodbProcess extends AsyncDisposable {
  /** For a client of the AWS SDK that reads them. */
  environment: Readonly<Record<string, string>>;
  usage(): Promise<DynamodbUsage>;
}

export async function startDynamodbProcess(): Promise<DynamodbProcess> {
  const child = fork(import.meta.filename, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [endpoint] = await once(child, 'message');
  return {
    environment: {
      AWS_ENDPOINT_URL_DYNAMODB: String(endpoint),
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    },
    async usage() {
      child.send('usage');
      const [usage] = await once(child, 'message');
      return usage as DynamodbUsage;
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  const service = await startDynamodb();
  await createGroupTableAt(service.endpoint, TABLE);
  process.on('message', () => process.send?.(service.usage()));
  process.once('disconnect', () => void service.close());
  process.send(service.endpoint);
}
