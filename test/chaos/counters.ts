/** What the function of a chaos run counts, in a table of its own and together with its checkpoints: how many records there are of a few keys together. */
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Batch } from '../../lib/index.ts';
import { CONTENT_FIELD } from '../../local/run/record.ts';
import { additions, COUNTERS_TABLE, counted } from '../support/counters.ts';

/** All shards count in each of them. */
const COUNTERS = 3;

/** Where the records of a key count: `key-17` in `counter-2`. */
export const counterOf = (key: string): string => `counter-${Number(key.slice('key-'.length)) % COUNTERS}`;

export const additionsOf = ({ records }: Batch) =>
  additions(
    counted(Array.from(records, (record) => counterOf((record.get(CONTENT_FIELD) ?? '').split(' ')[0]!))),
  );

/** What stands in the table. */
export async function sumsIn(client: DynamoDBClient): Promise<Map<string, number>> {
  const { Items = [] } = await client.send(
    new ScanCommand({ TableName: COUNTERS_TABLE, ConsistentRead: true }),
  );
  return new Map(Items.map(({ pk, count }) => [pk?.S ?? '', Number(count?.N)]));
}
