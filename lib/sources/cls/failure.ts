/**
 * What an answer that is not success means. The control plane answers with status 200 and `Response.Error`; the data plane with
 * a status, and `errorcode` and `errormessage`. Codes: API 3.0, "Error Codes", those of each action, and the legacy API's
 * "Error Codes" for the data plane. Both are read in both forms, as by the official Python SDK.
 */
import { SourceError } from '../../errors.ts';
import type { HttpResponse } from '../../http/exchange.ts';
import {
  badResponse,
  errorBodyOf,
  type ServiceError,
  serviceFailure,
  unexplained,
} from '../../http/failure.ts';
import { isObject } from './json.ts';

/** The error that an answer with another status than 200 stands for. */
export function failureOf(response: HttpResponse, call: string): SourceError {
  const { text, json } = errorBodyOf(response);
  return failureFrom(errorOf(json) ?? unexplained(text), response, json, call);
}

/** The error that stands in the JSON of an answer with status 200; undefined if there is none. */
export function failureIn(json: unknown, response: HttpResponse, call: string): SourceError | undefined {
  const error = errorOf(json);
  return error && failureFrom(error, response, json, call);
}

function failureFrom(error: ServiceError, response: HttpResponse, json: unknown, call: string): SourceError {
  const { status } = response;
  return serviceFailure(status, error, {
    call,
    requestId: requestIdOf(response, json),
    throttled: isThrottle(status, error.code),
    retriable: status >= 500 || PASSING.test(error.code),
  });
}

/** `FailedOperation` alone says nothing; `LimitExceeded` is a quota of resources, which does not grow by waiting. */
const PASSING = /^(InternalError\b|ServiceUnavailable\b|Timeout$|FailedOperation\.Timeout$)/;

/** More requests or bytes than may be in a second: nothing was done. */
function isThrottle(status: number, code: string): boolean {
  return (
    status === 429 ||
    /^(RequestLimitExceeded\b|SpeedQuotaExceed$|FailedOperation\.(Read|Write)(Qps|Traffic)Limit$)/.test(code)
  );
}

/**
 * Whether the service refused who asked, and not what was asked: a secret that is not known or was changed, a token that has
 * expired. Also said of a missing permission (`AuthFailure.UnauthorizedOperation`).
 */
export function isAuthFailure({ status, code }: SourceError): boolean {
  return status === 401 || code.startsWith('AuthFailure');
}

/** Whether the time of signing is further than minutes from the service's. */
export function isClockFailure({ code }: SourceError): boolean {
  return /SignatureExpire/i.test(code);
}

/** Of creating a consumer group. No code of its own is documented; the official SDKs look for these words. */
export function isGroupThere(error: unknown): boolean {
  return error instanceof SourceError && /consumer ?group already exists/i.test(error.message);
}

export function isGroupMissing(error: unknown): boolean {
  if (!(error instanceof SourceError)) return false;
  return (
    /^ResourceNotFound\.ConsumerGroup/i.test(error.code) ||
    /consumer ?group\b.*\bnot exist/i.test(error.message)
  );
}

/** Neither is a code for an offset that is not there (any more); the official consumers look for this one, in any case. */
export function isOffsetInvalid(error: unknown): error is SourceError {
  return error instanceof SourceError && /invalidoffset/i.test(error.code);
}

export function requestIdOf({ headers }: HttpResponse, json?: unknown): string | undefined {
  const { RequestId } = responseIn(json) ?? {};
  return typeof RequestId === 'string' ? RequestId : headers['x-cls-requestid'];
}

/** The inside of an answer in JSON. Throws a `SourceError` (`BadResponse`) if there is none. */
export function responseOf(json: unknown, response: HttpResponse) {
  const inside = responseIn(json);
  if (inside === undefined) throw badResponse('no Response in it', requestIdOf(response));
  return inside;
}

function responseIn(json: unknown) {
  return isObject(json) && isObject(json.Response) ? json.Response : undefined;
}

function errorOf(json: unknown): ServiceError | undefined {
  if (!isObject(json)) return undefined;
  const error = responseIn(json)?.Error;
  const code = isObject(error) ? error.Code : json.errorcode;
  const message = isObject(error) ? error.Message : json.errormessage;
  return typeof code === 'string' && code !== '' ? { code, message: String(message ?? '') } : undefined;
}
