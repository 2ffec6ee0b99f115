import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { keepConnections } from '../../http/connections.ts';
import type { Clock } from '../../runtime.ts';
import type { Times } from '../../times.ts';

const REQUEST_MS_MAX = 3_000;
const REQUEST_MS_MIN = 100;
const CONNECT_MS_MAX = 1_000;
/** Of the function's time: with two attempts that hang, half of it is left. */
const ATTEMPT_SHARE = 0.25;

/**
 * The client as a tick needs it: one attempt, since what may be repeated is decided elsewhere; short enough for another one in the
 * same tick; and over a connection of which there is no reason to believe that it has died.
 */
export function createDynamodbClient({ functionTimeoutMs }: Times, clock: Clock): DynamoDBClient {
  const connections = keepConnections(clock);
  const requestTimeout = Math.round(
    Math.min(REQUEST_MS_MAX, Math.max(REQUEST_MS_MIN, functionTimeoutMs * ATTEMPT_SHARE)),
  );
  const client = new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: {
      httpAgent: connections.http,
      httpsAgent: connections.https,
      connectionTimeout: Math.min(CONNECT_MS_MAX, requestTimeout),
      requestTimeout,
      throwOnRequestTimeout: true,
    },
  });
  client.middlewareStack.add(
    (next) => async (request) => {
      connections.dropIdle();
      try {
        return await next(request);
      } catch (error) {
        if (!hasAnswer(error)) connections.dropUnused();
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'keptConnections' },
  );
  return client;
}

/** Whatever the service said: then the connection lives. */
function hasAnswer(error: unknown): boolean {
  const { $metadata } = (error ?? {}) as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode !== undefined;
}
