import { ShardbeatError, SourceError, StoreError } from '../errors.ts';
import { type Address, addressOfUrl } from '../http/address.ts';
import { createExchange, type Exchange, type HttpResponse } from '../http/exchange.ts';
import { type Backoff, retrying, withTimeout } from '../http/retry.ts';
import { messageOf } from '../observe/plainError.ts';
import { beginningOf, keepSecret } from '../observe/secrets.ts';
import { noTracing, type Tracing } from '../observe/tracing.ts';
import type { Clock, Random } from '../runtime.ts';
import type { AwsRefusal } from './awsAnswer.ts';
import type { AwsAccount } from './awsCall.ts';
import { escapeAws, signAwsRequest } from './awsSignature.ts';

/** As IAM and host names call them. */
export type AwsService =
  | 's3'
  | 'sqs'
  | 'lambda'
  | 'events'
  | 'scheduler'
  | 'kinesis'
  | 'firehose'
  | 'dynamodb'
  | 'es';

export interface AwsSenderOptions {
  service: AwsService;
  /** Scheme, host and port, for a region. */
  originIn(region: string): string;
  /** The account's, unless set. */
  region?: string | undefined;
  account: AwsAccount;
  /** A span for each request, with all of its attempts. */
  tracing?: Tracing | undefined;
  clock: Clock;
  random: Random;
  /** What to add to our clock to have the services'. */
  skewMs?: (() => number) | undefined;
  /** Of one attempt; 10 s unless set. */
  timeoutMsMax?: number | undefined;
  /** Of one attempt of what takes longer by its nature. */
  timeoutMs?: number | undefined;
  /** Of a request; 3 unless set. */
  attemptsMax?: number | undefined;
}

export interface AwsHttpRequest {
  /** Names it in errors, such as `s3:PutObject`: as IAM calls the right to it. */
  action: string;
  method: string;
  /** Percent-encoded. */
  path: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  signal: AbortSignal;
}

/** How a service's answers are read. */
export interface AwsWords {
  /** What is said of an answer that is not success. */
  refusalIn(response: HttpResponse): AwsRefusal;
  /** Of a failure that nobody can pass by trying again: what is to be done. */
  remedyFor(code: string, action: string): string | undefined;
}

const TIMEOUT_MS = 10_000;
const ATTEMPTS_MAX = 3;
const BACKOFF: Backoff = { firstMs: 100, mostMs: 2_000 };
const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;
const MESSAGE_CHARACTERS_MAX = 500;
export const THROTTLED =
  /Throttl|ThroughputExceeded|SlowDown|TooManyRequests|RequestLimitExceeded|OverLimit|ServiceUnavailable|InternalError|InternalFailure/;

/**
 * Signed requests to one address of AWS, without the SDK's client for it, which would add to every cold start. Rejects with a
 * `StoreError`, or with the signal's reason. Repeated is what may pass: doing a request twice must do no harm.
 */
export function createAwsSender(options: AwsSenderOptions, words: AwsWords) {
  const { service, account, clock, random, skewMs = () => 0, tracing = noTracing } = options;
  const { attemptsMax = ATTEMPTS_MAX } = options;
  const timeoutMs = options.timeoutMs ?? Math.min(TIMEOUT_MS, options.timeoutMsMax ?? TIMEOUT_MS);

  let place: Promise<Place> | undefined;
  /** Where the account is, which not every account knows at once. */
  const placeOf = (): Promise<Place> => {
    place ??= placeIn(options).catch((error) => {
      place = undefined;
      throw error;
    });
    return place;
  };

  async function attempt(request: AwsHttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { method, path, query = {}, body = '' } = request;
    const { region, address, exchange } = await placeOf();
    const credentials = await account.credentials();
    keepSecret(credentials.secretAccessKey, credentials.sessionToken);
    const headers = { host: address.host, ...request.headers };
    const toSign = { service, region, method, path, query, headers, body };
    const signed = await signAwsRequest(toSign, credentials, clock.now() + skewMs());
    const written = Object.entries(query).map(([name, value]) => `${escapeAws(name)}=${escapeAws(value)}`);
    const target = written.length === 0 ? path : `${path}?${written.join('&')}`;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const length = { 'content-length': String(bytes.length) };
    return exchange({ method, target, headers: { ...signed, ...length }, body: bytes, signal });
  }

  return async (request: AwsHttpRequest): Promise<HttpResponse> => {
    const { action, signal } = request;
    const timeout = (): Error => failure(action, `no answer within ${timeoutMs} ms`, TIMED_OUT);
    return tracing.span('request', { request: action, service }, () =>
      retrying(
        { clock, random, signal, backoff: BACKOFF },
        (error) => (isRepeatable(error) && !signal.aborted ? attemptsMax : 0),
        async () => {
          const response = await withTimeout({ clock, signal, timeoutMs }, timeout, (signal) =>
            attempt(request, signal),
          ).catch((error: unknown) => {
            signal.throwIfAborted();
            throw asStoreError(error, action);
          });
          if (isSuccess(response.status) || EXPECTED.has(response.status)) return response;
          throw refused(response, action, words);
        },
      ),
    );
  };
}

interface Place {
  region: string;
  address: Address;
  exchange: Exchange;
}

async function placeIn({ account, originIn, clock, region: given }: AwsSenderOptions): Promise<Place> {
  const region = given ?? (await account.region());
  const address = addressOfUrl(new URL(originIn(region)));
  return { region, address, exchange: createExchange(address, RESPONSE_BYTES_MAX, clock) };
}

export type AwsSender = ReturnType<typeof createAwsSender>;

export const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** There is none, or a condition does not hold: an answer, and no failure. */
const EXPECTED = new Set([404, 409, 412]);
const TIMED_OUT = { code: 'Timeout', outcome: 'unknown', retriable: true } as const;

const isRepeatable = (error: unknown): boolean => error instanceof StoreError && error.retriable;

function asStoreError(error: unknown, action: string): ShardbeatError {
  if (error instanceof SourceError) {
    const { code, outcome, retriable } = error;
    return failure(action, error.message, { code, outcome, retriable, cause: error });
  }
  if (error instanceof ShardbeatError) return error;
  // Of whoever was asked for credentials or region: nothing was sent.
  const details = { code: 'CredentialsError', outcome: 'refused', retriable: true, cause: error } as const;
  return failure(action, messageOf(error), details);
}

/** The error for an answer that is not success. */
export function refused(response: HttpResponse, action: string, words: AwsWords): StoreError {
  const { status } = response;
  const { code, message } = words.refusalIn(response);
  const mayPass = status >= 500 || status === 429 || THROTTLED.test(code);
  const remedy = mayPass ? undefined : words.remedyFor(code, action);
  const said = `${status} ${code}: ${beginningOf(message, MESSAGE_CHARACTERS_MAX)}`;
  return failure(action, remedy === undefined ? said : `${remedy} (${said})`, {
    code,
    outcome: status < 500 || THROTTLED.test(code) ? 'refused' : 'unknown',
    retriable: mayPass,
  });
}

/** For an answer that says success and is none of the service's, such as a gateway's: what became of the request is not known. */
export const unusable = (action: string, status: number): StoreError =>
  failure(action, `${status}: an unusable answer`, {
    code: 'BadResponse',
    outcome: 'unknown',
    retriable: true,
  });

function failure(
  action: string,
  what: string,
  details: ConstructorParameters<typeof StoreError>[1],
): StoreError {
  return new StoreError(`${action} failed: ${what}`, details);
}
