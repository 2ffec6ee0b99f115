import { isError, plainErrorOf } from './observe/plainError.ts';
import { shortened, shownValue } from './observe/secrets.ts';

/** A message has a call, a code and what a service said; what is longer was somebody else's text. */
const MESSAGE_CHARACTERS_MAX = 2_000;

/**
 * The one error tree. Programmer errors are assertions (`node:assert`), never these; a lost race is a value.
 * Code that retries asks only `error.retriable`. A message never shows a secret, whatever text it was made of.
 */
export class ShardbeatError extends Error {
  override readonly name: string = 'ShardbeatError';
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retriable: boolean;

  constructor(message: string, options: { retriable: boolean; cause?: unknown }) {
    super(
      shortened(message, MESSAGE_CHARACTERS_MAX),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.retriable = options.retriable;
  }
}

/**
 * A setting or option that cannot be used, or is missing (`value`: undefined): names the field, the value unless it is secret, and the
 * remedy. Never retriable.
 */
export class SettingsError extends ShardbeatError {
  override readonly name: string = 'SettingsError';
  readonly field: string;

  constructor(field: string, value: unknown, remedy: string) {
    const wrong = value === undefined ? 'missing;' : `${shownValue(field, value)} cannot be used:`;
    super(`${field}: ${wrong} ${remedy}`, { retriable: false });
    this.field = field;
  }
}

/** An answer of a log service that is not success, or no answer at all (`status` 0). */
export class SourceError extends ShardbeatError {
  override readonly name: string = 'SourceError';
  /** The service's own code, such as `ShardNotExist`; `Timeout`, `NetworkError` and `BadResponse` are ours. */
  readonly code: string;
  readonly status: number;
  /** `refused`: what was asked for certainly did not happen. */
  readonly outcome: 'refused' | 'unknown';
  readonly requestId: string | undefined;

  constructor(message: string, details: SourceErrorDetails) {
    super(message, details);
    this.code = details.code;
    this.status = details.status;
    this.outcome = details.outcome ?? 'unknown';
    this.requestId = details.requestId;
  }
}

/** What a `SourceError` is made of: a source of one's own throws them, too. */
export interface SourceErrorDetails {
  code: string;
  status: number;
  retriable: boolean;
  /** `unknown` unless set. */
  outcome?: 'refused' | 'unknown' | undefined;
  requestId?: string | undefined;
  cause?: unknown;
}

/** A failure of the group's table, of where its dead letters are, or of a sink. `outcome: 'unknown'` says that the write may have happened. */
export class StoreError extends ShardbeatError {
  override readonly name: string = 'StoreError';
  readonly code: string;
  readonly outcome: 'refused' | 'unknown';

  constructor(
    message: string,
    details: { code: string; outcome: 'refused' | 'unknown'; retriable: boolean; cause?: unknown },
  ) {
    super(message, details);
    this.code = details.code;
    this.outcome = details.outcome;
  }
}

/**
 * Writes that the user's function has returned are refused, by their own conditions or since they cannot be done: nothing was written, and
 * what they were returned for has failed.
 */
export class WritesError extends ShardbeatError {
  override readonly name: string = 'WritesError';

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, { ...options, retriable: false });
  }
}

/**
 * An error for whoever writes every field of what it is given, as Lambda's runtime does: one of ours as it is, else what may be
 * said of what was thrown. Never throws.
 */
export function presentable(thrown: unknown): Error {
  return isError(thrown) && thrown instanceof ShardbeatError ? thrown : plainErrorOf(thrown);
}

/** For middleware: what a failed invocation is answered with. */
export function presentError(request: { error: Error | null }): void {
  request.error = presentable(request.error);
}
