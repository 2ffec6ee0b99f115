/** Who reads: ours, the official consumers as far as they are installed, and bare Node. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleModule } from '../../infra/bundle.ts';
import { startDynamodb } from '../../local/dynamodb.ts';
import { createGroupTableAt } from '../../local/groupTable.ts';
import type { Driver } from '../../test/interop/driver.ts';
import { installGo, installJava, installPython } from '../../test/interop/toolchains.ts';
import { type Codec, GROUPS } from './answers.ts';
import type { Program } from './process.ts';
import { type BenchService, KEY, LOGSET, LOGSTORE, PROJECT, TOPIC } from './service.ts';

export type ConsumerName = 'ours' | 'Python' | 'Go' | 'Java' | 'limit' | 'limit, native lz4';

export interface Reading {
  readonly service: BenchService;
  readonly kind: 'sls' | 'cls';
  readonly codec: Codec;
  readonly fields: readonly string[];
  readonly records: number;
  readonly pulls: number;
  /** Nobody has read in this group yet. */
  readonly group: string;
}

/** Undefined: it does not read this, or not with this codec. */
export type Consumer = (reading: Reading) => Program | undefined;

const CONSUMERS = join(import.meta.dirname, 'consumers');
const TABLE = 'bench';

/** `missing`: what is not installed, and cannot be. */
export async function createConsumers(): Promise<{
  consumers: ReadonlyMap<ConsumerName, Consumer>;
  versions: Record<string, string>;
  missing: string[];
  close(): Promise<void>;
}> {
  const dynamodb = await startDynamodb();
  const folder = await mkdtemp(join(tmpdir(), 'shardbeat-consume-'));
  const bundled = await bundleModule({ module: join(CONSUMERS, 'twoFields.ts'), directory: folder });
  const bundle = join(folder, bundled.handler);
  await createGroupTableAt(dynamodb.endpoint, TABLE);
  const consumers = new Map<ConsumerName, Consumer>([
    ['ours', (reading) => ours(reading, bundle, dynamodb.endpoint)],
    ['limit', (reading) => limit(reading, reading.codec)],
    ['limit, native lz4', (reading) => (reading.codec === 'lz4' ? limit(reading, 'native') : undefined)],
  ]);
  const missing: string[] = [];
  const versions: Record<string, string> = { ours: `Node ${process.version}` };
  const add = (name: ConsumerName, driver: Driver | undefined, consumer: (driver: Driver) => Consumer) => {
    if (driver === undefined) return missing.push(name);
    const known = consumers.get(name);
    versions[name] = [versions[name], driver.client].filter(Boolean).join(', ');
    return consumers.set(name, (reading) => known?.(reading) ?? consumer(driver)(reading));
  };
  add('Python', await installPython('sls'), (driver) => (reading) => official(reading, 'sls', driver));
  add('Python', await installPython('cls'), (driver) => (reading) => official(reading, 'cls', driver));
  add('Go', await installGo('sls'), (driver) => (reading) => official(reading, 'sls', driver));
  // This version knows lz4 only.
  add(
    'Java',
    await installJava(),
    (driver) => (reading) => (reading.codec === 'lz4' ? official(reading, 'sls', driver) : undefined),
  );
  const close = async (): Promise<void> => {
    await dynamodb.close();
    await rm(folder, { recursive: true });
  };
  return { consumers, versions, missing: [...new Set(missing)], close };
}

function ours(
  { service, kind, codec, fields, records, group }: Reading,
  bundle: string,
  dynamodbUrl: string,
): Program {
  const { accessKeyId, accessKeySecret } = KEY;
  const source =
    kind === 'sls'
      ? {
          SHARDBEAT_SLS_ENDPOINT: service.url,
          SHARDBEAT_SLS_PROJECT: PROJECT,
          SHARDBEAT_SLS_LOGSTORE: LOGSTORE,
          SHARDBEAT_SLS_REGION: 'local',
          SHARDBEAT_SLS_COMPRESSION: codec,
          SHARDBEAT_SLS_ACCESS_KEY_ID: accessKeyId,
          SHARDBEAT_SLS_ACCESS_KEY_SECRET: accessKeySecret,
        }
      : {
          SHARDBEAT_CLS_ENDPOINT: service.url,
          SHARDBEAT_CLS_API_ENDPOINT: service.url,
          SHARDBEAT_CLS_REGION: 'ap-guangzhou',
          SHARDBEAT_CLS_LOGSET: LOGSET,
          SHARDBEAT_CLS_TOPICS: TOPIC,
          SHARDBEAT_CLS_ACCESS_KEY_ID: accessKeyId,
          SHARDBEAT_CLS_ACCESS_KEY_SECRET: accessKeySecret,
        };
  return {
    command: [process.execPath, join(CONSUMERS, 'schedule.mjs'), bundle],
    environment: {
      ...source,
      SHARDBEAT_SOURCE: kind,
      SHARDBEAT_GROUP: group,
      SHARDBEAT_TABLE: TABLE,
      SHARDBEAT_INTERVAL: '6s',
      SHARDBEAT_FUNCTION_TIMEOUT: '5s',
      SHARDBEAT_START: 'begin',
      AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      BENCH_FIELDS: fields.join(','),
      BENCH_RECORDS: String(records),
    },
  };
}

/** Bare Node does not read what CLS sends: its answers are JSON of base64. */
function limit({ service, kind, pulls }: Reading, codec: Codec | 'native'): Program | undefined {
  if (kind !== 'sls') return undefined;
  return {
    command: [process.execPath, join(CONSUMERS, 'limit.ts')],
    environment: {
      BENCH_URL: service.url,
      BENCH_PULLS: String(pulls),
      BENCH_GROUPS: String(GROUPS),
      BENCH_BEGIN: String(service.begin),
      BENCH_LIMIT: codec,
    },
  };
}

/** Addressed as in test/interop. */
function official(reading: Reading, kind: 'sls' | 'cls', driver: Driver): Program | undefined {
  if (reading.kind !== kind) return undefined;
  const { service, codec, fields, records, group } = reading;
  const endpoint =
    kind === 'sls'
      ? {
          HTTP_PROXY: service.url,
          http_proxy: service.url,
          JAVA_TOOL_OPTIONS: `-DsocksProxyHost=127.0.0.1 -DsocksProxyPort=${service.socksPort}`,
          INTEROP_ENDPOINT: 'http://sls.example',
          INTEROP_SIGNATURE: 'v1',
          INTEROP_PROJECT: PROJECT,
          INTEROP_LOGSTORE: LOGSTORE,
        }
      : {
          INTEROP_ENDPOINT: service.url,
          YUNAPI_ENDPOINT: service.url,
          INTEROP_REGION: 'ap-guangzhou',
          INTEROP_LOGSET: LOGSET,
          INTEROP_TOPICS: TOPIC,
        };
  return {
    command: driver.command('consume'),
    environment: {
      ...endpoint,
      INTEROP_ACCESS_KEY_ID: KEY.accessKeyId,
      INTEROP_ACCESS_KEY_SECRET: KEY.accessKeySecret,
      INTEROP_GROUP: group,
      INTEROP_FIELDS: fields.join(','),
      INTEROP_RECORDS: String(records),
      INTEROP_COMPRESSION: codec,
    },
  };
}
