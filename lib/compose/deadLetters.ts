import type { DeadLetterSettings } from '../config/deadLetters.ts';
import type { DeadLetterStore } from '../delivery/deadLetters/deadLetters.ts';
import { createS3DeadLetters } from '../delivery/deadLetters/s3.ts';
import { createSqsDeadLetters } from '../delivery/deadLetters/sqs.ts';
import { createTableDeadLetters } from '../delivery/deadLetters/table.ts';
import type { createDynamodbClient } from '../group/stores/dynamodbClient.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Clock, Random } from '../runtime.ts';
import { attemptMsMax, type Times } from '../times.ts';

export interface DeadLetterRuntime {
  /** Of the table; whose account keeps the letters, too. */
  client: ReturnType<typeof createDynamodbClient>;
  /** What to add to our clock to have the table's. */
  skewMs: () => number;
  clock: Clock;
  random: Random;
  tracing?: Tracing | undefined;
}

/** The store that the settings name. Nothing is sent. */
export function createDeadLetters(
  of: { table: string; group: string; times: Times; deadLetters: DeadLetterSettings },
  { client, skewMs, clock, random, tracing }: DeadLetterRuntime,
): DeadLetterStore {
  const { table, group, times } = of;
  const { place, lettersMax } = of.deadLetters;
  const now = (): number => clock.now() + skewMs();
  const common = { group, lettersMax, now, clock, random };
  const aws = { account: client.config, skewMs, tracing, timeoutMsMax: attemptMsMax(times) };
  switch (place.at) {
    case 'table':
      return createTableDeadLetters({ ...common, client, table });
    case 's3':
      return createS3DeadLetters({ ...common, ...aws, ...place });
    case 'sqs':
      return createSqsDeadLetters({ ...common, ...aws, ...place });
  }
}
