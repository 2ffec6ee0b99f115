/** Signed requests to one SLS project, repeated where that helps. */
import { SettingsError } from '../../errors.ts';
import type { Credentials } from '../../http/credentials.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { badResponse } from '../../http/failure.ts';
import { createSender, type SenderOptions } from '../../http/sender.ts';
import { addressOf, REGION_REMEDY, regionOf } from './endpoint.ts';
import { failureOf, isAuthFailure } from './failure.ts';
import { md5Hex, percentEncode, sha256Hex, signV1, signV4 } from './signature.ts';

export interface TransportOptions extends SenderOptions {
  /** Such as `cn-hangzhou.log.aliyuncs.com`; see `addressOf`. */
  endpoint: string;
  project: string;
  /** Version 4 unless set; it needs a region. */
  signature?: 'v1' | 'v4' | undefined;
  /** The one that the endpoint names, unless set. */
  region?: string | undefined;
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
  /** As `HttpRequest` says. */
  wants?: HttpRequest['wants'];
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

const API_VERSION = '0.6.0';

export function createTransport(options: TransportOptions): Transport {
  const authorize = createAuthorize(options);
  const address = addressOf(options.endpoint, options.project);
  const send = createSender<SlsRequest & { idempotent: boolean }>(options, {
    address,
    nameOf: ({ method, path }) => `${method} ${path}`,
    sign(request, credentials, nowMs) {
      const common = commonHeaders(request, address.host, credentials);
      return {
        method: request.method,
        target: request.path + queryText(request.query ?? {}),
        headers: authorize(request, common, credentials, nowMs),
        body: request.body,
        wants: request.wants,
      };
    },
    check(response, name) {
      if (response.status !== 200) throw failureOf(response, name);
      // Every answer of the service has one. Without it a page of a proxy would pass for a commit, which has no body to check.
      if (response.headers['x-log-requestid'] === undefined)
        throw badResponse('no x-log-requestid', undefined);
    },
    isAuthFailure,
  });
  return (request) => send({ ...request, idempotent: request.idempotent ?? request.method === 'GET' });
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
