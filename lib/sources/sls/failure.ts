/** What an answer that is not success means. Codes: SLS developer reference, "Error codes"; the SDKs' error lists. */
import type { SourceError } from '../../errors.ts';
import type { HttpResponse } from '../../http/exchange.ts';
import { errorBodyOf, type ServiceError, serviceFailure, unexplained } from '../../http/failure.ts';

/** The error that an answer with another status than 200 stands for. */
export function failureOf(response: HttpResponse, call: string): SourceError {
  const { status, headers } = response;
  const { text, json } = errorBodyOf(response);
  const error = errorOf(json) ?? unexplained(text);
  return serviceFailure(status, error, {
    call,
    requestId: headers['x-log-requestid'],
    throttled: isThrottle(status, error.code),
    retriable: status >= 500,
  });
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
export function isAuthFailure({ status, code }: SourceError): boolean {
  return status === 401 || /^(Unauthorized|InvalidAccessKeyId|SecurityToken)/.test(code);
}

/** `{ errorCode, errorMessage }`; the Node SDK also knows `{ Error: { Code, Message } }`. */
function errorOf(json: unknown): ServiceError | undefined {
  const body = json as
    | { errorCode?: unknown; errorMessage?: unknown; Error?: { Code?: unknown; Message?: unknown } }
    | null
    | undefined;
  const code = body?.errorCode ?? body?.Error?.Code;
  const message = body?.errorMessage ?? body?.Error?.Message ?? '';
  return typeof code === 'string' && code !== '' ? { code, message: String(message) } : undefined;
}
