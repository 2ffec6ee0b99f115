import * as v from 'valibot';
import type { StoredCredentials } from '../credentials/stored.ts';
import { SettingsError } from '../errors.ts';
import type { CredentialsProvider } from '../http/credentials.ts';
import { keepSecret } from '../observe/secrets.ts';
import { endpointIn } from './awsEndpoint.ts';

/** Where the stored ones are fetched: another address of the service, or of all services, as the AWS SDK knows them. */
export const AwsEndpointEntries = {
  AWS_ENDPOINT_URL_SECRETS_MANAGER: v.optional(v.string()),
  AWS_ENDPOINT_URL_SSM: v.optional(v.string()),
  AWS_ENDPOINT_URL: v.optional(v.string()),
};

type Variables = Readonly<Record<string, string | number | undefined>>;
type AwsEndpoints = { [K in keyof typeof AwsEndpointEntries]?: string | undefined };

/**
 * The access key, or where it is stored: exactly one of the three ways. `prefix` is that of the variables' names, such as
 * `SHARDBEAT_SLS_`; `of` says what the key must be able to read. Throws a SettingsError if none or two are given.
 */
export function readCredentials(
  prefix: string,
  read: Variables & AwsEndpoints,
  of: string,
): CredentialsProvider | StoredCredentials {
  const own = (name: string): string | undefined => {
    const value = read[prefix + name];
    return value === undefined ? undefined : String(value);
  };
  const [SECRET, PARAMETER] = [own('SECRET'), own('PARAMETER')];
  const [accessKeyId, accessKeySecret] = [own('ACCESS_KEY_ID'), own('ACCESS_KEY_SECRET')];
  const given = Object.entries({ SECRET, PARAMETER, ACCESS_KEY_ID: accessKeyId });
  const [field, rival] = given.flatMap(([name, value]) => (value === undefined ? [] : prefix + name));
  if (rival !== undefined) {
    throw new SettingsError(rival, '(set)', `${field} is set too: leave out one of them`);
  }
  if (SECRET !== undefined) {
    const endpoint = endpointIn(read, 'AWS_ENDPOINT_URL_SECRETS_MANAGER');
    return { service: 'secretsmanager', id: SECRET, field: `${prefix}SECRET`, endpoint };
  }
  if (PARAMETER !== undefined) {
    const endpoint = endpointIn(read, 'AWS_ENDPOINT_URL_SSM');
    return { service: 'ssm', id: PARAMETER, field: `${prefix}PARAMETER`, endpoint };
  }
  const missing = (name: string, what: string): never => {
    const remedy = `set it: ${what}, or ${prefix}SECRET or ${prefix}PARAMETER instead`;
    throw new SettingsError(prefix + name, undefined, remedy);
  };
  if (accessKeyId === undefined) return missing('ACCESS_KEY_ID', `an access key that may read the ${of}`);
  if (accessKeySecret === undefined) {
    return missing('ACCESS_KEY_SECRET', 'the secret of that access key');
  }
  const securityToken = own('SECURITY_TOKEN');
  keepSecret(accessKeySecret, securityToken);
  return () => ({ accessKeyId, accessKeySecret, ...(securityToken !== undefined && { securityToken }) });
}
