import {
  parseControlAuthorization,
  parseDataAuthorization,
  signControl,
  signData,
} from '../../lib/sources/cls/signature.ts';
import type { Account } from '../service/account.ts';
import type { WireRequest } from '../service/request.ts';
import { sameSecret } from '../service/secret.ts';
import { refuse, refuseData } from './errors.ts';

type Texts = Readonly<Record<string, string>>;

/** API 3.0, common error codes: at most five minutes between the timestamp and the time of the service. */
const SKEW_SEC_MAX = 5 * 60;

/**
 * Lets a request of the control plane pass if one of the accounts signed it with TC3-HMAC-SHA256, lately; else throws the
 * documented refusal.
 */
export function authenticateControl(
  { headers, body }: WireRequest,
  accounts: readonly Account[],
  nowMs: number,
): void {
  const authorization = parseControlAuthorization(headers.authorization ?? '');
  if (!authorization) throw refuse.authorizationInvalid();
  const account = accounts.find(({ accessKeyId }) => accessKeyId === authorization.accessKeyId);
  if (!account) throw refuse.secretIdNotFound();
  if (!hasToken(headers, account)) throw refuse.tokenFailure();

  const timestamp = headers['x-tc-timestamp'] ?? '';
  if (!/^\d{1,12}$/.test(timestamp)) throw refuse.missingParameter('Timestamp');
  if (Math.abs(Number(timestamp) - nowMs / 1000) > SKEW_SEC_MAX) throw refuse.signatureExpire();
  // API 3.0, "Signature v3": these two headers have to be signed.
  if (!['content-type', 'host'].every((name) => authorization.headers.includes(name))) {
    throw refuse.signatureFailure();
  }
  const expected = parseControlAuthorization(
    signControl({
      ...account,
      headers: picked(headers, authorization.headers),
      body,
      timestamp: Number(timestamp),
      // Some SDKs of API 3.0 take the first label of their endpoint for the service: here that is `127` or `localhost`.
      service: authorization.service,
    }),
  );
  if (expected?.date !== authorization.date || !sameSecret(expected.signature, authorization.signature)) {
    throw refuse.signatureFailure();
  }
}

/**
 * Lets a request of the data plane pass if one of the accounts signed it for a time that is now; else throws the documented
 * refusal. Uploads without a signature, which newer SDKs can send, are not taken here.
 */
export function authenticateData(
  { method, path, query, headers }: WireRequest,
  accounts: readonly Account[],
  nowMs: number,
): void {
  if (headers.authorization === undefined) {
    throw headers['x-cls-auth-mode'] === undefined
      ? refuseData.missingAuthorization()
      : refuseData.unauthorized();
  }
  const authorization = parseDataAuthorization(headers.authorization);
  if (!authorization || authorization.keyTime !== authorization.signTime) {
    throw refuseData.invalidAuthorization();
  }
  const { accessKeyId, signTime } = authorization;
  const account = accounts.find((candidate) => candidate.accessKeyId === accessKeyId);
  if (!account) throw refuseData.secretIdNotFound();
  if (!hasToken(headers, account)) throw refuseData.tokenFailure();

  const [fromSec = 0, toSec = 0] = signTime.split(';').map(Number);
  if (nowMs / 1000 < fromSec || nowMs / 1000 > toSec) throw refuseData.signatureExpire();
  const expected = parseDataAuthorization(
    signData({
      ...account,
      method,
      path,
      query: picked(lowerCased(query), authorization.parameters),
      headers: picked(headers, authorization.headers),
      signTime,
    }),
  );
  if (!sameSecret(expected?.signature ?? '', authorization.signature)) throw refuseData.signatureFailure();
}

/** The generated SDKs send `X-TC-Token`, the log SDKs `X-Cls-Token` on both planes. */
function hasToken(headers: Texts, { securityToken = '' }: Account): boolean {
  return sameSecret(headers['x-cls-token'] ?? headers['x-tc-token'] ?? '', securityToken);
}

/** What was signed, by the names that the request says; a name that it does not have is empty. */
function picked(texts: Texts, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, texts[name] ?? '']));
}

function lowerCased(texts: Texts): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name.toLowerCase(), value]));
}
