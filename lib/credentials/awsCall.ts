import { SourceError } from '../errors.ts';
import { addressOfUrl } from '../http/address.ts';
import { createExchange, type HttpResponse } from '../http/exchange.ts';
import { withTimeout } from '../http/retry.ts';
import { beginningOf, keepSecret } from '../observe/secrets.ts';
import type { Clock } from '../runtime.ts';
import { codeIn, objectIn } from './awsAnswer.ts';
import { type AwsCredentials, signAwsRequest } from './awsSignature.ts';

/** Who calls; `config` of any client of the AWS SDK is one. */
export interface AwsAccount {
  region(): Promise<string>;
  credentials(): Promise<AwsCredentials>;
}

export interface AwsOperation {
  /** As IAM and host names call it. */
  service: 'secretsmanager' | 'ssm';
  /** Header `x-amz-target`. */
  target: string;
  input: object;
  /** The account's, unless set. */
  region?: string | undefined;
  /** A URL; unless set, the service's public one. */
  endpoint?: string | undefined;
}

const TIMEOUT_MS = 3_000;
/** A secret has at most 64 KiB. */
const RESPONSE_BYTES_MAX = 256 * 1024;
const MESSAGE_CHARACTERS_MAX = 500;

/**
 * One call of AWS's JSON protocol, signed here: a client of the SDK for it adds 80 kB to what a cold start reads. Rejects with
 * a `SourceError` (the service's code, or `Timeout`, `NetworkError`, `BadResponse`), or with what the account rejects with.
 */
export async function callAws(
  operation: AwsOperation,
  account: AwsAccount,
  clock: Clock,
  timeoutMsMax = TIMEOUT_MS,
): Promise<Record<string, unknown>> {
  const timeoutMs = Math.min(TIMEOUT_MS, timeoutMsMax);
  const { service, target, region = await account.region() } = operation;
  const address = addressOfUrl(new URL(operation.endpoint ?? endpointOf(service, region)));
  const body = JSON.stringify(operation.input);
  const headers = {
    host: address.host,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': target,
  };
  const request = { service, region, headers, body };
  const credentials = await account.credentials();
  keepSecret(credentials.secretAccessKey, credentials.sessionToken);
  const signed = await signAwsRequest(request, credentials, clock.now());
  const exchange = createExchange(address, RESPONSE_BYTES_MAX, clock);
  const response = await withTimeout(
    { clock, signal: new AbortController().signal, timeoutMs },
    () => failure(`${target}: no answer within ${timeoutMs} ms`, 0, 'Timeout'),
    (signal) =>
      exchange({
        method: 'POST',
        target: '/',
        // One call in hours: nothing to keep a connection for.
        headers: { ...signed, 'content-length': String(Buffer.byteLength(body)), connection: 'close' },
        body: Buffer.from(body),
        signal,
      }),
  );
  return understood(response, target);
}

/** AWS in China has a domain of its own. */
export function endpointOf(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** The answer's object. An answer that is none is not shown: it may hold the secret. */
function understood({ status, body }: HttpResponse, target: string): Record<string, unknown> {
  const answer = objectIn(body.toString());
  if (status === 200 && answer !== undefined) return answer;
  const code = (status !== 200 && codeIn(answer?.__type)) || 'BadResponse';
  const said = String(answer?.message ?? answer?.Message ?? 'unusable answer');
  const message = beginningOf(said, MESSAGE_CHARACTERS_MAX);
  throw failure(`${target}: ${status} ${code}: ${message}`, status, code);
}

function failure(message: string, status: number, code: string): SourceError {
  const mayPass = status === 0 || status >= 500 || status === 429 || /^Throttl|^TooManyRequests/.test(code);
  return new SourceError(message, { code, status, retriable: mayPass || status === 200 });
}
