import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DeadLetterStore } from '../../lib/delivery/deadLetters/deadLetters.ts';
import { createTableDeadLetters } from '../../lib/delivery/deadLetters/table.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { type Clock, systemRandom } from '../../lib/runtime.ts';
import { startDynamodb } from '../../local/dynamodb.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import { COUNTERS_TABLE } from '../support/counters.ts';
import { sumsIn } from './counters.ts';
import type { StartStream, Stream } from './streams/stream.ts';

/** The services of a run: the stream with its shards, and the group's table, seen as an operator sees them. */
export interface Stage extends Omit<Stream, 'close'>, AsyncDisposable {
  /** The variables of the deployed function, pointing here. */
  environment: Readonly<Record<string, string>>;
  store: GroupStore;
  deadLetters: DeadLetterStore;
  /** What the function has counted. */
  sums(): Promise<ReadonlyMap<string, number>>;
}

const TABLE = 'shardbeat';
const GROUP = 'chaos';
const LETTERS_MAX = 10_000;
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

export async function startStage(options: {
  startStream: StartStream;
  shards: number;
  intervalMs: number;
  clock: Clock;
}): Promise<Stage> {
  const { startStream, shards, intervalMs, clock } = options;
  await using started = new AsyncDisposableStack();
  const dynamodb = await startDynamodb();
  started.defer(dynamodb.close);
  const { endpoint } = dynamodb;
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials: CREDENTIALS, maxAttempts: 1 });
  started.defer(() => client.destroy());
  await createGroupTable(client, TABLE);
  await createGroupTable(client, COUNTERS_TABLE);
  const { close, ...stream } = await startStream({ shards, clock });
  started.defer(close);
  const table = { client, table: TABLE, group: GROUP, clock, random: systemRandom };
  const services = started.move();
  return {
    ...stream,
    environment: { ...environmentOf(endpoint, intervalMs), ...stream.environment },
    store: createDynamodbStore(table),
    deadLetters: createTableDeadLetters({ ...table, lettersMax: LETTERS_MAX, now: clock.now }),
    sums: () => sumsIn(client),
    [Symbol.asyncDispose]: () => services.disposeAsync(),
  };
}

function environmentOf(dynamodbUrl: string, intervalMs: number): Record<string, string> {
  return {
    SHARDBEAT_GROUP: GROUP,
    SHARDBEAT_TABLE: TABLE,
    SHARDBEAT_INTERVAL: formatDuration(intervalMs),
    SHARDBEAT_START: 'begin',
    SHARDBEAT_BATCH_IDENTITY: 'durable',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
}
