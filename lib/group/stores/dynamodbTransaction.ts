/** One write of a group's and the writes of the user's function, all of them or none. API reference: "TransactWriteItems". */
import {
  type CancellationReason,
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import { StoreError, WritesError } from '../../errors.ts';
import { messageOf } from '../../observe/plainError.ts';
import type { ItemWrite } from '../itemWrite.ts';
import { type Attempts, answered, repeatedWhileHarmless, storeError } from './dynamodbErrors.ts';

export interface Transaction {
  table: string;
  group: string;
  /** The group's: it comes first. */
  own: TransactWriteItem;
  along: readonly ItemWrite[];
}

type TransactTools = Pick<Attempts, 'clock' | 'random' | 'signal'> & { client: DynamoDBClient };

/** Nothing is written: the group's own condition did not hold, or it did, and the others are `refused`. */
export type Refusal = { accepted: false; refused?: WritesError };

/** Shards of one tick may well count in the same item: whoever meets another transaction there comes to its turn. */
const ATTEMPTS_MAX = 8;
/** What of a transaction that was refused may be otherwise at the next attempt: nothing was written. */
const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/**
 * Undefined: all of it is written. What may pass is repeated, since nothing was written then. No token says that attempts are the same
 * write: the condition of the group's own does, and for longer than ten minutes.
 */
export async function transact(transaction: Transaction, tools: TransactTools): Promise<Refusal | undefined> {
  const { own, along, table } = transaction;
  const trespass = along.findIndex((item) => isOfGroup(item, transaction));
  if (trespass >= 0) return refused(along, trespass, 'the item is one of the group itself');
  const input: TransactWriteItemsCommandInput = {
    TransactItems: [own, ...(along as TransactWriteItem[])],
    ReturnConsumedCapacity: 'TOTAL',
  };
  const attempts = { ...tools, kind: 'write', table, attemptsMax: ATTEMPTS_MAX } as const;
  return repeatedWhileHarmless(attempts, () =>
    attempt(new TransactWriteItemsCommand(input), transaction, tools),
  );
}

async function attempt(
  command: TransactWriteItemsCommand,
  transaction: Transaction,
  { client, signal }: TransactTools,
): Promise<Refusal | undefined> {
  const { along, table } = transaction;
  const sent = noteSent(command);
  try {
    answered(await client.send(command, { abortSignal: signal }));
    return undefined;
  } catch (error) {
    if (error instanceof TransactionCanceledException) return judged(error, transaction);
    const { outcome, retriable } = storeError(error, 'write', table);
    // What cannot even be written down never leaves this process. Of the group's own write nothing is wrong.
    const isRefused = !sent.is || (outcome === 'refused' && !retriable);
    if (signal.aborted || !isRefused) throw error;
    const what = `the ${along.length} writes that the function returned are refused: ${messageOf(error)}`;
    return { accepted: false, refused: new WritesError(what, { cause: error }) };
  }
}

function noteSent(command: TransactWriteItemsCommand): { is: boolean } {
  const sent = { is: false };
  command.middlewareStack.add(
    (next) => (request) => {
      sent.is = true;
      return next(request);
    },
    { step: 'finalizeRequest', name: 'noteSent' },
  );
  return sent;
}

/** The first reason is of the group's own write. */
function judged(error: TransactionCanceledException, { along, table }: Transaction): Refusal {
  const [own, ...others] = error.CancellationReasons ?? [];
  if (own?.Code === CONDITION) return { accepted: false };
  const passing = [own, ...others].find((reason) => isPassing(reason));
  if (passing !== undefined) {
    const what = `DynamoDB write on ${JSON.stringify(table)} failed: ${told(passing)}`;
    throw new StoreError(what, { code: passing.Code!, outcome: 'refused', retriable: true, cause: error });
  }
  const index = others.findIndex(({ Code = NONE }) => Code !== NONE);
  // Of the group's own write, or nothing that is documented.
  if (index < 0) throw error;
  return refused(along, index, told(others[index]!), error);
}

const NONE = 'None';
const CONDITION = 'ConditionalCheckFailed';

const isPassing = (reason: CancellationReason | undefined): reason is CancellationReason =>
  PASSING.has(reason?.Code ?? '');

const told = ({ Code, Message }: CancellationReason): string => [Code, Message].filter(Boolean).join(': ');

/** Which one, and why: its key may be nobody's business. */
function refused(along: readonly ItemWrite[], index: number, why: string, cause?: unknown): Refusal {
  const [kind, on] = Object.entries(along[index]!).find(([, on]) => on !== undefined)!;
  const which = `writes[${index}] (${kind} in ${JSON.stringify(on.TableName)})`;
  const what = `${which} that the function returned is refused: ${why}`;
  return { accepted: false, refused: new WritesError(what, { cause }) };
}

/** Whether it would change what the group, its dead letters or a replay of it keep. */
function isOfGroup(item: ItemWrite, { table, group }: Transaction): boolean {
  const { Put, Update, Delete, ConditionCheck } = item;
  const { TableName } = Put ?? Update ?? Delete ?? ConditionCheck ?? { TableName: undefined };
  if (TableName !== table && !TableName?.endsWith(`:table/${table}`)) return false;
  const { pk } = Put?.Item ?? (Update ?? Delete ?? ConditionCheck)?.Key ?? {};
  const { S: partition = '' } = (pk ?? {}) as { S?: string };
  return partition.split('#')[0] === group.split('#')[0];
}
