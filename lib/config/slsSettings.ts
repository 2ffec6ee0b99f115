import * as v from 'valibot';
import type { StoredCredentials } from '../credentials/stored.ts';
import { SettingsError } from '../errors.ts';
import type { CredentialsProvider } from '../http/credentials.ts';
import { addressOf, REGION_REMEDY, regionOf } from '../sources/sls/endpoint.ts';
import { AwsEndpointEntries, readCredentials } from './credentials.ts';
import {
  count,
  type Environment,
  keyPart,
  name,
  namesOf,
  oneOf,
  parseEnvironment,
  required,
  storedName,
} from './rules.ts';

/** What `createSlsStream` takes, but for the credentials, which may have to be fetched first. */
export interface SlsSettings {
  endpoint: string;
  project: string;
  /** In order of name, each once. */
  logstores: readonly [string, ...string[]];
  region: string | undefined;
  signature: 'v1' | 'v4';
  compression: 'zstd' | 'lz4';
  query?: string | undefined;
  processor?: string | undefined;
  /** From the environment, or where to fetch them. */
  credentials: CredentialsProvider | StoredCredentials;
}

const LOGSTORES_MAX = 50;

const Schema = v.object({
  SHARDBEAT_COUNT_MAX: count(1_000, 1_000),
  SHARDBEAT_SLS_ENDPOINT: required('such as cn-hangzhou.log.aliyuncs.com'),
  SHARDBEAT_SLS_PROJECT: name('the SLS project'),
  SHARDBEAT_SLS_LOGSTORE: required('the SLS logstore, or several with commas between them'),
  SHARDBEAT_SLS_REGION: v.optional(
    v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'write it as Alibaba Cloud does: cn-hangzhou')),
  ),
  SHARDBEAT_SLS_SIGNATURE: oneOf(['v4', 'v1'], 'v4'),
  SHARDBEAT_SLS_COMPRESSION: oneOf(['zstd', 'lz4'], 'zstd'),
  SHARDBEAT_SLS_QUERY: v.optional(v.string()),
  SHARDBEAT_SLS_PROCESSOR: v.optional(v.string()),
  SHARDBEAT_SLS_ACCESS_KEY_ID: keyPart(),
  SHARDBEAT_SLS_ACCESS_KEY_SECRET: keyPart(),
  SHARDBEAT_SLS_SECURITY_TOKEN: keyPart(),
  SHARDBEAT_SLS_SECRET: storedName('a secret of Secrets Manager'),
  SHARDBEAT_SLS_PARAMETER: storedName('a parameter of the Parameter Store'),
  ...AwsEndpointEntries,
});

/** What the variables are called that only this source reads. */
export const SLS_NAMES: readonly string[] = Object.keys(Schema.entries);

/** Checks together what belongs together. Throws a SettingsError for the first variable that cannot be used. */
export function readSls(
  environment: Environment,
  coordination: 'own' | 'service',
): { sls: SlsSettings; countMax: number; stream: string } {
  const read = parseEnvironment(Schema, environment);
  const { SHARDBEAT_SLS_ENDPOINT: endpoint, SHARDBEAT_SLS_PROJECT: project } = read;
  addressOf(endpoint, project, 'SHARDBEAT_SLS_ENDPOINT');
  const region = read.SHARDBEAT_SLS_REGION ?? regionOf(endpoint);
  if (read.SHARDBEAT_SLS_SIGNATURE === 'v4' && region === undefined) {
    throw new SettingsError('SHARDBEAT_SLS_REGION', undefined, REGION_REMEDY);
  }
  const logstores = namesOf('SHARDBEAT_SLS_LOGSTORE', read.SHARDBEAT_SLS_LOGSTORE, {
    pattern: /^[A-Za-z0-9][\w.-]{0,127}$/,
    most: LOGSTORES_MAX,
    remedy: 'names of 1–128 letters, digits, - _ or .',
  });
  const sls: SlsSettings = {
    endpoint,
    project,
    logstores,
    region,
    signature: read.SHARDBEAT_SLS_SIGNATURE,
    compression: read.SHARDBEAT_SLS_COMPRESSION,
    query: read.SHARDBEAT_SLS_QUERY,
    processor: read.SHARDBEAT_SLS_PROCESSOR,
    credentials: readCredentials('SHARDBEAT_SLS_', read, 'logstore'),
  };
  if (coordination === 'service' && logstores.length > 1) {
    const remedy =
      'a consumer group of SLS is of one logstore: choose own, or name one in SHARDBEAT_SLS_LOGSTORE';
    throw new SettingsError('SHARDBEAT_COORDINATION', 'service', remedy);
  }
  return { sls, countMax: read.SHARDBEAT_COUNT_MAX, stream: `sls://${project}/${logstores.join(',')}` };
}
