/** Signed requests to both planes of CLS, repeated where that helps. */
import type { Credentials } from '../../http/credentials.ts';
import type { HttpRequest, HttpResponse } from '../../http/exchange.ts';
import { badResponse } from '../../http/failure.ts';
import { createSender, type SenderOptions } from '../../http/sender.ts';
import { addressesOf, type Places } from './endpoint.ts';
import { failureIn, failureOf, isAuthFailure, isClockFailure, requestIdOf, responseOf } from './failure.ts';
import { type Fields, formatJson, parseJson } from './json.ts';
import { formEncode, signControl, signData, signTimeOf } from './signature.ts';

export interface TransportOptions extends SenderOptions, Places {}

export interface ControlRequest {
  /** As the API reference names it, such as `DescribePartitions`. */
  action: string;
  /** Bigints are written as numbers. */
  body: Fields;
  /** Whether doing it twice does no harm. */
  idempotent: boolean;
  signal: AbortSignal;
}

export interface DataRequest {
  path: string;
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
  idempotent: boolean;
  signal: AbortSignal;
}

/** Both reject as `Sender` says. */
export interface Transport {
  /** The inside of the answer's `Response`; integers beyond 2^53 are bigints. */
  control(request: ControlRequest): Promise<Fields>;
  /** An answer with status 200. */
  data(request: DataRequest): Promise<HttpResponse>;
}

const API_VERSION = '2020-10-16';
/**
 * Of calls of the control plane that were refused for their rate: 20 in a second for each action, while the slots of many groups
 * tick at the same second. With these waits (full jitter, up to 5 s) 150 calls of one second are through after 10 s, by lot;
 * with 6 attempts every third one would be given up.
 */
const REFUSED_ATTEMPTS_MAX = 10;
/** Unless the options say so: 10 MiB of a pull have to come through. */
const DATA_TIMEOUT_MS = 30_000;

/** Throws a SettingsError for options that cannot be used; nothing is sent before the first call. */
export function createTransport(options: TransportOptions): Transport {
  const { data, control, region } = addressesOf(options);
  const sendControl = createSender<ControlRequest>(options, {
    address: control,
    nameOf: ({ action }) => action,
    sign: (request, credentials, nowMs) => signedControl(request, control.host, region, credentials, nowMs),
    check: (response, name) => void controlResponseOf(response, name),
    isAuthFailure,
    isClockFailure,
    refusedAttemptsMax: Math.max(REFUSED_ATTEMPTS_MAX, options.attemptsMax ?? 0),
  });
  const sendData = createSender<DataRequest>(
    { ...options, timeoutMs: options.timeoutMs ?? DATA_TIMEOUT_MS },
    {
      address: data,
      nameOf: ({ path }) => `POST ${path}`,
      sign: (request, credentials, nowMs) => signedData(request, data.host, credentials, nowMs),
      check(response, name) {
        if (response.status !== 200) throw failureOf(response, name);
      },
      isAuthFailure,
      isClockFailure,
    },
  );
  return {
    control: async (request) => controlResponseOf(await sendControl(request), request.action),
    data: sendData,
  };
}

/** Throws a `SourceError` if the answer is not success, whatever its status. */
function controlResponseOf(response: HttpResponse, action: string): Fields {
  if (response.status !== 200) throw failureOf(response, action);
  const json = jsonOf(response, response.body);
  const failure = failureIn(json, response, action);
  if (failure !== undefined) throw failure;
  return responseOf(json, response);
}

/** `body`: of the answer, decompressed. Throws a `SourceError` (`BadResponse`) if it is no JSON. */
export function jsonOf(response: HttpResponse, body: Uint8Array): unknown {
  try {
    return parseJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch {
    throw badResponse('no JSON', requestIdOf(response));
  }
}

type Signed = Omit<HttpRequest, 'signal'>;

function signedControl(
  request: ControlRequest,
  host: string,
  region: string | undefined,
  credentials: Credentials,
  nowMs: number,
): Signed {
  const body = Buffer.from(formatJson(request.body));
  const timestamp = Math.floor(nowMs / 1000);
  const headers = { host, 'content-type': 'application/json' };
  const { securityToken } = credentials;
  return {
    method: 'POST',
    target: '/',
    headers: {
      ...headers,
      'content-length': String(body.length),
      'user-agent': 'shardbeat',
      'x-tc-action': request.action,
      'x-tc-version': API_VERSION,
      'x-tc-timestamp': String(timestamp),
      // As the CLS SDKs: some errors can be told by their words only, and these words are known for this language.
      'x-tc-language': 'zh-CN',
      ...(region !== undefined && { 'x-tc-region': region }),
      // The SDKs generated for API 3.0 send the first one, those of CLS the second.
      ...(securityToken && { 'x-tc-token': securityToken, 'x-cls-token': securityToken }),
      authorization: signControl({ headers, body, timestamp, ...credentials }),
    },
    body,
  };
}

function signedData(request: DataRequest, host: string, credentials: Credentials, nowMs: number): Signed {
  const { path, query, body } = request;
  const headers = { host, 'content-type': request.headers['content-type'] ?? 'application/json' };
  const pairs = Object.entries(query).map(([name, value]) => `${formEncode(name)}=${formEncode(value)}`);
  const { securityToken } = credentials;
  const signTime = signTimeOf(nowMs);
  return {
    method: 'POST',
    target: `${path}?${pairs.join('&')}`,
    headers: {
      ...request.headers,
      ...headers,
      'content-length': String(body.length),
      'user-agent': 'shardbeat',
      ...(securityToken && { 'x-cls-token': securityToken }),
      authorization: signData({ method: 'POST', path, query, headers, signTime, ...credentials }),
    },
    body,
  };
}
