import type { Settings } from '../config/settings.ts';
import { createEventBus, type EventBus } from '../delivery/eventBus.ts';
import type { createDynamodbClient } from '../group/stores/dynamodbClient.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Clock, Random } from '../runtime.ts';
import { attemptMsMax } from '../times.ts';

interface Runtime {
  client: ReturnType<typeof createDynamodbClient>;
  skewMs: () => number;
  clock: Clock;
  random: Random;
  tracing?: Tracing | undefined;
}

/** The bus that the settings name, asked by whoever asks the table; undefined for none. Nothing is sent. */
export function composeEventBus(
  { eventBus, times }: Pick<Settings, 'eventBus' | 'times'>,
  { client, skewMs, clock, random, tracing }: Runtime,
): EventBus | undefined {
  if (eventBus === undefined) return undefined;
  return createEventBus({
    ...eventBus,
    ...{ skewMs, clock, random, tracing },
    account: client.config,
    timeoutMsMax: attemptMsMax(times),
  });
}
