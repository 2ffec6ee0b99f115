import { afterEach, expect, it } from 'vitest';
import { createCredentials } from '../../../lib/credentials/stored.ts';
import { createDice } from '../../../local/faults/dice.ts';
import { type Chaos, startChaos } from '../../../local/run/chaos.ts';
import { createManualClock } from '../../support/clock.ts';

let chaos: Chaos | undefined;
afterEach(async () => {
  await chaos?.close();
  chaos = undefined;
});

const start = async (environment: Record<string, string>, lines?: number) => {
  const clock = createManualClock();
  const { signal } = new AbortController();
  const given = { environment, lines, clock, signal };
  chaos = await startChaos({ ...given, dice: createDice('7'), share: 0, intervalMs: 2_000 });
  return { chaos, clock };
};

it('puts a forwarder before each service, one for all that have the same address', async () => {
  const table = 'http://127.0.0.1:1001';
  const logs = 'http://127.0.0.1:1002';
  const { chaos } = await start({
    AWS_ENDPOINT_URL_DYNAMODB: table,
    SHARDBEAT_CLS_ENDPOINT: logs,
    SHARDBEAT_CLS_API_ENDPOINT: logs,
    SHARDBEAT_GROUP: 'local',
  });
  const { environment } = chaos;
  expect(environment.SHARDBEAT_CLS_ENDPOINT).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(environment.SHARDBEAT_CLS_API_ENDPOINT).toBe(environment.SHARDBEAT_CLS_ENDPOINT);
  expect([table, logs, environment.SHARDBEAT_CLS_ENDPOINT]).not.toContain(
    environment.AWS_ENDPOINT_URL_DYNAMODB,
  );
  expect(environment.SHARDBEAT_GROUP).toBe('local');
});

it('keeps the access key in a secret store, where the function fetches it through a forwarder', async () => {
  const { chaos } = await start({
    SHARDBEAT_SLS_ACCESS_KEY_ID: 'the-id',
    SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'the-secret',
  });
  const {
    SHARDBEAT_SLS_SECRET: id = '',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
    ...others
  } = chaos.environment;
  expect(others).toEqual({});
  const account = {
    region: async () => 'local',
    credentials: async () => ({ accessKeyId: 'local', secretAccessKey: 'local' }),
  };
  const ask = (name: string) => {
    const stored = { service: 'secretsmanager', id: name, endpoint, field: 'SHARDBEAT_SLS_SECRET' } as const;
    return createCredentials(stored, account, { clock: createManualClock() })();
  };
  expect(await ask(id)).toMatchObject({ accessKeyId: 'the-id', accessKeySecret: 'the-secret' });
  await expect(ask('another')).rejects.toThrow('ResourceNotFoundException');
});

it('spreads the lines over sixteen intervals, if it is known how many there are', async () => {
  const { chaos, clock } = await start({}, 100);
  let isDue = false;
  const due = chaos.due(50).then(() => {
    isDue = true;
  });
  clock.advance(15_999);
  await new Promise(setImmediate);
  expect(isDue).toBe(false);
  clock.advance(1);
  await due;
  await chaos.close();
  await (await start({})).chaos.due(1_000_000);
});
