import type { createDynamodbClient } from '../group/stores/dynamodbClient.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Clock, Random } from '../runtime.ts';
import { attemptMsMax, type Times } from '../times.ts';

/** How the group's table is asked, and in whose name: other services of AWS are asked so, too. */
export interface TableAccount {
  client: ReturnType<typeof createDynamodbClient>;
  /** What to add to our clock to have the table's. */
  skewMs: () => number;
  clock: Clock;
  random: Random;
  tracing?: Tracing | undefined;
}

/** For a service of the same account. */
export const asTableIs = ({ client, skewMs, clock, random, tracing }: TableAccount, times: Times) => ({
  account: client.config,
  timeoutMsMax: attemptMsMax(times),
  ...{ skewMs, clock, random, tracing },
});
