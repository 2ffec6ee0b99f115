import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Counter } from '../../observe/meter.ts';
import type { Tracing } from '../../observe/tracing.ts';
import { isThrottled } from './dynamodbErrors.ts';

/**
 * Counts what every answer of `client` says was consumed, and what did not succeed. A write whose condition was refused says nothing of
 * its units, and costs those of the item: one of them is counted.
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

const READS: ReadonlySet<string> = new Set(['GetItemCommand', 'QueryCommand']);

function unitsIn(output: unknown): number {
  const { ConsumedCapacity } = (output ?? {}) as { ConsumedCapacity?: { CapacityUnits?: number } };
  return ConsumedCapacity?.CapacityUnits ?? 0;
}
