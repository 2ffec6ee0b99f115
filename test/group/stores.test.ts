import { DeleteTableCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { createMemoryStore, type MemoryTable } from '../../lib/group/stores/memory.ts';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import { describeAlongWrites } from '../conformance/alongWrites.ts';
import { describeGroupStore } from '../conformance/groupStore.ts';
import { COUNTERS_TABLE, createCounters } from '../support/counters.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

describeGroupStore('memory', async () => {
  const table: MemoryTable = new Map();
  return (group) => createMemoryStore(table, group);
});

describeAlongWrites('memory', async () => {
  const { sums, apply } = createCounters();
  const store = createMemoryStore(new Map(), 'orders', apply);
  return { store, sumOf: async (key) => sums.get(key) };
});

describe('dynalite', () => {
  let local: LocalTable;
  let tables = 0;
  beforeAll(async () => {
    local = await startLocalTable('unused');
  });
  afterAll(() => local.close());

  describeGroupStore('embedded DynamoDB', async () => {
    const table = `shardbeat-${tables++}`;
    await createGroupTable(local.client, table);
    return (group) => createDynamodbStore({ client: local.client, table, group, clock, random });
  });

  describeAlongWrites('embedded DynamoDB', async () => {
    const { client } = local;
    const table = `shardbeat-${tables++}`;
    await createGroupTable(client, table);
    await client.send(new DeleteTableCommand({ TableName: COUNTERS_TABLE })).catch(() => {});
    await createGroupTable(client, COUNTERS_TABLE);
    const store = createDynamodbStore({ client, table, group: 'orders', clock, random });
    return {
      store,
      async sumOf(key) {
        const Key = { pk: { S: key }, sk: { S: 'count' } };
        const { Item } = await client.send(new GetItemCommand({ TableName: COUNTERS_TABLE, Key }));
        return Item && Number(Item.count?.N);
      },
    };
  });

  it('names the table that is missing, and the remedy', async () => {
    const store = createDynamodbStore({
      client: local.client,
      table: 'nowhere',
      group: 'orders',
      clock,
      random,
    });
    const { signal } = new AbortController();
    await expect(store.get('GROUP', { consistent: true, signal })).rejects.toMatchObject({
      message: expect.stringMatching(/no table "nowhere": deploy it, or correct SHARDBEAT_TABLE/),
      retriable: false,
    });
  });
});
