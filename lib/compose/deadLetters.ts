import type { DeadLetterSettings } from '../config/deadLetters.ts';
import type { DeadLetterStore } from '../delivery/deadLetters/deadLetters.ts';
import { createS3DeadLetters } from '../delivery/deadLetters/s3.ts';
import { createSqsDeadLetters } from '../delivery/deadLetters/sqs.ts';
import { createTableDeadLetters } from '../delivery/deadLetters/table.ts';
import type { Times } from '../times.ts';
import { asTableIs, type TableAccount } from './tableAccount.ts';

/** The store that the settings name. Nothing is sent. */
export function createDeadLetters(
  of: { table: string; group: string; times: Times; deadLetters: DeadLetterSettings },
  account: TableAccount,
): DeadLetterStore {
  const { table, group, times } = of;
  const { place, lettersMax } = of.deadLetters;
  const { client, skewMs, clock, random } = account;
  const now = (): number => clock.now() + skewMs();
  const common = { group, lettersMax, now, clock, random };
  const aws = asTableIs(account, times);
  switch (place.at) {
    case 'table':
      return createTableDeadLetters({ ...common, client, table });
    case 's3':
      return createS3DeadLetters({ ...common, ...aws, ...place });
    case 'sqs':
      return createSqsDeadLetters({ ...common, ...aws, ...place });
  }
}
