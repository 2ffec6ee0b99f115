/** What both benches of a limited function need: a table, a backlog, and the bundle of a module. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleModule } from '../../infra/bundle.ts';
import { startDynamodb } from '../../local/dynamodb.ts';
import { createGroupTableAt } from '../../local/groupTable.ts';
import { type Ended, runLimited } from './limited.ts';
import { type Backlog, KEY, LOGSTORE, PROJECT, startBacklog } from './service.ts';

export const SHARDS = 16;
/** Of a tick; the interval is a quarter longer. */
const TICK_MS = 12_000;
const INTERVAL = '15s';
/** The first run waits for its first plan. */
const RUN_MS_MAX = 120_000;
const TABLE = 'bench';
const TICKS = join(import.meta.dirname, 'ticks.mjs');

export interface Setting {
  backlog: Backlog;
  /** So many ticks, in a process of as much memory. */
  run(of: {
    ticks: number;
    limitMiB: number;
    cpuShare?: number;
    environment?: Readonly<Record<string, string>>;
  }): Promise<Ended>;
}

/** `module`: the user's, in this folder. */
export async function withSetting<T>(module: string, measure: (setting: Setting) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'shardbeat-bench-'));
  const dynamodb = await startDynamodb();
  const backlog = await startBacklog({ shards: SHARDS });
  try {
    const bundled = await bundleModule({ module: join(import.meta.dirname, module), directory: folder });
    await createGroupTableAt(dynamodb.endpoint, TABLE);
    const handler = join(folder, bundled.handler);
    return await measure({
      backlog,
      run: ({ ticks, limitMiB, environment, ...rest }) =>
        runLimited([TICKS, handler, String(ticks)], {
          ...rest,
          limitMiB,
          runMsMax: RUN_MS_MAX,
          environment: {
            ...environmentOf(backlog.url, dynamodb.endpoint),
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(limitMiB),
            ...environment,
          },
        }),
    });
  } finally {
    await Promise.all([dynamodb.close(), backlog.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

function environmentOf(slsUrl: string, dynamodbUrl: string): Record<string, string> {
  return {
    SHARDBEAT_GROUP: 'orders',
    SHARDBEAT_TABLE: TABLE,
    SHARDBEAT_INTERVAL: INTERVAL,
    SHARDBEAT_SOURCE: 'sls',
    SHARDBEAT_SLS_ENDPOINT: slsUrl,
    SHARDBEAT_SLS_PROJECT: PROJECT,
    SHARDBEAT_SLS_LOGSTORE: LOGSTORE,
    SHARDBEAT_SLS_REGION: 'local',
    SHARDBEAT_SLS_ACCESS_KEY_ID: KEY.accessKeyId,
    SHARDBEAT_SLS_ACCESS_KEY_SECRET: KEY.accessKeySecret,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    BENCH_TICK_MS: String(TICK_MS),
  };
}
