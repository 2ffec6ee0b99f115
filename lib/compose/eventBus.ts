import type { Settings } from '../config/settings.ts';
import { createEventBus, type EventBus } from '../delivery/eventBus.ts';
import type { createDynamodbClient } from '../group/stores/dynamodbClient.ts';
import type { Clock, Random } from '../runtime.ts';
import { attemptMsMax } from '../times.ts';

/** The bus that the settings name, asked by whoever asks the table; undefined for none. Nothing is sent. */
export function composeEventBus(
  { eventBus, times }: Pick<Settings, 'eventBus' | 'times'>,
  {
    client,
    ...runtime
  }: { client: ReturnType<typeof createDynamodbClient>; skewMs: () => number; clock: Clock; random: Random },
): EventBus | undefined {
  if (eventBus === undefined) return undefined;
  return createEventBus({
    ...eventBus,
    ...runtime,
    account: client.config,
    timeoutMsMax: attemptMsMax(times),
  });
}
