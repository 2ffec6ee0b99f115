import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Clock, Random } from '../../runtime.ts';
import { type GroupState, groupState, type ItemKey, type ItemOf } from '../items.ts';
import type { GroupStore, ReadOptions, RequestOptions, Write, Written } from '../store.ts';
import { answered, repeatedWhileHarmless, storeError } from './dynamodbErrors.ts';
import { conditionExpression, createNames, updateExpression } from './dynamodbExpressions.ts';
import { transact } from './dynamodbTransaction.ts';

export interface DynamodbStoreOptions {
  /** Made with `maxAttempts: 1`: what may be repeated is decided here, and a write never blindly. */
  client: DynamoDBClient;
  table: string;
  group: string;
  clock: Clock;
  random: Random;
}

/** A read of 10,000 shards is about 2 MB, that is 2 pages. */
const PAGES_MAX = 1_000;

/** The group in one DynamoDB table: `pk` = group, `sk` = item key. Requests of one item each, but for what the user's function has written along. */
export function createDynamodbStore(options: DynamodbStoreOptions): GroupStore {
  const { client, table, group } = options;
  const common = { TableName: table, ReturnConsumedCapacity: 'TOTAL' } as const;
  const itemKey = (key: ItemKey) => marshall({ pk: group, sk: key });
  const { clock, random } = options;
  const attempt = <T>(kind: 'read' | 'write', request: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    repeatedWhileHarmless({ kind, table, signal, clock, random }, request);

  return {
    async get<K extends ItemKey>(key: K, { consistent, signal }: ReadOptions) {
      const command = new GetItemCommand({ ...common, Key: itemKey(key), ConsistentRead: consistent });
      const request = async () => answered(await client.send(command, { abortSignal: signal }));
      const answer = await attempt('read', request, signal);
      return answer.Item === undefined ? undefined : (withoutKey(answer.Item) as ItemOf<K>);
    },

    async readAll({ consistent, signal }): Promise<GroupState> {
      const items: [string, object][] = [];
      let startKey: Record<string, unknown> | undefined;
      for (let page = 0; page < PAGES_MAX; page++) {
        const command = new QueryCommand({
          ...common,
          ConsistentRead: consistent,
          KeyConditionExpression: 'pk = :group',
          ExpressionAttributeValues: marshall({ ':group': group }),
          ExclusiveStartKey: startKey as QueryCommand['input']['ExclusiveStartKey'],
        });
        const request = async () => answered(await client.send(command, { abortSignal: signal }));
        const answer = await attempt('read', request, signal);
        for (const item of answer.Items ?? []) items.push([item.sk?.S ?? '', withoutKey(item)]);
        startKey = answer.LastEvaluatedKey;
        if (startKey === undefined) return groupState(items);
      }
      throw storeError(new Error(`the group has more than ${PAGES_MAX} pages of items`), 'read', table);
    },

    async update<K extends ItemKey>(key: K, write: Write<ItemOf<K>>, { signal }: RequestOptions) {
      const names = createNames();
      const update = {
        TableName: table,
        Key: itemKey(key),
        UpdateExpression: updateExpression(write, names),
        ConditionExpression: conditionExpression(write.condition, names),
        ...names.attributes(),
      };
      if (write.along !== undefined) {
        const transaction = { table, group, own: { Update: update }, along: write.along };
        const refused = await transact(transaction, { client, clock, random, signal });
        return refused ?? { accepted: true, item: { ...write.set } as ItemOf<K> };
      }
      const command = new UpdateItemCommand({ ...common, ...update, ReturnValues: 'ALL_NEW' });
      return attempt(
        'write',
        async (): Promise<Written<ItemOf<K>>> => {
          try {
            const answer = answered(await client.send(command, { abortSignal: signal }));
            return { accepted: true, item: withoutKey(answer.Attributes ?? {}) as ItemOf<K> };
          } catch (error) {
            if (error instanceof ConditionalCheckFailedException) return { accepted: false };
            throw error;
          }
        },
        signal,
      );
    },

    async remove(key, condition, { signal }) {
      const names = createNames();
      const command = new DeleteItemCommand({
        ...common,
        Key: itemKey(key),
        ConditionExpression: conditionExpression(condition, names),
        ...names.attributes(),
      });
      return attempt(
        'write',
        async () => {
          try {
            answered(await client.send(command, { abortSignal: signal }));
            return true;
          } catch (error) {
            if (error instanceof ConditionalCheckFailedException) return false;
            throw error;
          }
        },
        signal,
      );
    },
  };
}

function withoutKey(attributes: Parameters<typeof unmarshall>[0]): object {
  const { pk: _pk, sk: _sk, ...item } = unmarshall(attributes);
  return item;
}
