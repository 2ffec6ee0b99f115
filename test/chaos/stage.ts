import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { formatDuration } from '../../lib/config/duration.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { type Clock, systemRandom } from '../../lib/runtime.ts';
import { createSlsClient } from '../../lib/sources/sls/client.ts';
import type { Log } from '../../lib/sources/sls/logGroup.ts';
import { startDynamodb } from '../../local/dynamodb.ts';
import type { ShardView } from '../../local/sls/handlers/shards.ts';
import { startSls } from '../../local/sls/service.ts';
import { createTable } from '../support/localTable.ts';

/** The services of a run: the stream with its shards, and the group's table, seen as an operator sees them. */
export interface Stage extends AsyncDisposable {
  /** The variables of the deployed function, pointing here. */
  environment: Readonly<Record<string, string>>;
  store: GroupStore;
  /** Appends a log group to whichever shard holds the key at the moment; signed, over HTTP. */
  put(hashKey: string, logs: readonly Log[], signal: AbortSignal): Promise<void>;
  /** Those that take records, in order of their keys. */
  openShards(): ShardView[];
  closedShards(): ShardView[];
  split(shard: number): void;
  /** With the right neighbour. */
  merge(shard: number): void;
  /** By shard, the position after its last record. */
  endCursors(): Readonly<Record<string, string>>;
}

const PROJECT = 'shardbeat-chaos';
const LOGSTORE = 'lines';
const TABLE = 'shardbeat';
const GROUP = 'chaos';
const KEY = { accessKeyId: 'local', accessKeySecret: 'local-secret' };
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

export async function startStage(options: {
  shards: number;
  intervalMs: number;
  clock: Clock;
}): Promise<Stage> {
  const { clock } = options;
  await using started = new AsyncDisposableStack();
  const dynamodb = await startDynamodb();
  started.defer(dynamodb.close);
  const { endpoint } = dynamodb;
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials: CREDENTIALS, maxAttempts: 1 });
  started.defer(() => client.destroy());
  await createTable(client, TABLE);
  const sls = await startSls({ accounts: [KEY], clock });
  started.defer(sls.close);
  sls.createProject(PROJECT);
  sls.createLogstore(PROJECT, LOGSTORE, { shards: options.shards });
  const producer = createSlsClient({
    endpoint: sls.url,
    project: PROJECT,
    logstore: LOGSTORE,
    region: 'local',
    credentials: () => KEY,
    clock,
    random: systemRandom,
  });

  const shards = new Map<number, ShardView>();
  const take = (views: readonly ShardView[]): void => {
    for (const view of views) shards.set(view.shardID, view);
  };
  take((await producer.listShards(new AbortController().signal)) as ShardView[]);
  const withStatus = (status: ShardView['status']): ShardView[] =>
    [...shards.values()]
      .filter((shard) => shard.status === status)
      .sort((a, b) => (a.inclusiveBeginKey < b.inclusiveBeginKey ? -1 : 1));

  const services = started.move();
  return {
    environment: environmentOf(sls.url, endpoint, options.intervalMs),
    store: createDynamodbStore({ client, table: TABLE, group: GROUP, clock, random: systemRandom }),
    put: (hashKey, logs, signal) =>
      producer.putLogs({ topic: 'chaos', source: '127.0.0.1', logs }, { hashKey }, signal),
    openShards: () => withStatus('readwrite'),
    closedShards: () => withStatus('readonly'),
    split: (shard) => take(sls.split(PROJECT, LOGSTORE, shard)),
    merge: (shard) => take(sls.merge(PROJECT, LOGSTORE, shard)),
    endCursors: () => sls.endCursors(PROJECT, LOGSTORE),
    [Symbol.asyncDispose]: () => services.disposeAsync(),
  };
}

function environmentOf(slsUrl: string, dynamodbUrl: string, intervalMs: number): Record<string, string> {
  return {
    SHARDBEAT_GROUP: GROUP,
    SHARDBEAT_TABLE: TABLE,
    SHARDBEAT_INTERVAL: formatDuration(intervalMs),
    SHARDBEAT_START: 'begin',
    // Little more than what comes in: so a fault leaves a backlog for a while, also in a shard that is then split.
    SHARDBEAT_COUNT_MAX: '6',
    SHARDBEAT_BATCHES_MAX: '2',
    SHARDBEAT_SOURCE: 'sls',
    SHARDBEAT_SLS_ENDPOINT: slsUrl,
    SHARDBEAT_SLS_PROJECT: PROJECT,
    SHARDBEAT_SLS_LOGSTORE: LOGSTORE,
    SHARDBEAT_SLS_REGION: 'local',
    SHARDBEAT_SLS_ACCESS_KEY_ID: KEY.accessKeyId,
    SHARDBEAT_SLS_ACCESS_KEY_SECRET: KEY.accessKeySecret,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
}
