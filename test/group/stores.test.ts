import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { createMemoryStore, type MemoryTable } from '../../lib/group/stores/memory.ts';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import { describeGroupStore } from '../conformance/groupStore.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

describeGroupStore('memory', async () => {
  const table: MemoryTable = new Map();
  return (group) => createMemoryStore(table, group);
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
