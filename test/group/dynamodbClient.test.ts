import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heartbeat } from '../../lib/group/heartbeat.ts';
import { settled } from '../../lib/group/settled.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { createDynamodbClient } from '../../lib/group/stores/dynamodbClient.ts';
import { systemRandom as random, systemClock } from '../../lib/runtime.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import { createManualClock } from '../support/clock.ts';
import { type ForgetfulRelay, startForgetfulRelay } from '../support/forgetfulRelay.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

const INTERVAL_MS = 2_000;
const times = deriveTimes(INTERVAL_MS);
const TABLE = 'shardbeat';
const SLOTS = ['a', 'b', 'c', 'd'];
const { signal } = new AbortController();
let local: LocalTable;
beforeAll(async () => {
  local = await startLocalTable('unused');
  await createGroupTable(local.client, TABLE);
});
afterAll(() => local.close());

describe('a connection to the table that has died', () => {
  it.each(['reset', 'silence'] as const)('costs no heartbeat (%s)', async (how) => {
    await withRelay(async ({ relay, store, clock }) => {
      // As many connections as there are slots.
      await Promise.all(SLOTS.map((slot) => beat(store, slot, clock.now())));
      expect(relay.open()).toBe(SLOTS.length);
      relay.forget(how);
      clock.advance(INTERVAL_MS);
      for (const slot of SLOTS) {
        expect(await beat(store, slot, clock.now())).toMatchObject({ accepted: true, consumer: { tick: 2 } });
      }
    });
  });

  it('is not even tried after half a minute', async () => {
    await withRelay(async ({ relay, client, store, clock }) => {
      await store.get('GROUP', { consistent: true, signal });
      relay.forget('silence');
      clock.advance(30_001);
      const once = createDynamodbStore({ client, table: TABLE, group: 'orders', clock, random });
      const condition = { absent: 'generation' } as const;
      expect(await once.update('GROUP', { set: { paused: true }, condition }, { signal })).toMatchObject({
        accepted: true,
      });
    });
  });
});

function beat(store: GroupStore, slot: string, now: number) {
  const deadline = now + times.functionTimeoutMs;
  return heartbeat(store, { slot, nonce: random.nonce(), now, deadline, times }, { signal });
}

interface Relayed {
  relay: ForgetfulRelay;
  client: DynamoDBClient;
  store: GroupStore;
  clock: ReturnType<typeof createManualClock>;
}

/** A group of its own, reached by the client of a deployed function. */
async function withRelay(test: (relayed: Relayed) => Promise<void>): Promise<void> {
  const relay = await startForgetfulRelay(local.service.port);
  const clock = createManualClock();
  const environment = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${relay.port}`,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  const client = createDynamodbClient(times, clock);
  try {
    const group = random.nonce();
    const store = createDynamodbStore({ client, table: TABLE, group, clock: systemClock, random });
    await test({ relay, client, store: settled(store, { clock: systemClock, random }), clock });
  } finally {
    process.env = environment;
    client.destroy();
    relay.close();
  }
}
