import {
  type CancellationReason,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import type { Counter } from '../../observe/meter.ts';
import type { Tracing } from '../../observe/tracing.ts';
import { isThrottled } from './dynamodbErrors.ts';

/**
 * Counts what every answer of `client` says was consumed, and what did not succeed. A write whose condition was refused says nothing of
 * its units, and costs those of the item: one of them is counted, and two for each item of a transaction.
 */
export function countRequests(
  client: DynamoDBClient,
  count: (counter: Counter, amount?: number) => void,
): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (request) => {
        try {
          const answer = await next(request);
          const units = unitsIn(answer.output);
          if (units > 0) count(READS.has(commandName ?? '') ? 'readUnits' : 'writeUnits', units);
          return answer;
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) {
            count('refusedConditions');
            count('writeUnits');
          } else if (error instanceof TransactionCanceledException) {
            const { CancellationReasons: reasons = [] } = error;
            count(reasons.some(isThrottledReason) ? 'tableThrottles' : 'refusedConditions');
            count('writeUnits', TRANSACTION_UNITS * reasons.length);
          } else count(isThrottled(error) ? 'tableThrottles' : 'tableFailures');
          throw error;
        }
      },
    { step: 'deserialize', priority: 'high', name: 'countRequests' },
  );
}

/** A span for each request of `client`. */
export function traceRequests(client: DynamoDBClient, tracing: Tracing): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (request) => {
        const name = commandName.replace(/Command$/, '');
        return tracing.span('request', { request: `dynamodb:${name}`, service: 'dynamodb' }, () =>
          next(request),
        );
      },
    { step: 'initialize', priority: 'high', name: 'traceRequests' },
  );
}

interface Capacity {
  CapacityUnits?: number;
}

/** Each item is prepared, and then written. */
const TRANSACTION_UNITS = 2;

const isThrottledReason = ({ Code = '' }: CancellationReason): boolean =>
  Code === 'ThrottlingError' || Code === 'ProvisionedThroughputExceeded';

const READS: ReadonlySet<string> = new Set(['GetItemCommand', 'QueryCommand']);

function unitsIn(output: unknown): number {
  const { ConsumedCapacity = [] } = (output ?? {}) as { ConsumedCapacity?: Capacity | readonly Capacity[] };
  // A transaction tells of each table.
  return [ConsumedCapacity].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}
