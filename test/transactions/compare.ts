import { isDeepStrictEqual } from 'node:util';
import {
  type DynamoDBClient,
  ScanCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Dice } from '../../local/faults/dice.ts';
import { drawTransaction, TABLE } from './draw.ts';

export interface Compared {
  done: number;
  cancelled: number;
  refused: number;
  /** In words; undefined: there was none. */
  difference: string | undefined;
}

/** Asks both for the same transactions, until they differ. */
export async function compare(
  { theirs, ours, dice }: { theirs: DynamoDBClient; ours: DynamoDBClient; dice: Dice },
  count: number,
): Promise<Compared> {
  const compared: Compared = { done: 0, cancelled: 0, refused: 0, difference: undefined };
  for (let index = 0; index < count; index++) {
    const items = drawTransaction(dice.fork(`${index}`));
    const [expected, answered] = [await ask(theirs, items), await ask(ours, items)];
    const [left, right] = [await everything(theirs), await everything(ours)];
    if (!isDeepStrictEqual(expected, answered) || !isDeepStrictEqual(left, right)) {
      const both = { items, expected, answered, left, right };
      compared.difference = `transaction ${index}: ${JSON.stringify(both, null, 2)}`;
      return compared;
    }
    compared[answered.how]++;
  }
  return compared;
}

interface Answer {
  how: 'done' | 'cancelled' | 'refused';
  why?: unknown;
}

async function ask(client: DynamoDBClient, items: TransactWriteItem[]): Promise<Answer> {
  try {
    await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
    return { how: 'done' };
  } catch (error) {
    if (!(error instanceof TransactionCanceledException))
      return { how: 'refused', why: (error as Error).name };
    const codes = error.CancellationReasons?.map(({ Code }) => Code) ?? [];
    // By the reference, what cannot be done to an item as it is cancels a transaction; moto refuses it as it refuses what is wrong in any case.
    if (codes.includes('ValidationError')) return { how: 'refused', why: 'ValidationException' };
    return { how: 'cancelled', why: codes };
  }
}

async function everything(client: DynamoDBClient): Promise<unknown> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: TABLE }));
  return Object.fromEntries(Items.map((item) => [item.sk!.S!, item]));
}
