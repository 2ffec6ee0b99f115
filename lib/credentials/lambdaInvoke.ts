/** Calls a deployed function and waits for its answer, without the SDK's client for it. */
import { StoreError } from '../errors.ts';
import { beginningOf } from '../observe/secrets.ts';
import type { Clock, Random } from '../runtime.ts';
import { jsonIn, refusalIn } from './awsAnswer.ts';
import { type AwsAccount, endpointOf } from './awsCall.ts';
import { type AwsWords, createAwsSender, isSuccess, refused } from './awsSender.ts';
import { escapeAws } from './awsSignature.ts';

export interface InvokeOptions {
  /** Its name or ARN. */
  name: string;
  account: AwsAccount;
  /** A URL; unless set, the service's public one. */
  endpoint?: string | undefined;
  clock: Clock;
  random: Random;
}

const ACTION = 'lambda:InvokeFunction';
/** As long as a function may run at most, and an answer may take. */
const TIMEOUT_MS = 15 * 60_000 + 10_000;
const MESSAGE_CHARACTERS_MAX = 1_000;
const NOT_FOUND_REMEDY = 'there is none in this region: correct its name, or the region';

/**
 * Sends an event; resolves with the function's answer. Rejects with a `StoreError`: of Lambda, or with what the function failed
 * with (code `FunctionFailed`). What it is sent has to be harmless if it comes twice.
 */
export function createInvoke({ name, endpoint, ...options }: InvokeOptions) {
  const originIn = (region: string): string => endpoint ?? endpointOf('lambda', region);
  const words = wordsOf(name);
  const send = createAwsSender({ ...options, service: 'lambda', originIn, timeoutMs: TIMEOUT_MS }, words);
  return async (event: object, signal: AbortSignal): Promise<unknown> => {
    const response = await send({
      action: ACTION,
      method: 'POST',
      path: `/2015-03-31/functions/${escapeAws(name)}/invocations`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
      signal,
    });
    const { status, headers, body } = response;
    if (status === 404) throw failed(name, 'ResourceNotFoundException', NOT_FOUND_REMEDY);
    // Such as 409, while the function is changed: Lambda's words, and not the function's.
    if (!isSuccess(status)) throw refused(response, ACTION, words);
    const text = body.toString();
    const answer = jsonIn(text);
    if (headers['x-amz-function-error'] === undefined && answer !== undefined) return answer;
    const { errorMessage = beginningOf(text, MESSAGE_CHARACTERS_MAX) } = (answer ?? {}) as Record<
      string,
      unknown
    >;
    throw failed(name, 'FunctionFailed', beginningOf(String(errorMessage), MESSAGE_CHARACTERS_MAX));
  };
}

const failed = (name: string, code: string, what: string): StoreError =>
  new StoreError(`the function ${name}: ${what}`, { code, outcome: 'unknown', retriable: false });

const wordsOf = (name: string): AwsWords => ({
  refusalIn,
  remedyFor: (code, action) =>
    /AccessDenied|UnrecognizedClient|status 403/.test(code)
      ? `whoever calls must be allowed ${action} on ${name}`
      : undefined,
});
