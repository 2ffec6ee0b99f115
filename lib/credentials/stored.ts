/** Credentials that stand in AWS: a secret of Secrets Manager, or a SecureString of the Parameter Store. */

import { SettingsError, ShardbeatError } from '../errors.ts';
import { type CredentialsProvider, PRINTABLE } from '../http/credentials.ts';
import { parseInstant } from '../instant.ts';
import { messageOf } from '../observe/plainError.ts';
import { keepSecret } from '../observe/secrets.ts';
import type { Clock } from '../runtime.ts';
import { type AwsAccount, type AwsOperation, callAws } from './awsCall.ts';
import { cachedCredentials, type ExpiringCredentials } from './cached.ts';

export interface StoredCredentials {
  service: AwsOperation['service'];
  /** Name or ARN; an ARN's region is asked, wherever the function runs. */
  id: string;
  endpoint?: string | undefined;
  /** The setting that names it, for errors. */
  field: string;
}

/** Who gives the credentials: a function is asked as it is, what is stored is fetched when first needed, and cached. */
export function createCredentials(
  from: StoredCredentials | CredentialsProvider,
  account: AwsAccount,
  { clock, timeoutMsMax }: { clock: Clock; timeoutMsMax?: number },
): CredentialsProvider {
  if (typeof from === 'function') return from;
  // Fetched within an attempt of a request to the log service, which has to come after.
  const fetchMsMax = timeoutMsMax === undefined ? undefined : timeoutMsMax / 2;
  return cachedCredentials(() => fetchStored(from, account, clock, fetchMsMax), { clock });
}

/**
 * Throws a SettingsError for what only somebody can mend (no such secret, no permission, other contents), else a retriable
 * `SourceError`. What is stored is in neither.
 */
export async function fetchStored(
  { service, id, endpoint, field }: StoredCredentials,
  account: AwsAccount,
  clock: Clock,
  timeoutMsMax?: number,
): Promise<ExpiringCredentials> {
  const region = /^arn:[^:]*:[^:]*:([^:]+):/.exec(id)?.[1];
  const { target, permission, input, read } = SERVICES[service];
  const operation = { service, target, input: input(id), region, endpoint };
  const answer = await callAws(operation, account, clock, timeoutMsMax).catch((error: unknown) => {
    if (error instanceof ShardbeatError && error.retriable) throw error;
    const reason = error instanceof ShardbeatError ? error.message : messageOf(error);
    throw new SettingsError(
      field,
      id,
      `check that it exists and that the function's role may call ${permission} on it (${reason})`,
    );
  });
  const stored = read(answer);
  const credentials = stored === undefined ? undefined : parseCredentials(stored);
  if (credentials !== undefined) {
    keepSecret(credentials.accessKeySecret, credentials.securityToken);
    return credentials;
  }
  const remedy =
    'it must hold {"accessKeyId": "…", "accessKeySecret": "…"}, with a securityToken and its expiration if it is temporary, all of it printable ASCII without white space inside';
  throw new SettingsError(field, id, remedy);
}

type Answer = Record<string, unknown>;

const SERVICES = {
  secretsmanager: {
    target: 'secretsmanager.GetSecretValue',
    permission: 'secretsmanager:GetSecretValue',
    input: (id: string) => ({ SecretId: id }),
    read: ({ SecretString }: Answer) => SecretString,
  },
  ssm: {
    target: 'AmazonSSM.GetParameter',
    permission: 'ssm:GetParameter',
    input: (id: string) => ({ Name: id, WithDecryption: true }),
    read: ({ Parameter }: Answer) => (Parameter as Answer | null | undefined)?.Value,
  },
};

/**
 * `{accessKeyId, accessKeySecret, securityToken?, expiration?}`, also with capitals as Alibaba Cloud's STS answers;
 * `expiration` in ISO 8601. White space, line ends and a byte order mark around it all, or around a part, are left out; a token or an
 * expiration of nothing is none. Undefined for anything else.
 */
export function parseCredentials(stored: unknown): ExpiringCredentials | undefined {
  const value = parseJson(stored);
  if (typeof value !== 'object' || value === null) return undefined;
  const field = (name: string): unknown => {
    const { [name]: plain, [name[0]!.toUpperCase() + name.slice(1)]: capital } = value as Answer;
    const given = plain ?? capital;
    return typeof given === 'string' ? given.trim() : given;
  };
  const accessKeyId = field('accessKeyId');
  const accessKeySecret = field('accessKeySecret');
  const securityToken = field('securityToken') || undefined;
  const expiration = field('expiration') || undefined;
  if (!isPart(accessKeyId) || !isPart(accessKeySecret)) return undefined;
  if (securityToken !== undefined && !isPart(securityToken)) return undefined;
  const expiresAt = expiration === undefined ? undefined : parseInstant(String(expiration));
  if (expiration !== undefined && expiresAt === undefined) return undefined;
  return { accessKeyId, accessKeySecret, securityToken, expiresAt };
}

/** What a header can hold: anything else would fail with every request, far from where it was written. */
const isPart = (value: unknown): value is string => typeof value === 'string' && PRINTABLE.test(value);

/** The error of `JSON.parse` quotes its input. */
function parseJson(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text.trim()) : undefined;
  } catch {
    return undefined;
  }
}
