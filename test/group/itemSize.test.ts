import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assign } from '../../lib/group/assign.ts';
import { ASSIGNED_BYTES_MAX, assignedBytes } from '../../lib/group/bounded.ts';
import { heartbeat } from '../../lib/group/heartbeat.ts';
import { type ConsumerItem, consumerKey, type ShardItem } from '../../lib/group/items.ts';
import { planEvenly } from '../../lib/group/planner.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { deriveTimes } from '../../lib/times.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

const options = { signal: new AbortController().signal };
const times = deriveTimes(60_000);
const GENERATION = 1_790_000_000_123;

/** How shards are called, by the first cell of the row that says how many a slot holds. */
const NAMES: Record<string, (shard: number) => string> = {
  'SLS, one logstore': (shard) => String(shard),
  CLS: (shard) => `6f6ded3f-948c-4616-9c7c-956a95d8c1a3:${shard}`,
  'SLS, several logstores, names of 128 characters': (shard) => `${'n'.repeat(128)}:${shard}`,
};

/** Shards at 1 write unit, at each further one, and at most; then the units of a heartbeat. */
const documented = Object.fromEntries(
  readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, name]) => name !== undefined && name in NAMES)
    .map(([, name, ...figures]) => [
      name,
      figures.filter((figure) => figure !== '').map((figure) => Number(figure.replace(',', ''))),
    ]),
);

let local: LocalTable;
beforeAll(async () => {
  local = await startLocalTable('shardbeat');
});
afterAll(() => local.close());

/** Names of one length, as they count. */
let groups = 100;
/** A slot on the embedded DynamoDB that a plan has given as many of these shards as it has room for. */
async function slotWith(ids: readonly string[], slot = 'consumer-0') {
  const store = createDynamodbStore({
    client: local.client,
    table: 'shardbeat',
    group: `access-log-${groups++}`,
    clock,
    random,
  });
  let now = GENERATION;
  const beat = async (): Promise<ConsumerItem> => {
    now += times.intervalMs;
    const nonce = random.nonce();
    const answer = await heartbeat(store, { slot, nonce, now, deadline: now + 48_000, times }, options);
    if (!answer.accepted) throw new Error('refused');
    return answer.consumer;
  };
  const consumers = new Map([[slot, await beat()]]);
  const item: ShardItem = { epoch: 1, cursor: 'c', state: 'open', parents: [] };
  const state = { group: undefined, consumers, shards: new Map(ids.map((id) => [id, item])) };
  const how = { generation: GENERATION, order: true, strategy: planEvenly };
  const { unassigned } = await assign(store, state, how, options);
  return { store: store as GroupStore, unassigned, assigned: consumers.get(slot)!.assigned!, beat };
}

describe.each(Object.entries(NAMES))('shards called as those of %s', (name, nameOf) => {
  const ids = (count: number): string[] => Array.from({ length: count }, (_, shard) => nameOf(shard));
  /** Write units of a heartbeat of a slot that holds so many shards. */
  const unitsAt = async (count: number): Promise<number> => {
    const { beat } = await slotWith(ids(count));
    const before = local.service.usage();
    await beat();
    const after = local.service.usage();
    expect(after.requests - before.requests).toBe(1);
    return after.writeUnits - before.writeUnits;
  };

  it('cost what docs/deploy.md says', async () => {
    const [atFirst, each] = documented[name]!;
    expect([await unitsAt(atFirst!), await unitsAt(atFirst! + 1)]).toEqual([1, 2]);
    expect([await unitsAt(atFirst! + 9 * each!), await unitsAt(atFirst! + 9 * (each! + 1))]).toEqual([
      10, 11,
    ]);
  });

  it('fit into the item up to the bound, which DynamoDB takes; the rest is told', async () => {
    const [, , most, units] = documented[name]!;
    expect((await slotWith(ids(most! + 1))).unassigned).not.toEqual([]);
    const { store, assigned, unassigned, beat } = await slotWith(ids(most!));
    expect(unassigned).toEqual([]);
    const written = await store.get(consumerKey('consumer-0'), { ...options, consistent: true });
    expect(written!.assigned).toEqual(assigned);
    expect(Object.keys(assigned).reduce((sum, id) => sum + assignedBytes(id), 0)).toBeGreaterThan(
      ASSIGNED_BYTES_MAX - 200,
    );
    const before = local.service.usage().writeUnits;
    expect((await beat()).assigned).toEqual(assigned);
    expect(local.service.usage().writeUnits - before).toBe(units);
  });
});

it('README.md and CHANGELOG.md have the same figures', () => {
  const page = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
  const [sls, cls] = [documented['SLS, one logstore']!, documented.CLS!];
  expect(page('README.md')).toMatch(
    new RegExp(`\\(${sls[0]} shards of an\\s+SLS logstore .*, or ${cls[0]} of CLS\\)`),
  );
  const most = [sls, cls].map((figures) => figures[2]!.toLocaleString('en-US'));
  expect(page('CHANGELOG.md')).toMatch(
    new RegExp(`\\(${most[0]} shards of\\s+an SLS logstore, ${most[1]} of CLS\\)`),
  );
});
