/** Credentials that stand in AWS: a secret of Secrets Manager, or a SecureString of the Parameter Store. */
import { SettingsError, ShardbeatError } from '../errors.ts';
import type { Clock } from '../runtime.ts';
import type { CredentialsProvider } from '../sources/http/credentials.ts';
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
  clock: Clock,
): CredentialsProvider {
  if (typeof from === 'function') return from;
  return cachedCredentials(() => fetchStored(from, account, clock), { clock });
}

/**
 * Throws a SettingsError for what only somebody can mend (no such secret, no permission, other contents), else a retriable
 * `SourceError`. What is stored is in neither.
 */
export async function fetchStored(
  { service, id, endpoint, field }: StoredCredentials,
  account: AwsAccount,
  clock: Clock,
): Promise<ExpiringCredentials> {
  const region = /^arn:[^:]*:[^:]*:([^:]+):/.exec(id)?.[1];
  const { target, permission, input, read } = SERVICES[service];
  const operation = { service, target, input: input(id), region, endpoint };
  const answer = await callAws(operation, account, clock).catch((error: unknown) => {
    if (error instanceof ShardbeatError && error.retriable) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingsError(
      field,
      id,
      `check that it exists and that the function's role may call ${permission} on it (${reason})`,
    );
  });
  const stored = read(answer);
  const credentials = stored === undefined ? undefined : parseCredentials(stored);
  if (credentials !== undefined) return credentials;
  const remedy =
    'it must hold {"accessKeyId": "…", "accessKeySecret": "…"}, with a securityToken and its expiration if it is temporary';
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
 * `expiration` in ISO 8601. Undefined for anything else.
 */
export function parseCredentials(stored: unknown): ExpiringCredentials | undefined {
  const value = parseJson(stored);
  if (typeof value !== 'object' || value === null) return undefined;
  const field = (name: string): unknown => {
    const { [name]: plain, [name[0]!.toUpperCase() + name.slice(1)]: capital } = value as Answer;
    return plain ?? capital;
  };
  const accessKeyId = field('accessKeyId');
  const accessKeySecret = field('accessKeySecret');
  const securityToken = field('securityToken');
  const expiration = field('expiration');
  if (!isText(accessKeyId) || !isText(accessKeySecret)) return undefined;
  if (securityToken !== undefined && !isText(securityToken)) return undefined;
  const expiresAt = expiration === undefined ? undefined : Date.parse(String(expiration));
  if (Number.isNaN(expiresAt)) return undefined;
  return { accessKeyId, accessKeySecret, securityToken, expiresAt };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The error of `JSON.parse` quotes its input. */
function parseJson(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
