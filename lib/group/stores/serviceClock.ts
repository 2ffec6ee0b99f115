import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../runtime.ts';

/** The `Date` header is cut to whole seconds. */
const RESOLUTION_MS = 1_000;

/**
 * Measures our clock against the service's own, with every answer of `client`. The result tells what to add to our clock,
 * in milliseconds: 0 as long as the answers can be explained without a wrong clock, else the least that explains the last
 * one. All functions ask the same service, so that its clock is one that they have in common.
 */
export function observeSkew(client: DynamoDBClient, clock: Clock): () => number {
  let skewMs = 0;
  client.middlewareStack.add(
    (next) => async (request) => {
      const sentAt = clock.now();
      const answer = await next(request);
      const { headers } = (answer.response ?? {}) as { headers?: Record<string, string> };
      const serviceMs = Date.parse(headers?.date ?? '');
      if (!Number.isNaN(serviceMs)) skewMs = leastSkewMs(serviceMs, sentAt, clock.now());
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'observeSkew' },
  );
  return () => skewMs;
}

/** Pure: the service wrote `serviceMs`, cut to seconds, at some moment between `sentAt` and `receivedAt` of our clock. */
export function leastSkewMs(serviceMs: number, sentAt: number, receivedAt: number): number {
  const least = serviceMs - receivedAt;
  const most = serviceMs + RESOLUTION_MS - sentAt;
  if (least > 0) return least;
  return Math.min(most, 0);
}
