import { WritesError } from '../../lib/errors.ts';
import type { ItemWrite } from '../../lib/group/itemWrite.ts';

export const COUNTERS_TABLE = 'counters';

/** Adds to a counter of each key, as a function returns it; one that is not below `limit` refuses. */
export const additions = (amounts: Readonly<Record<string, number>>, limit?: number): ItemWrite[] =>
  Object.entries(amounts).map(([key, amount]) => ({
    Update: {
      TableName: COUNTERS_TABLE,
      Key: { pk: { S: key }, sk: { S: 'count' } },
      UpdateExpression: 'ADD #count :amount',
      ...(limit !== undefined && { ConditionExpression: 'attribute_not_exists(#count) OR #count < :limit' }),
      ExpressionAttributeNames: { '#count': 'count' },
      ExpressionAttributeValues: {
        ':amount': { N: String(amount) },
        ...(limit !== undefined && { ':limit': { N: String(limit) } }),
      },
    },
  }));

/** One for each time that a word is there. */
export function counted(words: readonly string[]): Record<string, number> {
  const amounts: Record<string, number> = {};
  for (const word of words) amounts[word] = (amounts[word] ?? 0) + 1;
  return amounts;
}

/** The user's table of a group in memory: it knows `additions`, and no other write. */
export function createCounters() {
  const sums = new Map<string, number>();
  return {
    sums,
    apply(along: readonly ItemWrite[]): WritesError | undefined {
      const wanted = along.map(({ Update }) => {
        const { ':amount': amount, ':limit': limit } = Update!.ExpressionAttributeValues as Values;
        const key = (Update!.Key as { pk: { S: string } }).pk.S;
        return { key, amount: Number(amount?.N), limit: Number(limit?.N ?? Number.POSITIVE_INFINITY) };
      });
      const refusing = wanted.find(({ key, limit }) => (sums.get(key) ?? Number.NEGATIVE_INFINITY) >= limit);
      if (refusing !== undefined) return new WritesError(`${refusing.key} is refused`);
      for (const { key, amount } of wanted) sums.set(key, (sums.get(key) ?? 0) + amount);
      return undefined;
    },
  };
}

type Values = Record<string, { N: string } | undefined>;
