/** Calls a deployed function, and waits for its answer or does not, without the SDK's client for it. */
import { StoreError } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
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
const ANSWER_MS_MAX = 15 * 60_000 + 10_000;
/** Of what is only begun. */
const START_MS_MAX = 3_000;
const MESSAGE_CHARACTERS_MAX = 1_000;
const NOT_FOUND_REMEDY = 'there is none in this region: correct its name, or the region';

/**
 * Sends an event; resolves with the function's answer. Rejects with a `StoreError`: of Lambda, or with what the function failed
 * with (code `FunctionFailed`). What it is sent has to be harmless if it comes twice.
 */
export function createInvoke(options: InvokeOptions) {
  const { name } = options;
  const send = createSend(options, ANSWER_MS_MAX);
  return async (event: object, signal: AbortSignal): Promise<unknown> => {
    const { headers, body } = await send(event, signal);
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

/** Has a run begin with an event, and does not wait for it. Rejects with a `StoreError` of Lambda. */
export function createStart(options: InvokeOptions) {
  const send = createSend(options, START_MS_MAX, { 'x-amz-invocation-type': 'Event' });
  return async (event: object, signal: AbortSignal): Promise<void> => {
    await send(event, signal);
  };
}

function createSend(
  { name, endpoint, ...options }: InvokeOptions,
  timeoutMs: number,
  how: Readonly<Record<string, string>> = {},
) {
  const originIn = (region: string): string => endpoint ?? endpointOf('lambda', region);
  const words = wordsOf(name);
  const send = createAwsSender({ ...options, service: 'lambda', originIn, timeoutMs }, words);
  return async (event: object, signal: AbortSignal): Promise<HttpResponse> => {
    const response = await send({
      action: ACTION,
      method: 'POST',
      path: `/2015-03-31/functions/${escapeAws(name)}/invocations`,
      headers: { 'content-type': 'application/json', ...how },
      body: JSON.stringify(event),
      signal,
    });
    if (response.status === 404) throw failed(name, 'ResourceNotFoundException', NOT_FOUND_REMEDY);
    // Such as 409, while the function is changed: Lambda's words, and not the function's.
    if (!isSuccess(response.status)) throw refused(response, ACTION, words);
    return response;
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
