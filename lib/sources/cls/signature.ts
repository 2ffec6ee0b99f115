/**
 * The two request signatures of CLS, as pure functions of what goes over the wire: a client signs with them, a server
 * recomputes with them. The data plane (pulls and uploads) has one of its own, the control plane that of Tencent Cloud's
 * API 3.0. The order of headers and of query parameters never matters, nor the case of header names.
 *
 * Source of every rule: the official Python, Go, JavaScript and Node SDKs, whose signatures the tests reproduce.
 */
import { createHash, createHmac } from 'node:crypto';

/** Keys and values as they are sent, decoded. */
type Pairs = Readonly<Record<string, string>>;

export interface DataRequest {
  method: string;
  /** Without the query. */
  path: string;
  /** The parameters that are signed: all of them, as the SDKs do. */
  query: Pairs;
  /** The headers that are signed; the SDKs sign `content-type` and `host`, some also all that begin with `x`. */
  headers: Pairs;
  accessKeyId: string;
  accessKeySecret: string;
  /** From when to when the signature holds: `1699999940;1700000300`, in seconds since 1970. */
  signTime: string;
}

export interface DataAuthorization {
  accessKeyId: string;
  signTime: string;
  keyTime: string;
  /** In lower case. */
  headers: string[];
  parameters: string[];
  signature: string;
}

/** From a minute before `nowMs` to five after, as the consumers of the SDKs. */
export function signTimeOf(nowMs: number): string {
  const nowS = Math.floor(nowMs / 1000);
  return `${nowS - 60};${nowS + 300}`;
}

/** The value of `Authorization` for the data plane. The body is not signed. */
export function signData(request: DataRequest): string {
  const { accessKeyId, accessKeySecret, signTime } = request;
  const [headers, parameters] = [sorted(request.headers), sorted(request.query)];
  const covered = `${request.method.toLowerCase()}\n${request.path}\n${encoded(parameters)}\n${encoded(headers)}\n`;
  const text = `sha1\n${signTime}\n${createHash('sha1').update(covered).digest('hex')}\n`;
  const signature = sha1Hmac(sha1Hmac(accessKeySecret, signTime), text);
  return [
    'q-sign-algorithm=sha1',
    `q-ak=${accessKeyId}`,
    `q-sign-time=${signTime}`,
    `q-key-time=${signTime}`,
    `q-header-list=${headers.map(([name]) => name).join(';')}`,
    `q-url-param-list=${parameters.map(([name]) => name).join(';')}`,
    `q-signature=${signature}`,
  ].join('&');
}

/** Takes an `Authorization` value of the data plane apart; undefined if it is none. */
export function parseDataAuthorization(value: string): DataAuthorization | undefined {
  const fields = new Map(value.split('&').map((pair) => splitAt(pair, pair.indexOf('='))));
  const names = ['q-ak', 'q-sign-time', 'q-key-time', 'q-header-list', 'q-url-param-list', 'q-signature'];
  const found = names.flatMap((name) => fields.get(name) ?? []);
  if (found.length < names.length || fields.get('q-sign-algorithm') !== 'sha1') return undefined;
  const [accessKeyId, signTime, keyTime, headers, parameters, signature] = found as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if (!/^\d{1,12};\d{1,12}$/.test(signTime) || !/^[0-9a-f]{40}$/.test(signature) || accessKeyId === '') {
    return undefined;
  }
  return { accessKeyId, signTime, keyTime, headers: list(headers), parameters: list(parameters), signature };
}

export interface ControlRequest {
  /** Those that are signed; all SDKs sign `content-type` and `host`. */
  headers: Pairs;
  /** As it is sent. */
  body: Uint8Array | string;
  accessKeyId: string;
  accessKeySecret: string;
  /** Header `X-TC-Timestamp`: seconds since 1970. */
  timestamp: number;
  /** What the signature is for: `cls`, unless an SDK takes it from the name of its endpoint. */
  service?: string;
}

export interface ControlAuthorization {
  accessKeyId: string;
  /** `YYYY-MM-DD`, in UTC. */
  date: string;
  service: string;
  /** In lower case. */
  headers: string[];
  signature: string;
}

const CONTROL_ALGORITHM = 'TC3-HMAC-SHA256';
const SERVICE = 'cls';

/** The value of `Authorization` for the control plane, where every request is a POST to `/`. The body is signed. */
export function signControl(request: ControlRequest): string {
  const { accessKeyId, accessKeySecret, timestamp, service = SERVICE } = request;
  const headers = sorted(request.headers);
  const names = headers.map(([name]) => name).join(';');
  const lines = headers.map(([name, value]) => `${name}:${value.trim().toLowerCase()}\n`).join('');
  const canonical = `POST\n/\n\n${lines}\n${names}\n${sha256Hex(request.body)}`;
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const scope = `${date}/${service}/tc3_request`;
  const text = `${CONTROL_ALGORITHM}\n${timestamp}\n${scope}\n${sha256Hex(canonical)}`;
  const key = [date, service, 'tc3_request'].reduce<string | Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `TC3${accessKeySecret}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `${CONTROL_ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
}

/** Takes an `Authorization` value of the control plane apart; undefined if it is none. */
export function parseControlAuthorization(value: string): ControlAuthorization | undefined {
  const match =
    /^TC3-HMAC-SHA256 Credential=([^/\s]+)\/(\d{4}-\d\d-\d\d)\/([^/\s,]+)\/tc3_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      value,
    );
  if (match === null) return undefined;
  const [, accessKeyId, date, service, headers, signature] = match;
  return {
    accessKeyId: accessKeyId!,
    date: date!,
    service: service!,
    headers: list(headers!),
    signature: signature!,
  };
}

function sorted(pairs: Pairs): [name: string, value: string][] {
  return Object.entries(pairs)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function encoded(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}=${formEncode(value)}`).join('&');
}

/** As Python's `quote_plus` and Go's `QueryEscape`: everything but letters, digits and `-_.~`, and `+` for a space. */
export function formEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** The hex text of a digest is itself a key. */
function sha1Hmac(key: string, text: string): string {
  return createHmac('sha1', key).update(text).digest('hex');
}

function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

const list = (text: string): string[] => (text === '' ? [] : text.toLowerCase().split(';'));

function splitAt(text: string, index: number): [string, string] {
  return [text.slice(0, Math.max(0, index)), text.slice(index + 1)];
}
