import { md5Hex, parseAuthorization, sha256Hex, signV1, signV4 } from '../../lib/sources/sls/signature.ts';
import type { Account } from '../service/account.ts';
import { sameSecret } from '../service/secret.ts';
import { refuse } from './errors.ts';
import type { SlsRequest } from './http.ts';

type Headers = Readonly<Record<string, string>>;

/** Common error codes: a request may be at most 15 minutes away from the service's time. */
const SKEW_MS_MAX = 15 * 60_000;
const API_VERSION = '0.6.0';

/**
 * Lets a request pass if one of the accounts signed it, whole and lately; else throws the documented refusal. Both
 * signature versions are understood, and of version 1 both digests.
 */
export function authenticate(request: SlsRequest, accounts: readonly Account[], nowMs: number): void {
  const { headers } = request;
  const sent = headers.authorization;
  if (sent === undefined) throw refuse.missingHeader('authorization');
  const version = headers['x-log-apiversion'];
  if (version === undefined) throw refuse.missingApiVersion();
  if (version !== API_VERSION) throw refuse.invalidApiVersion(version);
  const authorization = parseAuthorization(sent);
  if (!authorization) throw refuse.invalidHeader('authorization', sent);

  const account = accounts.find((candidate) => candidate.accessKeyId === authorization.accessKeyId);
  if (!account) throw refuse.accessKeyNotFound(authorization.accessKeyId);
  if (!sameSecret(headers['x-acs-security-token'] ?? '', account.securityToken ?? '')) {
    throw refuse.securityTokenInvalid();
  }

  checkTime(authorization.version === 'v4' ? timeOfV4(headers) : timeOfV1(headers), nowMs);
  const expected =
    authorization.version === 'v4'
      ? [expectedV4(request, account, authorization.region)]
      : expectedV1(request, account);
  const compact = sent.replace(', Signature=', ',Signature=').replace(/^SLS /, 'LOG ');
  if (!expected.some((value) => sameSecret(value, compact))) {
    throw refuse.signatureNotMatch(authorization.signature);
  }
}

/** What the account would have sent; nothing at all if the body is not the one that was signed. */
function expectedV1(request: SlsRequest, account: Account): string[] {
  const { headers, body } = request;
  const method = headers['x-log-signaturemethod'];
  if (method === undefined) throw refuse.missingHeader('x-log-signaturemethod');
  if (method !== 'hmac-sha1' && method !== 'hmac-sha256') {
    throw refuse.invalidHeader('x-log-signaturemethod', method);
  }
  // The generated SDKs send an empty digest where there is no body, and sign it as if there were none.
  const digest = headers['content-md5'];
  const isLeftOut = digest === undefined || (digest === '' && body.byteLength === 0);
  if (!isLeftOut && digest !== md5Hex(body)) return [];
  // `x-log-date` stands in for `Date`, which some proxies drop; the Python SDK adds it after signing.
  const { 'x-log-date': logDate, ...others } = headers;
  const signed = { ...others, date: headers.date ?? logDate ?? '' };
  const candidates = logDate === undefined ? [signed] : [signed, { ...signed, 'x-log-date': logDate }];
  return candidates.map((candidate) => signV1({ ...request, headers: candidate, ...account }));
}

function expectedV4(request: SlsRequest, account: Account, region: string): string {
  return signV4({ ...request, ...account, region, bodySha256: sha256Hex(request.body) });
}

/** RFC 1123, as in `Wed, 11 Nov 2015 07:35:00 GMT`. */
function timeOfV1(headers: Headers): { text: string; unixMs: number } {
  const text = headers.date ?? headers['x-log-date'];
  if (text === undefined) throw refuse.missingHeader('x-log-date');
  const looksRight = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text);
  return { text, unixMs: looksRight ? Date.parse(text) : Number.NaN };
}

/** ISO 8601 in its short form, as in `20151111T073500Z`. */
function timeOfV4(headers: Headers): { text: string; unixMs: number } {
  const text = headers['x-log-date'];
  if (text === undefined) throw refuse.missingHeader('x-log-date');
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!parts) return { text, unixMs: Number.NaN };
  const [, year, month, day, hour, minute, second] = parts;
  return { text, unixMs: Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) };
}

function checkTime(time: { text: string; unixMs: number }, nowMs: number): void {
  if (Number.isNaN(time.unixMs)) throw refuse.invalidRequestTime(time.text);
  if (Math.abs(time.unixMs - nowMs) > SKEW_MS_MAX) {
    throw refuse.requestTimeExpired(time.text, new Date(nowMs).toUTCString());
  }
}
