import { expect, onTestFinished, test } from 'vitest';
import { composeSource } from '../../lib/compose/source.ts';
import { readSettings } from '../../lib/config/settings.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { createSlsWriter } from '../../local/clients/sls/writer.ts';
import { startSls } from '../../local/sls/service.ts';
import { serve, signal } from '../http/support.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';
import { createGroup } from '../support/world.ts';

const OLD = { accessKeyId: 'old-id', accessKeySecret: 'old-secret' };
const NEW = { accessKeyId: 'new-id', accessKeySecret: 'new-secret', securityToken: 'new-token' };

test('a key that is rotated while the sandbox is warm is fetched in the tick that finds it refused', async () => {
  const clock = createManualClock();
  const accounts = [OLD];
  const service = await startSls({ accounts, clock });
  onTestFinished(() => service.close());
  service.createProject('shop');
  service.createLogstore('shop', 'orders', { shards: 1 });
  const holding = (key: object) => ({ body: JSON.stringify({ SecretString: JSON.stringify(key) }) });
  const secrets = await serve(holding(OLD), holding(NEW));
  const settings = readSettings({
    SHARDBEAT_GROUP: 'orders',
    SHARDBEAT_TABLE: 'shardbeat',
    SHARDBEAT_INTERVAL: '1m',
    SHARDBEAT_SOURCE: 'sls',
    SHARDBEAT_SLS_ENDPOINT: service.url,
    SHARDBEAT_SLS_PROJECT: 'shop',
    SHARDBEAT_SLS_LOGSTORE: 'orders',
    SHARDBEAT_SLS_REGION: 'local',
    SHARDBEAT_SLS_SECRET: 'shop/sls',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
  });
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => lines.push(line), now: clock.now });
  const random = createCountingRandom();
  const aws = {
    region: async () => 'eu-west-1',
    credentials: async () => ({ accessKeyId: 'AKIA', secretAccessKey: 'aws-secret' }),
  };
  const world = createGroup({ clock, ...composeSource(settings, { clock, random, logger, aws }) });
  const put = (content: string, key: typeof OLD) =>
    createSlsWriter({
      endpoint: service.url,
      project: 'shop',
      logstore: 'orders',
      region: 'local',
      credentials: () => key,
      clock,
      random,
    }).putLogs({ logs: [{ timeMs: clock.now(), fields: { content } }] }, {}, signal);

  await put('before', OLD);
  for (let round = 0; round < 3; round++) await world.round('a');
  expect(secrets.received).toHaveLength(1);

  accounts.splice(0, 1, NEW);
  await put('after', NEW);
  const [result] = await world.round('a');
  expect(result!.shards).toMatchObject([{ stopped: 'caughtUp', batches: 1 }]);
  expect(world.delivered).toEqual(['0:before', '0:after']);
  expect(secrets.received).toHaveLength(2);

  // Nobody has the right key any more: said once, without a secret, and not asked for with every request.
  accounts.splice(0, 1);
  await world.round('a');
  await world.round('a');
  expect(secrets.received.length).toBeLessThanOrEqual(4);
  const told = [...lines, JSON.stringify(world.events)].join('\n');
  expect(told).toContain('Unauthorized');
  expect(told).not.toMatch(/(old|new|aws)-secret|new-token/);
});
