import type { DeadLetterSettings } from '../config/deadLetters.ts';
import { removeLetters } from '../delivery/deadLetters/table.ts';
import { createDynamodbStore } from '../group/stores/dynamodb.ts';
import { type ReplayTable, replayPartition } from '../replay/replay.ts';
import type { Times } from '../times.ts';
import { createDeadLetters } from './deadLetters.ts';
import type { TableAccount } from './tableAccount.ts';

/** Where a group's replay keeps its items, and what it gives up until it has told of it: wherever the group's own dead letters are. */
export function composeReplayTable(
  of: { table: string; group: string; times: Times; deadLetters: Pick<DeadLetterSettings, 'lettersMax'> },
  account: TableAccount,
): ReplayTable {
  const own = {
    ...of,
    group: replayPartition(of.group),
    deadLetters: { place: { at: 'table' }, lettersMax: of.deadLetters.lettersMax },
  } as const;
  return {
    store: createDynamodbStore({ ...own, ...account }),
    letters: createDeadLetters(own, account),
    dropLetters: (options) => removeLetters({ ...own, ...account }, options),
  };
}
