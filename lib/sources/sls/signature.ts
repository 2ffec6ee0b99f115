/**
 * The two request signatures of SLS, as pure functions of what goes over the wire: a client signs with them, a server
 * recomputes with them. The order of headers and of query parameters never matters, nor the case of header names.
 *
 * Source of every rule: the official Python, Go and Java SDKs, whose test vectors the tests reproduce.
 */
import { createHash, createHmac } from 'node:crypto';

export interface SignedRequest {
  /** Upper case, such as `GET`. */
  method: string;
  /** Path exactly as it stands on the request line (percent-encoded), without the query. */
  path: string;
  /** Query parameters, decoded. */
  query: Readonly<Record<string, string>>;
  /** Every header that is sent, `host` included; names in any case. Headers that no signature covers are ignored. */
  headers: Readonly<Record<string, string>>;
  accessKeySecret: string;
}

/** What an `Authorization` header says. `region` and `date` (`YYYYMMDD`) are part of a v4 scope only. */
export type Authorization =
  | { version: 'v1'; accessKeyId: string; signature: string }
  | { version: 'v4'; accessKeyId: string; signature: string; date: string; region: string };

const V4_ALGORITHM = 'SLS4-HMAC-SHA256';
const V4_TERMINATOR = 'aliyun_v4_request';

/** SHA-256 as lower-case hex, the form of `x-log-content-sha256`; of nothing when there is no body. */
export function sha256Hex(data: Uint8Array | string = ''): string {
  return createHash('sha256').update(data).digest('hex');
}

/** MD5 as upper-case hex: the form SLS wants in `Content-MD5` (not base64). */
export function md5Hex(data: Uint8Array | string): string {
  return createHash('md5').update(data).digest('hex').toUpperCase();
}

/**
 * Signature version 1. Returns the value of `Authorization`: `LOG <id>:<base64>`.
 *
 * Covers method, `content-md5`, `content-type`, `date` and all `x-log-*` and `x-acs-*` headers. HMAC-SHA1, or
 * HMAC-SHA256 if the header `x-log-signaturemethod` says `hmac-sha256` (as the generated OpenAPI SDKs do).
 */
export function signV1(request: SignedRequest & { accessKeyId: string }): string {
  const headers = lowerCased(request.headers);
  const covered = serviceHeaders(headers).map((name) => `${name}:${headers.get(name)}`);
  const text = [
    request.method,
    headers.get('content-md5') ?? '',
    headers.get('content-type') ?? '',
    headers.get('date') ?? '',
    covered.join('\n'),
    request.path + v1Query(request.query),
  ].join('\n');
  const digest = headers.get('x-log-signaturemethod') === 'hmac-sha256' ? 'sha256' : 'sha1';
  const signature = createHmac(digest, request.accessKeySecret).update(text).digest('base64');
  return `LOG ${request.accessKeyId}:${signature}`;
}

/**
 * Signature version 4. Returns the value of `Authorization`:
 * `SLS4-HMAC-SHA256 Credential=<id>/<YYYYMMDD>/<region>/sls/aliyun_v4_request,Signature=<hex>`.
 *
 * Covers method, path, query, body, `host`, `content-type` and all `x-log-*` and `x-acs-*` headers. The headers must
 * hold `x-log-date` (`YYYYMMDDTHHMMSSZ`), from which the scope's date is taken.
 */
export function signV4(
  request: SignedRequest & { accessKeyId: string; region: string; bodySha256: string },
): string {
  const headers = lowerCased(request.headers);
  const names = serviceHeaders(headers, ['content-type', 'host']);
  const canonical = [
    request.method,
    request.path,
    v4Query(request.query),
    ...names.map((name) => `${name}:${headers.get(name)}`),
    '',
    names.join(';'),
    request.bodySha256,
  ].join('\n');
  const dateTime = headers.get('x-log-date') ?? '';
  const date = dateTime.slice(0, 8);
  const scope = `${date}/${request.region}/sls/${V4_TERMINATOR}`;
  const text = [V4_ALGORITHM, dateTime, scope, sha256Hex(canonical)].join('\n');
  const key = [date, request.region, 'sls', V4_TERMINATOR].reduce<Buffer | string>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `aliyun_v4${request.accessKeySecret}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `${V4_ALGORITHM} Credential=${request.accessKeyId}/${scope},Signature=${signature}`;
}

/** Takes an `Authorization` value apart; undefined if it is of neither version. The Go SDK writes `SLS` for `LOG`. */
export function parseAuthorization(value: string): Authorization | undefined {
  const v1 = /^(?:LOG|SLS) ([^:\s]+):(\S+)$/.exec(value);
  if (v1) return { version: 'v1', accessKeyId: v1[1]!, signature: v1[2]! };
  const v4 =
    /^SLS4-HMAC-SHA256 Credential=([^/\s]+)\/(\d{8})\/([^/\s]+)\/sls\/aliyun_v4_request, ?Signature=([0-9a-f]+)$/.exec(
      value,
    );
  if (!v4) return undefined;
  return { version: 'v4', accessKeyId: v4[1]!, date: v4[2]!, region: v4[3]!, signature: v4[4]! };
}

/** RFC 3986: everything but letters, digits and `-_.~`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function lowerCased(headers: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(
    Object.entries(headers).map(([name, value]) => [name.trim().toLowerCase(), value.trim()] as const),
  );
}

/** Sorted names of the headers a signature covers. `x-log-meta-*` never is. */
function serviceHeaders(headers: Map<string, string>, others: string[] = []): string[] {
  const covers = (name: string): boolean =>
    others.includes(name) || (/^x-(log|acs)-/.test(name) && !name.startsWith('x-log-meta-'));
  return [...headers.keys()].filter(covers).sort();
}

/** Version 1 signs decoded values. */
function v1Query(query: Readonly<Record<string, string>>): string {
  const names = Object.keys(query).sort();
  return names.length === 0 ? '' : `?${names.map((name) => `${name}=${query[name]}`).join('&')}`;
}

/** Version 4 signs encoded values under names as they are, and drops `=` where a value is empty. */
function v4Query(query: Readonly<Record<string, string>>): string {
  return Object.keys(query)
    .sort()
    .map((name) => (query[name] === '' ? name : `${name}=${percentEncode(query[name]!)}`))
    .join('&');
}
