import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { formatDuration } from '../../lib/config/duration.ts';
import { SettingsError, SourceError } from '../../lib/errors.ts';
import { type Clock, systemRandom } from '../../lib/runtime.ts';
import { createSlsClient } from '../../lib/sources/sls/client.ts';
import type { Log } from '../../lib/sources/sls/logGroup.ts';
import { type DynamodbUsage, type LocalDynamodb, startDynamodb } from '../dynamodb.ts';
import { startSls } from '../sls/service.ts';
import { STREAM_BYTES_MAX, tooMuch } from './inputs.ts';

/** The services of a run, with its table and its stream. */
export interface Stack {
  slsUrl: string;
  dynamodbUrl: string;
  /** The variables of the deployed function, pointing here. */
  environment: Readonly<Record<string, string>>;
  /** Appends logs to the shard with this index, as any client would: signed, over HTTP. */
  put(shardIndex: number, logs: readonly Log[], signal: AbortSignal): Promise<void>;
  /** By shard, the position after its last record. */
  endCursors(): Record<string, string>;
  dynamodbUsage(): DynamodbUsage;
  close(): Promise<void>;
}

export interface StackOptions {
  shards: number;
  intervalMs: number;
  /** 0: any free one. */
  slsPort: number;
  dynamodbPort: number;
  clock: Clock;
}

const PROJECT = 'shardbeat-local';
const LOGSTORE = 'lines';
const TABLE = 'shardbeat';
const KEY = { accessKeyId: 'local', accessKeySecret: 'local-secret' };

/** Starts DynamoDB and the log service, and makes the table and the stream. Throws a SettingsError for a port that is taken. */
export async function startStack(options: StackOptions): Promise<Stack> {
  await using started = new AsyncDisposableStack();
  const dynamodb = await startDynamodb({ port: options.dynamodbPort });
  started.defer(dynamodb.close);
  await createTable(dynamodb);
  const sls = await startSls({
    port: options.slsPort,
    accounts: [KEY],
    clock: options.clock,
    storedBytesMax: STREAM_BYTES_MAX,
  }).catch((error: unknown) => {
    throw error instanceof SettingsError ? portTaken(options.slsPort) : error;
  });
  started.defer(sls.close);
  sls.createProject(PROJECT);
  sls.createLogstore(PROJECT, LOGSTORE, { shards: options.shards });
  const put = await createPut(sls.url, options.clock);
  const services = started.move();
  return {
    slsUrl: sls.url,
    dynamodbUrl: dynamodb.endpoint,
    environment: environmentOf(sls.url, dynamodb.endpoint, options.intervalMs),
    put,
    endCursors: () => sls.endCursors(PROJECT, LOGSTORE),
    dynamodbUsage: dynamodb.usage,
    close: () => services.disposeAsync(),
  };
}

/** The service speaks of its own setting; a person knows the option. */
function portTaken(port: number): SettingsError {
  const remedy =
    'it is taken, or not yours to take; choose another port, or leave the option out for any free one';
  return new SettingsError('--sls-port', port, remedy);
}

async function createTable({ endpoint }: LocalDynamodb): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials });
  const key = [
    ['pk', 'HASH'],
    ['sk', 'RANGE'],
  ] as const;
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: key.map(([AttributeName]) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: key.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
    }),
  );
  client.destroy();
}

/** A group's hash key decides on its shard: the first key of a shard's range leads there. */
async function createPut(endpoint: string, clock: Clock): Promise<Stack['put']> {
  const client = createSlsClient({
    endpoint,
    project: PROJECT,
    logstore: LOGSTORE,
    region: 'local',
    credentials: () => KEY,
    clock,
    random: systemRandom,
  });
  const shards = await client.listShards(new AbortController().signal);
  return async (shardIndex, logs, signal) => {
    const hashKey = shards[shardIndex]!.inclusiveBeginKey;
    try {
      await client.putLogs({ topic: 'local', source: '127.0.0.1', logs }, { hashKey }, signal);
    } catch (error) {
      if (error instanceof SourceError && error.code === 'WriteQuotaExceed') throw tooMuch('all inputs');
      throw error;
    }
  };
}

function environmentOf(slsUrl: string, dynamodbUrl: string, intervalMs: number): Record<string, string> {
  return {
    SHARDBEAT_GROUP: 'local',
    SHARDBEAT_TABLE: TABLE,
    SHARDBEAT_INTERVAL: formatDuration(intervalMs),
    SHARDBEAT_START: 'begin',
    SHARDBEAT_SOURCE: 'sls',
    SHARDBEAT_SLS_ENDPOINT: slsUrl,
    SHARDBEAT_SLS_PROJECT: PROJECT,
    SHARDBEAT_SLS_LOGSTORE: LOGSTORE,
    SHARDBEAT_SLS_REGION: 'local',
    SHARDBEAT_SLS_ACCESS_KEY_ID: KEY.accessKeyId,
    SHARDBEAT_SLS_ACCESS_KEY_SECRET: KEY.accessKeySecret,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
