import { expect, it } from 'vitest';
import { composeSource } from '../../lib/compose/source.ts';
import { readSettings } from '../../lib/config/settings.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { type ScriptedServer, serve } from '../http/support.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';

const GROUP = { SHARDBEAT_GROUP: 'orders', SHARDBEAT_TABLE: 'shardbeat' };
const TOPIC = 'b0000000-0000-4000-8000-000000000000';

const SOURCES = {
  sls: ({ url }: ScriptedServer) => ({
    SHARDBEAT_SOURCE: 'sls',
    SHARDBEAT_SLS_ENDPOINT: url,
    SHARDBEAT_SLS_PROJECT: 'shop',
    SHARDBEAT_SLS_LOGSTORE: 'orders',
    SHARDBEAT_SLS_REGION: 'cn-hangzhou',
    SHARDBEAT_SLS_ACCESS_KEY_ID: 'id',
    SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'secret',
  }),
  cls: ({ url }: ScriptedServer) => ({
    SHARDBEAT_SOURCE: 'cls',
    SHARDBEAT_CLS_ENDPOINT: url,
    SHARDBEAT_CLS_API_ENDPOINT: url,
    SHARDBEAT_CLS_LOGSET: '6f6ded3f-948c-4616-9c7c-956a95d8c1a3',
    SHARDBEAT_CLS_TOPICS: TOPIC,
    SHARDBEAT_CLS_ACCESS_KEY_ID: 'id',
    SHARDBEAT_CLS_ACCESS_KEY_SECRET: 'secret',
  }),
};

it.each([
  { source: 'sls', call: 'pull', interval: '1m', expectedMs: 10_000 },
  { source: 'sls', call: 'pull', interval: '5s', expectedMs: 1_440 },
  { source: 'sls', call: 'listShards', interval: '5s', expectedMs: 1_440 },
  { source: 'cls', call: 'pull', interval: '10m', expectedMs: 30_000 },
  { source: 'cls', call: 'pull', interval: '1m', expectedMs: 18_000 },
  { source: 'cls', call: 'listShards', interval: '1m', expectedMs: 10_000 },
  { source: 'cls', call: 'listShards', interval: '5s', expectedMs: 1_440 },
] as const)(
  'of $source every $interval, an attempt of $call ends after $expectedMs ms, so that a second one fits in the tick',
  async ({ source: name, call, interval, expectedMs }) => {
    const server = await serve('hang');
    const settings = readSettings({ ...GROUP, ...SOURCES[name](server), SHARDBEAT_INTERVAL: interval });
    const clock = createManualClock();
    const sleepsMs: number[] = [];
    const sleep = (durationMs: number, signal?: AbortSignal): Promise<void> => {
      sleepsMs.push(durationMs);
      return clock.sleep(durationMs, signal);
    };
    const logger = createLogger({ level: 'error', write: () => {}, now: clock.now });
    const aws = { region: () => Promise.reject(), credentials: () => Promise.reject() };
    const runtime = { clock: { ...clock, sleep }, random: createCountingRandom(), logger, aws };
    const { source } = composeSource(settings, runtime);
    const over = new AbortController();
    const { signal } = over;
    const shard = name === 'sls' ? '0' : `${TOPIC}:0`;
    const request = { shard, cursor: '5', closed: false, countMax: 100, signal };
    const asked = call === 'pull' ? source.pull(request) : source.listShards(signal);
    asked.catch(() => {});
    await server.arrival(1);
    over.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    expect(sleepsMs).toEqual([expectedMs]);
    const { functionTimeoutMs, reserveMs } = settings.times;
    expect(2 * expectedMs).toBeLessThan(functionTimeoutMs - reserveMs);
  },
);
