/** What an answer that is not success means. Codes: SLS developer reference, "Error codes"; the SDKs' error lists. */
import { SourceError } from '../../errors.ts';
import type { HttpResponse } from './http.ts';

/** Length of a service's message, or of an answer that is no message, that goes into an error. */
const MESSAGE_CHARACTERS_MAX = 500;

/** Where no connection came about, the service cannot have seen the request. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** The error that an answer with another status than 200 stands for. */
export function failureOf(response: HttpResponse, call: string): SourceError {
  const { status, headers } = response;
  const text = response.body.toString('utf8', 0, 64 * 1024);
  const { code, message } = errorBody(text) ?? { code: 'BadResponse', message: text || 'no error message' };
  const requestId = headers['x-log-requestid'];
  const shown =
    message.length > MESSAGE_CHARACTERS_MAX ? `${message.slice(0, MESSAGE_CHARACTERS_MAX)}…` : message;
  return new SourceError(`${call}: ${status} ${code}: ${shown}`, {
    code,
    status,
    retriable: status >= 500 || isThrottle(status, code),
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** A success that cannot be understood. Asking again may help, unless told otherwise. */
export function badResponse(what: string, requestId: string | undefined, retriable = true): SourceError {
  return new SourceError(`unusable answer: ${what}`, {
    code: 'BadResponse',
    status: 200,
    retriable,
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/**
 * Whether repeating a request may help, and cannot do harm. One that is not idempotent is repeated only when the
 * service refused it for its quota, or was never reached.
 */
export function isRepeatable(error: unknown, idempotent: boolean): boolean {
  if (!(error instanceof SourceError) || !error.retriable) return false;
  return idempotent || isThrottle(error.status, error.code) || neverConnected(error);
}

/** 403 with `ReadQuotaExceed`, `ShardReadQuotaExceed`, `WriteQuotaExceed`, `ProjectQuotaExceed` and the like. */
function isThrottle(status: number, code: string): boolean {
  return status === 429 || (status === 403 && /QuotaExceed(ed)?$|^ExceedQuota/.test(code));
}

/**
 * Whether the service refused who asked, and not what was asked. A token that has expired is 401 `Unauthorized` here; the other
 * codes are those after which the official Python SDK refreshes its credentials. Also said of a missing permission: the code
 * is the same. A wrong signature may be the old secret of a rotated key.
 */
export function isAuthFailure(error: unknown): boolean {
  if (!(error instanceof SourceError)) return false;
  return error.status === 401 || /^(Unauthorized|InvalidAccessKeyId|SecurityToken)/.test(error.code);
}

function neverConnected(error: SourceError): boolean {
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === 'string' && NEVER_CONNECTED.has(code);
}

/** `{ errorCode, errorMessage }`; the Node SDK also knows `{ Error: { Code, Message } }`. */
function errorBody(text: string): { code: string; message: string } | undefined {
  const body = parseJson(text) as
    | { errorCode?: unknown; errorMessage?: unknown; Error?: { Code?: unknown; Message?: unknown } }
    | null
    | undefined;
  const code = body?.errorCode ?? body?.Error?.Code;
  const message = body?.errorMessage ?? body?.Error?.Message ?? '';
  return typeof code === 'string' && code !== '' ? { code, message: String(message) } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
