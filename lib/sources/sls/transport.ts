/** Signed requests to one SLS project, repeated where that helps. */
import { SettingsError, SourceError } from '../../errors.ts';
import type { Clock, Random } from '../../runtime.ts';
import { addressOf, REGION_REMEDY, regionOf } from './endpoint.ts';
import { failureOf, isAuthFailure, isRepeatable } from './failure.ts';
import { createExchange, type HttpResponse } from './http.ts';
import { retrying, withTimeout } from './retry.ts';
import { md5Hex, percentEncode, sha256Hex, signV1, signV4 } from './signature.ts';

export interface Credentials {
  accessKeyId: string;
  accessKeySecret: string;
  /** Of temporary credentials (STS). */
  securityToken?: string | undefined;
}

/**
 * Gives the credentials of the next request. `refused`: those that the service has just refused; whoever has others by now
 * gives them, and the request is tried once more.
 */
export type CredentialsProvider = (refused?: Credentials) => Promise<Credentials> | Credentials;

export interface TransportOptions {
  /** Such as `cn-hangzhou.log.aliyuncs.com`; see `addressOf`. */
  endpoint: string;
  project: string;
  /** Version 4 unless set; it needs a region. */
  signature?: 'v1' | 'v4' | undefined;
  /** The one that the endpoint names, unless set. */
  region?: string | undefined;
  /** Asked before every attempt, so that it may refresh them. What it throws is thrown on. */
  credentials: CredentialsProvider;
  clock: Clock;
  random: Random;
  /** Of one attempt, credentials included. 10 s unless set. */
  timeoutMs?: number;
  /** 3 unless set. */
  attemptsMax?: number;
  /** Longest answer taken, before and after decompression. 64 MiB unless set. */
  responseBytesMax?: number;
  /** Told with every answer how far the service's clock is ahead of ours; exact to about a second. */
  onSkew?: ((skewMs: number) => void) | undefined;
}

export interface SlsRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Percent-encoded. */
  path: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  /** Whether doing it twice does no harm. Unless set, only of a GET. */
  idempotent?: boolean;
  signal: AbortSignal;
}

/** A success. Header names in lower case. */
export type SlsResponse = Omit<HttpResponse, 'status'>;

/**
 * Sends one request. Resolves only for status 200, which is the service's only success. Rejects with a `SourceError`
 * (the service's code, or `Timeout`, `NetworkError`, `BadResponse`), or with the signal's reason.
 *
 * Repeated, after a random wait: throttling, 5xx and missing answers; of requests that are not idempotent only what
 * certainly did not happen. Never repeated: any other refusal.
 */
export type Transport = (request: SlsRequest) => Promise<SlsResponse>;

export const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;
const API_VERSION = '0.6.0';

export function createTransport(options: TransportOptions): Transport {
  const { clock, timeoutMs = 10_000, attemptsMax = 3, responseBytesMax = RESPONSE_BYTES_MAX } = options;
  const authorize = createAuthorize(options);
  const address = addressOf(options.endpoint, options.project);
  const exchange = createExchange(address, responseBytesMax);

  const send = async (
    request: SlsRequest,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<SlsResponse> => {
    const sentAt = clock.now();
    const headers = authorize(
      request,
      commonHeaders(request, address.host, credentials),
      credentials,
      sentAt,
    );
    const target = request.path + queryText(request.query ?? {});
    const response = await exchange({ method: request.method, target, headers, body: request.body, signal });
    const serviceTime = Date.parse(response.headers.date ?? '');
    // The header has whole seconds, so the service's clock shows half a second more on average.
    if (!Number.isNaN(serviceTime)) options.onSkew?.(serviceTime + 500 - (sentAt + clock.now()) / 2);
    if (response.status !== 200) throw failureOf(response, `${request.method} ${request.path}`);
    return response;
  };

  /** Refused credentials did nothing yet, so any request may be sent again with others. */
  const attempt = async (request: SlsRequest, signal: AbortSignal): Promise<SlsResponse> => {
    const credentials = await options.credentials();
    try {
      return await send(request, credentials, signal);
    } catch (error) {
      if (!isAuthFailure(error)) throw error;
      const others = await options.credentials(credentials);
      if (sameCredentials(others, credentials)) throw error;
      return send(request, others, signal);
    }
  };

  return async (request) => {
    const { signal } = request;
    const idempotent = request.idempotent ?? request.method === 'GET';
    const timeoutError = (): SourceError =>
      new SourceError(`${request.method} ${request.path}: no answer within ${timeoutMs} ms`, {
        code: 'Timeout',
        status: 0,
        retriable: true,
      });
    return retrying(
      { clock, random: options.random, signal, attemptsMax },
      (error) => isRepeatable(error, idempotent),
      () => withTimeout({ clock, signal, timeoutMs }, timeoutError, (signal) => attempt(request, signal)),
    );
  };
}

export function sameCredentials(a: Credentials, b: Credentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.accessKeySecret === b.accessKeySecret &&
    a.securityToken === b.securityToken
  );
}

type Headers = Record<string, string>;

function commonHeaders(request: SlsRequest, host: string, credentials: Credentials): Headers {
  const length = request.body?.length ?? 0;
  return {
    host,
    'user-agent': 'shardbeat',
    'content-length': String(length),
    'x-log-apiversion': API_VERSION,
    'x-log-bodyrawsize': String(length),
    ...(credentials.securityToken ? { 'x-acs-security-token': credentials.securityToken } : {}),
    ...request.headers,
  };
}

/** Completes the headers with what the chosen signature version wants, and with the signature itself. */
function createAuthorize({ signature = 'v4', endpoint, region = regionOf(endpoint) }: TransportOptions) {
  if (signature === 'v4' && !region) throw new SettingsError('region', region, REGION_REMEDY);
  return (request: SlsRequest, common: Headers, credentials: Credentials, nowMs: number): Headers => {
    const { method, path, query = {}, body } = request;
    const { accessKeyId, accessKeySecret } = credentials;
    const date = new Date(nowMs);
    if (signature === 'v1') {
      const headers: Headers = {
        ...common,
        date: date.toUTCString(),
        'x-log-signaturemethod': 'hmac-sha1',
        ...(body?.length ? { 'content-md5': md5Hex(body) } : {}),
      };
      const authorization = signV1({ method, path, query, headers, accessKeyId, accessKeySecret });
      return { ...headers, authorization };
    }
    const bodySha256 = sha256Hex(body);
    const headers: Headers = {
      ...common,
      'x-log-date': date.toISOString().replace(/[-:]|\.\d+/g, ''),
      'x-log-content-sha256': bodySha256,
    };
    const scope = { region: region ?? '', accessKeyId, accessKeySecret, bodySha256 };
    return { ...headers, authorization: signV4({ method, path, query, headers, ...scope }) };
  };
}

function queryText(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
