import { StoreError } from '../../errors.ts';
import { type Backoff, retrying } from '../../http/retry.ts';
import { messageOf } from '../../observe/plainError.ts';
import type { Clock, Random } from '../../runtime.ts';

const ATTEMPTS_MAX = 4;
const BACKOFF: Backoff = { firstMs: 50, mostMs: 1_000 };

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
]);

export const isThrottled = (error: unknown): boolean => THROTTLED.has((error as SdkError | null)?.name ?? '');

/**
 * Of a table in several regions with strong consistency: the item is being written from another one at this moment, and this write is
 * not done. It says nothing of the write's condition, and is no lost race: sent again, it is judged by what the other one has left.
 */
const isConflict = (error: unknown): boolean =>
  (error as SdkError | null)?.name === 'ReplicatedWriteConflictException';

export interface Attempts {
  kind: 'read' | 'write';
  table: string;
  signal: AbortSignal;
  clock: Clock;
  random: Random;
  /** 4, unless set. */
  attemptsMax?: number;
}

/**
 * Runs a request again while that is harmless: a read on any passing fault, a write only when the service said that it
 * did not happen (throttling, a conflict with another region). A write without an answer is thrown as `outcome: 'unknown'`: the rule that made it knows
 * how to find out.
 */
export function repeatedWhileHarmless<T>(attempts: Attempts, request: () => Promise<T>): Promise<T> {
  const { kind, table, signal, attemptsMax = ATTEMPTS_MAX } = attempts;
  const isHarmless = ({ retriable, outcome }: StoreError): boolean =>
    retriable && (kind === 'read' || outcome === 'refused');
  return retrying(
    { ...attempts, backoff: BACKOFF },
    (error) => (isHarmless(error as StoreError) && !signal.aborted ? attemptsMax : 0),
    async () => {
      try {
        return await request();
      } catch (error) {
        throw storeError(error, kind, table);
      }
    },
  );
}

/** Turns what the SDK throws into the one kind of error that the group's rules know. */
export function storeError(error: unknown, kind: 'read' | 'write', table: string): StoreError {
  if (error instanceof StoreError) return error;
  const { name = 'Error', message = messageOf(error), $metadata } = (error ?? {}) as SdkError;
  if (name === 'ResourceNotFoundException') {
    const remedy = `deploy it, or correct SHARDBEAT_TABLE and the region`;
    return new StoreError(`DynamoDB has no table ${JSON.stringify(table)}: ${remedy}`, {
      code: name,
      outcome: 'refused',
      retriable: false,
      cause: error,
    });
  }
  const status = $metadata?.httpStatusCode;
  // A gateway has words of its own for being busy.
  const mayPass = isThrottled(error) || isConflict(error) || status === 429;
  // Any other 4xx: the service looked at the request and did nothing.
  const refused = mayPass || (status !== undefined && status >= 400 && status < 500);
  return new StoreError(`DynamoDB ${kind} on ${JSON.stringify(table)} failed: ${name}: ${message}`, {
    code: name,
    outcome: refused ? 'refused' : 'unknown',
    retriable: mayPass || !refused,
    cause: error,
  });
}

interface SdkError {
  name?: string;
  message?: string;
  $metadata?: { httpStatusCode?: number };
}

/**
 * An answer without what every request asks for comes from somebody else, such as a proxy: it must pass neither for an absent item
 * nor for a write. What became of the request is then as unknown as without an answer.
 */
export function answered<T extends { ConsumedCapacity?: unknown }>(answer: T): T {
  if (answer.ConsumedCapacity !== undefined) return answer;
  throw Object.assign(new Error('an answer without ConsumedCapacity'), { name: 'BadResponse' });
}
