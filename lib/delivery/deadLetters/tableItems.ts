import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ItemWrite } from '../../group/itemWrite.ts';
import { answered, repeatedWhileHarmless } from '../../group/stores/dynamodbErrors.ts';
import {
  conditionExpression,
  createNames,
  updateExpression,
} from '../../group/stores/dynamodbExpressions.ts';
import { transact } from '../../group/stores/dynamodbTransaction.ts';
import type { Clock, Random } from '../../runtime.ts';
import type { CallOptions } from './deadLetters.ts';

type Item = Record<string, AttributeValue>;

/** Of an item, as `Write` and `Condition` name them. */
export type Attributes = Record<string, unknown>;
type Write = Parameters<typeof updateExpression<Attributes>>[0];
type Condition = Write['condition'];

export interface LetterTableOptions {
  /** Made with `maxAttempts: 1`. */
  client: DynamoDBClient;
  table: string;
  group: string;
  clock: Clock;
  random: Random;
}

/** The items of a group's dead letters, by their sort keys. A refused condition is a value. */
export interface LetterTable {
  get(key: string, attributes: readonly string[], options: CallOptions): Promise<Attributes | undefined>;
  /** Those whose keys begin so, in order; a page at a time. */
  query(prefix: string, options: CallOptions): AsyncIterable<Attributes>;
  count(prefix: string, options: CallOptions): Promise<number>;
  update(key: string, write: Write, options: CallOptions): Promise<boolean>;
  /** `absent`: there was none. */
  remove(key: string, condition: Condition, options: CallOptions): Promise<Removal>;
  /** Together with writes of the user's function. Throws WritesError where only these are refused. */
  removeWith(
    key: string,
    write: { condition: Condition; along: readonly ItemWrite[] },
    options: CallOptions,
  ): Promise<boolean>;
}

type Removal = 'removed' | 'absent' | 'refused';

/** No group is called so: no name has a `#` in it. What reads a group reads none of its dead letters. */
const partitionOf = (group: string): string => `${group}#dead-letters`;

/** The letters of a group in its table: a partition of their own. */
export function createLetterTable(options: LetterTableOptions): LetterTable {
  return { ...readsOf(options), ...writesOf(options) };
}

const commonOf = (table: string) => ({ TableName: table, ReturnConsumedCapacity: 'TOTAL' }) as const;
const keyOf = (group: string, key: string): Item => marshall({ pk: partitionOf(group), sk: key });

function readsOf(letters: LetterTableOptions): Pick<LetterTable, 'get' | 'query' | 'count'> {
  const { client, table, group } = letters;
  const common = { ...commonOf(table), ConsistentRead: true } as const;
  const attempt = <T>({ signal }: CallOptions, request: () => Promise<T>) =>
    repeatedWhileHarmless({ ...letters, kind: 'read', signal }, request);

  async function* pages(prefix: string, select: 'COUNT' | 'ALL_ATTRIBUTES', options: CallOptions) {
    let startKey: Item | undefined;
    do {
      const command = new QueryCommand({
        ...common,
        Select: select,
        KeyConditionExpression: 'pk = :partition AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: marshall({ ':partition': partitionOf(group), ':prefix': prefix }),
        ExclusiveStartKey: startKey,
      });
      const page = await attempt(options, async () =>
        answered(await client.send(command, { abortSignal: options.signal })),
      );
      yield page;
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined);
  }

  return {
    async get(key, attributes, options) {
      const names = createNames();
      const command = new GetItemCommand({
        ...common,
        Key: keyOf(group, key),
        ProjectionExpression: attributes.map((attribute) => names.name(attribute)).join(', '),
        ...names.attributes(),
      });
      const { Item } = await attempt(options, async () =>
        answered(await client.send(command, { abortSignal: options.signal })),
      );
      return Item && unmarshall(Item);
    },
    async *query(prefix, options) {
      for await (const { Items = [] } of pages(prefix, 'ALL_ATTRIBUTES', options)) {
        for (const found of Items) {
          const { pk: _pk, sk: _sk, ...item } = unmarshall(found);
          yield item;
        }
      }
    },
    async count(prefix, options) {
      let count = 0;
      for await (const { Count = 0 } of pages(prefix, 'COUNT', options)) count += Count;
      return count;
    },
  };
}

function writesOf(letters: LetterTableOptions): Pick<LetterTable, 'update' | 'remove' | 'removeWith'> {
  const { client, table, group } = letters;
  const common = commonOf(table);
  const attempt = <T>({ signal }: CallOptions, refused: T, request: () => Promise<T>): Promise<T> =>
    repeatedWhileHarmless({ ...letters, kind: 'write', signal }, async () => {
      try {
        return await request();
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return refused;
        throw error;
      }
    });

  return {
    update(key, write, options) {
      const names = createNames();
      const command = new UpdateItemCommand({
        ...common,
        Key: keyOf(group, key),
        UpdateExpression: updateExpression(write, names),
        ConditionExpression: conditionExpression(write.condition, names),
        ...names.attributes(),
      });
      return attempt(options, false, async () => {
        answered(await client.send(command, { abortSignal: options.signal }));
        return true;
      });
    },
    remove(key, condition, options) {
      const names = createNames();
      const command = new DeleteItemCommand({
        ...common,
        Key: keyOf(group, key),
        ConditionExpression: conditionExpression(condition, names),
        ...names.attributes(),
        ReturnValues: 'ALL_OLD',
      });
      return attempt<Removal>(options, 'refused', async () => {
        const { Attributes } = answered(await client.send(command, { abortSignal: options.signal }));
        return Attributes === undefined ? 'absent' : 'removed';
      });
    },
    async removeWith(key, { condition, along }, { signal }) {
      const names = createNames();
      const remove = {
        TableName: table,
        Key: keyOf(group, key),
        ConditionExpression: conditionExpression(condition, names),
        ...names.attributes(),
      };
      const refusal = await transact(
        { table, group, own: { Delete: remove }, along },
        { ...letters, signal },
      );
      if (refusal?.refused !== undefined) throw refusal.refused;
      return refusal === undefined;
    },
  };
}
