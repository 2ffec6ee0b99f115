import type { StoredCredentials } from '../credentials/stored.ts';
import { SettingsError } from '../errors.ts';
import type { CredentialsProvider } from '../sources/http/credentials.ts';
import { addressOf, REGION_REMEDY, regionOf } from '../sources/sls/endpoint.ts';

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

/** The variables, each checked alone already. */
export interface SlsEnvironment {
  SHARDBEAT_SLS_ENDPOINT: string;
  SHARDBEAT_SLS_PROJECT: string;
  SHARDBEAT_SLS_LOGSTORE: string;
  SHARDBEAT_SLS_REGION?: string | undefined;
  SHARDBEAT_SLS_SIGNATURE: 'v1' | 'v4';
  SHARDBEAT_SLS_COMPRESSION: 'zstd' | 'lz4';
  SHARDBEAT_SLS_QUERY?: string | undefined;
  SHARDBEAT_SLS_PROCESSOR?: string | undefined;
  SHARDBEAT_SLS_ACCESS_KEY_ID?: string | undefined;
  SHARDBEAT_SLS_ACCESS_KEY_SECRET?: string | undefined;
  SHARDBEAT_SLS_SECURITY_TOKEN?: string | undefined;
  SHARDBEAT_SLS_SECRET?: string | undefined;
  SHARDBEAT_SLS_PARAMETER?: string | undefined;
  /** As the AWS SDK knows them: another address of the service, or of all services. */
  AWS_ENDPOINT_URL_SECRETS_MANAGER?: string | undefined;
  AWS_ENDPOINT_URL_SSM?: string | undefined;
  AWS_ENDPOINT_URL?: string | undefined;
}

const LOGSTORES_MAX = 50;

/** Checks together what belongs together. Throws a SettingsError for the first variable that cannot be used. */
export function readSls(read: SlsEnvironment): SlsSettings {
  const { SHARDBEAT_SLS_ENDPOINT: endpoint, SHARDBEAT_SLS_PROJECT: project } = read;
  addressOf(endpoint, project, 'SHARDBEAT_SLS_ENDPOINT');
  const region = read.SHARDBEAT_SLS_REGION ?? regionOf(endpoint);
  if (read.SHARDBEAT_SLS_SIGNATURE === 'v4' && region === undefined) {
    throw new SettingsError('SHARDBEAT_SLS_REGION', undefined, REGION_REMEDY);
  }
  return {
    endpoint,
    project,
    logstores: readLogstores(read.SHARDBEAT_SLS_LOGSTORE),
    region,
    signature: read.SHARDBEAT_SLS_SIGNATURE,
    compression: read.SHARDBEAT_SLS_COMPRESSION,
    query: read.SHARDBEAT_SLS_QUERY,
    processor: read.SHARDBEAT_SLS_PROCESSOR,
    credentials: readCredentials(read),
  };
}

function readLogstores(text: string): [string, ...string[]] {
  const [first, ...others] = [...new Set(text.split(',').map((name) => name.trim()))].sort();
  const logstores: [string, ...string[]] = [first!, ...others];
  const unusable = logstores.find((name) => !/^[A-Za-z0-9][\w.-]{0,127}$/.test(name));
  if (unusable === undefined && logstores.length <= LOGSTORES_MAX) return logstores;
  const remedy = `write names of 1–128 letters, digits, - _ or ., at most ${LOGSTORES_MAX}, with commas between them`;
  throw new SettingsError('SHARDBEAT_SLS_LOGSTORE', text, remedy);
}

function readCredentials(read: SlsEnvironment): CredentialsProvider | StoredCredentials {
  const { SHARDBEAT_SLS_SECRET: secret, SHARDBEAT_SLS_PARAMETER: parameter } = read;
  const { SHARDBEAT_SLS_ACCESS_KEY_ID: accessKeyId, SHARDBEAT_SLS_ACCESS_KEY_SECRET: accessKeySecret } = read;
  const given = {
    SHARDBEAT_SLS_SECRET: secret,
    SHARDBEAT_SLS_PARAMETER: parameter,
    SHARDBEAT_SLS_ACCESS_KEY_ID: accessKeyId,
  };
  const [field, rival] = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : name));
  if (rival !== undefined) {
    throw new SettingsError(rival, '(set)', `${field} is set too: leave out one of them`);
  }
  const endpointOf = (own: string | undefined) => ({ endpoint: own ?? read.AWS_ENDPOINT_URL });
  if (secret !== undefined) {
    const endpoint = endpointOf(read.AWS_ENDPOINT_URL_SECRETS_MANAGER);
    return { service: 'secretsmanager', id: secret, field: 'SHARDBEAT_SLS_SECRET', ...endpoint };
  }
  if (parameter !== undefined) {
    const endpoint = endpointOf(read.AWS_ENDPOINT_URL_SSM);
    return { service: 'ssm', id: parameter, field: 'SHARDBEAT_SLS_PARAMETER', ...endpoint };
  }
  const missing = (name: string, what: string): never => {
    const remedy = `set it: ${what}, or SHARDBEAT_SLS_SECRET or SHARDBEAT_SLS_PARAMETER instead`;
    throw new SettingsError(name, undefined, remedy);
  };
  if (accessKeyId === undefined)
    return missing('SHARDBEAT_SLS_ACCESS_KEY_ID', 'an access key that may read the logstore');
  if (accessKeySecret === undefined)
    return missing('SHARDBEAT_SLS_ACCESS_KEY_SECRET', 'the secret of that access key');
  const securityToken = read.SHARDBEAT_SLS_SECURITY_TOKEN;
  return () => ({ accessKeyId, accessKeySecret, ...(securityToken !== undefined && { securityToken }) });
}
