import { formatDuration } from '../../lib/duration.ts';
import type { Clock } from '../../lib/runtime.ts';
import { type DynamodbUsage, startDynamodb } from '../dynamodb.ts';
import { createGroupTableAt } from '../groupTable.ts';
import { STREAM_BYTES_MAX } from './inputs.ts';
import { createLettersReader, type LettersReader } from './letters.ts';
import type { LogService, LogServiceKind } from './services/service.ts';

/** The services of a run: one that keeps the stream, and DynamoDB with the group's table. */
export interface Stack {
  logs: LogService;
  dynamodbUrl: string;
  /** The variables of the deployed function, pointing here. */
  environment: Readonly<Record<string, string>>;
  /** The same for who only looks on: what that asks of the table is no part of what the group costs. */
  onlookerEnvironment: Readonly<Record<string, string>>;
  dynamodbUsage(): DynamodbUsage;
  /** The group's dead letters, as they stand in the table. */
  letters: LettersReader;
  close(): Promise<void>;
}

export interface StackOptions {
  service: LogServiceKind;
  shards: number;
  intervalMs: number;
  linger: string;
  /** Of the log service; 0: any free one. */
  logsPort: number;
  dynamodbPort: number;
  clock: Clock;
}

const TABLE = 'shardbeat';
const GROUP = 'local';
/** Of the run itself, in the table: what it asks is no part of what the group costs. */
const ONLOOKER = 'onlooker';

/** Starts DynamoDB and the log service, and makes the table and the stream. Throws a SettingsError for a port that is taken. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { service, shards, logsPort, clock } = options;
  await using started = new AsyncDisposableStack();
  const dynamodb = await startDynamodb({ port: options.dynamodbPort, onlooker: ONLOOKER });
  started.defer(dynamodb.close);
  await createGroupTableAt(dynamodb.endpoint, TABLE);
  const logs = await service.start({ shards, port: logsPort, bytesMax: STREAM_BYTES_MAX, clock });
  started.defer(logs.close);
  const { endpoint } = dynamodb;
  const letters = createLettersReader({ endpoint, table: TABLE, group: GROUP, accessKeyId: ONLOOKER, clock });
  started.defer(letters.close);
  const services = started.move();
  const environment = { ...environmentOf(endpoint, options), ...logs.environment };
  return {
    logs,
    dynamodbUrl: endpoint,
    environment,
    onlookerEnvironment: { ...environment, AWS_ACCESS_KEY_ID: ONLOOKER },
    dynamodbUsage: dynamodb.usage,
    letters,
    close: () => services.disposeAsync(),
  };
}

function environmentOf(
  dynamodbUrl: string,
  { intervalMs, linger }: Pick<StackOptions, 'intervalMs' | 'linger'>,
): Record<string, string> {
  return {
    SHARDBEAT_GROUP: GROUP,
    SHARDBEAT_TABLE: TABLE,
    SHARDBEAT_INTERVAL: formatDuration(intervalMs),
    SHARDBEAT_LINGER: linger,
    SHARDBEAT_START: 'begin',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
