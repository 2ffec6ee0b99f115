import { StoreError } from '../../errors.ts';
import { messageOf } from '../../observe/plainError.ts';
import type { Clock, Random } from '../../runtime.ts';

const ATTEMPTS_MAX = 4;
const BACKOFF_MS_FIRST = 50;
const BACKOFF_MS_MAX = 1_000;

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
]);

interface Attempts {
  kind: 'read' | 'write';
  table: string;
  signal: AbortSignal;
  clock: Clock;
  random: Random;
}

/**
 * Runs a request again while that is harmless: a read on any passing fault, a write only when the service said that it
 * did not happen (throttling). A write without an answer is thrown as `outcome: 'unknown'`: the rule that made it knows
 * how to find out. Full jitter, at most four attempts.
 */
export async function retrying<T>(attempts: Attempts, request: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    attempts.signal.throwIfAborted();
    try {
      return await request();
    } catch (error) {
      const failure = storeError(error, attempts.kind, attempts.table);
      const harmless = failure.retriable && (attempts.kind === 'read' || failure.outcome === 'refused');
      if (!harmless || attempts.signal.aborted || attempt === ATTEMPTS_MAX) throw failure;
      const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** (attempt - 1));
      await attempts.clock.sleep(backoffMs * attempts.random.next(), attempts.signal);
    }
  }
}

/** Turns what the SDK throws into the one kind of error that the group's rules know. */
export function storeError(error: unknown, kind: 'read' | 'write', table: string): StoreError {
  if (error instanceof StoreError) return error;
  const { name = 'Error', message = messageOf(error), $metadata } = (error ?? {}) as SdkError;
  if (name === 'ResourceNotFoundException') {
    const remedy = `deploy infra/table.yml, or correct SHARDBEAT_TABLE and the region`;
    return new StoreError(`DynamoDB has no table ${JSON.stringify(table)}: ${remedy}`, {
      code: name,
      outcome: 'refused',
      retriable: false,
      cause: error,
    });
  }
  const status = $metadata?.httpStatusCode;
  const throttled = THROTTLED.has(name);
  // 4xx other than throttling: the service looked at the request and did nothing.
  const refused = throttled || (status !== undefined && status >= 400 && status < 500);
  return new StoreError(`DynamoDB ${kind} on ${JSON.stringify(table)} failed: ${name}: ${message}`, {
    code: name,
    outcome: refused ? 'refused' : 'unknown',
    retriable: throttled || !refused,
    cause: error,
  });
}

interface SdkError {
  name?: string;
  message?: string;
  $metadata?: { httpStatusCode?: number };
}
