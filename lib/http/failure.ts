/** What the errors of all log services have in common. */
import { SourceError } from '../errors.ts';
import { beginningOf } from '../observe/secrets.ts';
import type { HttpResponse } from './exchange.ts';

/** Length of a service's message, or of an answer that is no message, that goes into an error. */
const MESSAGE_CHARACTERS_MAX = 500;
/** Of a body that is read as an error; services answer with a few hundred. */
const ERROR_BODY_BYTES_MAX = 64 * 1024;

/** A success that cannot be understood. Asking again may help, unless told otherwise. */
export function badResponse(what: string, requestId: string | undefined, retriable = true): SourceError {
  return new SourceError(`unusable answer: ${what}`, {
    code: 'BadResponse',
    status: 200,
    retriable,
    requestId,
  });
}

/** What a service says of a failure. */
export interface ServiceError {
  code: string;
  message: string;
}

export interface FailureTraits {
  /** Such as `GET /logstores/orders/shards`. */
  call: string;
  requestId: string | undefined;
  /** Whether the code is that of a refusal for a quota: the request did nothing, and may pass later. */
  throttled: boolean;
  /** Of other codes: whether the same request may pass later. */
  retriable: boolean;
}

/** The error that a service's words stand for. */
export function serviceFailure(status: number, error: ServiceError, traits: FailureTraits): SourceError {
  const { code, message } = error;
  const { call, requestId, throttled, retriable } = traits;
  // Secrets are hidden before it is cut: half of one would not be known for what it is.
  const beginning = beginningOf(message, MESSAGE_CHARACTERS_MAX);
  const shown = message.length > MESSAGE_CHARACTERS_MAX ? `${beginning}…` : beginning;
  return new SourceError(`${call}: ${status} ${code}: ${shown}`, {
    code,
    status,
    retriable: retriable || throttled,
    outcome: throttled ? 'refused' : 'unknown',
    requestId,
  });
}

/** The body of an answer that is not success, as text and as JSON; undefined where it is none. */
export function errorBodyOf({ body }: HttpResponse): { text: string; json: unknown } {
  const text = body.toString('utf8', 0, ERROR_BODY_BYTES_MAX);
  try {
    return { text, json: JSON.parse(text) };
  } catch {
    return { text, json: undefined };
  }
}

/** An answer that is not success, and does not say why in the service's form. */
export function unexplained(text: string): ServiceError {
  return { code: 'BadResponse', message: text || 'no error message' };
}
