/** Tencent Cloud CLS. Rules: "Customized Consumption" (product page), CreateConsumerGroup (API reference). */
import * as v from 'valibot';
import type { StoredCredentials } from '../credentials/stored.ts';
import { formatDuration } from '../duration.ts';
import { SettingsError } from '../errors.ts';
import type { CredentialsProvider } from '../http/credentials.ts';
import { addressesOf } from '../sources/cls/endpoint.ts';
import type { Times } from '../times.ts';
import { AwsEndpointEntries, readCredentials } from './credentials.ts';
import {
  count,
  type Environment,
  keyPart,
  namesOf,
  oneOf,
  parseEnvironment,
  required,
  storedName,
} from './rules.ts';

/** What `createClsStream` takes, but for the credentials, which may have to be fetched first. */
export interface ClsSettings {
  region: string | undefined;
  network: 'public' | 'intranet';
  /** Of pulls; the region's, unless set. */
  endpoint: string | undefined;
  /** Of everything else; the region's, unless set. */
  apiEndpoint: string | undefined;
  logset: string;
  /** Ids, in order, each once. */
  topics: readonly [string, ...string[]];
  query?: string | undefined;
  /** Of one pull. */
  pullBytesMax: number;
  /** From the environment, or where to fetch them. */
  credentials: CredentialsProvider | StoredCredentials;
}

const TOPICS_MAX = 50;
const MIB = 1024 * 1024;
const ID = /^[A-Za-z0-9-]{1,64}$/;
/** Of a consumer group: CreateConsumerGroup; its examples have hyphens as well. */
const GROUP = /^[A-Za-z_][\w-]*$/;

const Schema = v.object({
  SHARDBEAT_COUNT_MAX: v.optional(
    v.custom<string>(() => false, 'leave it out: CLS counts bytes, set SHARDBEAT_CLS_PULL_BYTES_MAX'),
  ),
  SHARDBEAT_CLS_REGION: v.optional(v.string()),
  SHARDBEAT_CLS_NETWORK: oneOf(['public', 'intranet'], 'public'),
  SHARDBEAT_CLS_ENDPOINT: v.optional(v.string()),
  SHARDBEAT_CLS_API_ENDPOINT: v.optional(v.string()),
  SHARDBEAT_CLS_LOGSET: required('the id of the logset'),
  SHARDBEAT_CLS_TOPICS: required('the id of the topic, or several with commas between them'),
  SHARDBEAT_CLS_QUERY: v.optional(v.string()),
  SHARDBEAT_CLS_PULL_BYTES_MAX: count(2 * MIB, 10 * MIB, 2 * MIB),
  SHARDBEAT_CLS_ACCESS_KEY_ID: keyPart(),
  SHARDBEAT_CLS_ACCESS_KEY_SECRET: keyPart(),
  SHARDBEAT_CLS_SECURITY_TOKEN: keyPart(),
  SHARDBEAT_CLS_SECRET: storedName('a secret of Secrets Manager'),
  SHARDBEAT_CLS_PARAMETER: storedName('a parameter of the Parameter Store'),
  ...AwsEndpointEntries,
});

/** What the variables are called that only this source reads. */
export const CLS_NAMES: readonly string[] = Object.keys(Schema.entries);

/** What all sources have in common, read already. */
interface Common {
  group: string;
  coordination: 'own' | 'service';
  times: Times;
  /** As it is written, if it is. */
  order: string | undefined;
}

/** Checks together what belongs together. Throws a SettingsError for the first variable that cannot be used. */
export function readCls(environment: Environment, common: Common): { cls: ClsSettings; stream: string } {
  const read = parseEnvironment(Schema, environment);
  const logset = read.SHARDBEAT_CLS_LOGSET;
  if (!ID.test(logset)) {
    const remedy = 'write one id, as in 6f6ded3f-948c-4616-9c7c-956a95d8c1a3: a group is of one logset';
    throw new SettingsError('SHARDBEAT_CLS_LOGSET', logset, remedy);
  }
  const topics = namesOf('SHARDBEAT_CLS_TOPICS', read.SHARDBEAT_CLS_TOPICS, {
    pattern: ID,
    most: TOPICS_MAX,
    remedy: 'ids, as in 6f6ded3f-948c-4616-9c7c-956a95d8c1a3',
  });
  const places = {
    region: read.SHARDBEAT_CLS_REGION,
    network: read.SHARDBEAT_CLS_NETWORK,
    endpoint: read.SHARDBEAT_CLS_ENDPOINT,
    apiEndpoint: read.SHARDBEAT_CLS_API_ENDPOINT,
  };
  addressesOf(places, {
    region: 'SHARDBEAT_CLS_REGION',
    endpoint: 'SHARDBEAT_CLS_ENDPOINT',
    apiEndpoint: 'SHARDBEAT_CLS_API_ENDPOINT',
  });
  if (common.coordination === 'service') checkGroup(common);
  const cls: ClsSettings = {
    ...places,
    logset,
    topics,
    query: read.SHARDBEAT_CLS_QUERY,
    pullBytesMax: read.SHARDBEAT_CLS_PULL_BYTES_MAX,
    credentials: readCredentials('SHARDBEAT_CLS_', read, 'topics'),
  };
  return { cls, stream: `cls://${logset}/${topics.join(',')}` };
}

/** What a consumer group that CLS keeps cannot be, or do. */
function checkGroup({ group, times, order }: Common): void {
  if (!GROUP.test(group)) {
    const remedy =
      "CLS's consumer groups have letters, digits, _ and - in their names, and no digit in front";
    throw new SettingsError('SHARDBEAT_GROUP', group, remedy);
  }
  if (order === 'true') {
    const remedy =
      "CLS's consumer groups give out the partitions of a split at once: leave it out, or let SHARDBEAT_COORDINATION be own";
    throw new SettingsError('SHARDBEAT_ORDER', order, remedy);
  }
  const { intervalMs, sessionTimeoutMs } = times;
  if (sessionTimeoutMs < 2 * intervalMs) {
    const remedy = `CLS takes a consumer for offline after two intervals: make it ${formatDuration(2 * intervalMs)} or longer`;
    throw new SettingsError('SHARDBEAT_SESSION_TIMEOUT', formatDuration(sessionTimeoutMs), remedy);
  }
}
