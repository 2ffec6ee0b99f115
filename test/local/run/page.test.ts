import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../../lib/errors.ts';
import { systemClock } from '../../../lib/runtime.ts';
import { showPage } from '../../../local/run/page.ts';
import { LOG_SERVICES } from '../../../local/run/services/services.ts';
import { startStack } from '../../../local/run/stack.ts';

const run = { pid: 1, directory: '/', startedAt: 1, environment: {} };

describe('the page of a run', () => {
  const shown = async (given: { pagePort?: number; fails?: Error; isOld?: boolean }) => {
    const said: string[] = [];
    const calls: string[] = [];
    const openPage = async ({ port, records }: { port: number; records(): number }) => {
      calls.push(`port ${port}, ${records()} records`);
      if (given.fails) throw given.fails;
      return { address: 'http://127.0.0.1:1/token/', close: async () => void calls.push('closed') };
    };
    const world = {
      screen: { say: (text: string) => void said.push(text) },
      openPage: given.isOld ? undefined : openPage,
    };
    const close = await showPage({ pagePort: given.pagePort }, world, run, () => 7);
    await close();
    return { said, calls };
  };

  it('is opened, said, and closed', async () => {
    expect(await shown({ pagePort: 0 })).toEqual({
      said: ['page: http://127.0.0.1:1/token/'],
      calls: ['port 0, 7 records', 'closed'],
    });
  });

  it('is none where none is wanted, and where the command line knows none', async () => {
    expect(await shown({})).toEqual({ said: [], calls: [] });
    expect(await shown({ pagePort: 0, isOld: true })).toEqual({ said: [], calls: [] });
  });

  it('that cannot be had is no reason not to run, unless its port was asked for', async () => {
    const fails = new SettingsError('--page-port', 8080, 'another program listens there');
    expect(await shown({ pagePort: 0, fails })).toMatchObject({
      said: [expect.stringMatching(/^no page: SettingsError: /)],
    });
    await expect(shown({ pagePort: 8080, fails })).rejects.toThrow(fails);
  });
});

it('what it asks of the table is no part of what the group costs', async () => {
  const ports = { logsPort: 0, dynamodbPort: 0 };
  const options = { shards: 1, intervalMs: 1_000, linger: 'off', ...ports, clock: systemClock };
  const stack = await startStack({ ...options, service: LOG_SERVICES.sls });
  try {
    const usageOf = async (environment: Readonly<Record<string, string>>) => {
      const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } =
        environment;
      const credentials = { accessKeyId, secretAccessKey };
      const client = new DynamoDBClient({ endpoint: stack.dynamodbUrl, region: 'local', credentials });
      await client.send(
        new GetItemCommand({ TableName: 'shardbeat', Key: { pk: { S: 'a' }, sk: { S: 'b' } } }),
      );
      client.destroy();
      return stack.dynamodbUsage().requests;
    };
    expect(await usageOf(stack.onlookerEnvironment)).toBe(0);
    expect(await usageOf(stack.environment)).toBe(1);
  } finally {
    await stack.close();
  }
});
