import * as v from 'valibot';
import type { StoredCredentials } from '../credentials/stored.ts';
import { SettingsError } from '../errors.ts';
import type { CredentialsProvider } from '../sources/http/credentials.ts';

/** Where the stored ones are fetched: another address of the service, or of all services, as the AWS SDK knows them. */
export const AwsEndpointEntries = {
  AWS_ENDPOINT_URL_SECRETS_MANAGER: v.optional(v.string()),
  AWS_ENDPOINT_URL_SSM: v.optional(v.string()),
  AWS_ENDPOINT_URL: v.optional(v.string()),
};

/** Variables without their prefix. */
export interface CredentialsVariables {
  ACCESS_KEY_ID?: string | undefined;
  ACCESS_KEY_SECRET?: string | undefined;
  SECURITY_TOKEN?: string | undefined;
  SECRET?: string | undefined;
  PARAMETER?: string | undefined;
}

type AwsEndpoints = { [K in keyof typeof AwsEndpointEntries]?: string | undefined };

/**
 * The access key, or where it is stored: exactly one of the three ways. `prefix` is that of the variables' names, such as
 * `SHARDBEAT_SLS_`; `of` says what the key must be able to read. Throws a SettingsError if none or two are given.
 */
export function readCredentials(
  prefix: string,
  variables: CredentialsVariables,
  aws: AwsEndpoints,
  of: string,
): CredentialsProvider | StoredCredentials {
  const { SECRET, PARAMETER, ACCESS_KEY_ID: accessKeyId, ACCESS_KEY_SECRET: accessKeySecret } = variables;
  const given = Object.entries({ SECRET, PARAMETER, ACCESS_KEY_ID: accessKeyId });
  const [field, rival] = given.flatMap(([name, value]) => (value === undefined ? [] : prefix + name));
  if (rival !== undefined) {
    throw new SettingsError(rival, '(set)', `${field} is set too: leave out one of them`);
  }
  const endpointOf = (own: string | undefined) => ({ endpoint: own ?? aws.AWS_ENDPOINT_URL });
  if (SECRET !== undefined) {
    const endpoint = endpointOf(aws.AWS_ENDPOINT_URL_SECRETS_MANAGER);
    return { service: 'secretsmanager', id: SECRET, field: `${prefix}SECRET`, ...endpoint };
  }
  if (PARAMETER !== undefined) {
    const endpoint = endpointOf(aws.AWS_ENDPOINT_URL_SSM);
    return { service: 'ssm', id: PARAMETER, field: `${prefix}PARAMETER`, ...endpoint };
  }
  const missing = (name: string, what: string): never => {
    const remedy = `set it: ${what}, or ${prefix}SECRET or ${prefix}PARAMETER instead`;
    throw new SettingsError(prefix + name, undefined, remedy);
  };
  if (accessKeyId === undefined) return missing('ACCESS_KEY_ID', `an access key that may read the ${of}`);
  if (accessKeySecret === undefined) {
    return missing('ACCESS_KEY_SECRET', 'the secret of that access key');
  }
  const { SECURITY_TOKEN: securityToken } = variables;
  return () => ({ accessKeyId, accessKeySecret, ...(securityToken !== undefined && { securityToken }) });
}

/** The variables of `prefix`, without it. */
export function withoutPrefix(
  prefix: string,
  environment: Readonly<Record<string, string | number | undefined>>,
): Readonly<Record<string, string | undefined>> & CredentialsVariables {
  const own = Object.entries(environment).filter(
    ([name, value]) => name.startsWith(prefix) && value !== undefined,
  );
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), String(value)]));
}
