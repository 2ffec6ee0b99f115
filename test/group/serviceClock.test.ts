import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { leastSkewMs, observeSkew } from '../../lib/group/stores/serviceClock.ts';
import { systemRandom as random, systemClock } from '../../lib/runtime.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

describe('the skew of our clock', () => {
  const SERVICE = 1_763_700_000_000;

  it.each([
    ['nothing while seconds and travel explain it', SERVICE + 400, SERVICE + 900, 0],
    ['nothing while seconds explain an early clock', SERVICE + 990, SERVICE + 995, 0],
    ['what we are behind', SERVICE - 30_100, SERVICE - 30_000, 30_000],
    ['what we are ahead', SERVICE + 31_000, SERVICE + 31_100, -30_000],
    ['nothing after an answer that took long', SERVICE - 5_000, SERVICE + 5_000, 0],
  ])('is %s', (_what, sentAt, receivedAt, skewMs) => {
    expect(leastSkewMs(SERVICE, sentAt, receivedAt)).toBe(skewMs);
  });
});

describe('against the Date header of a service', () => {
  let local: LocalTable;
  beforeAll(async () => {
    local = await startLocalTable('shardbeat');
  });
  afterAll(() => local.close());

  it.each([-30_000, 0, 30_000])(
    'a clock that is %d ms wrong is found out with the first answer',
    async (errorMs) => {
      const clock = { ...systemClock, now: () => Date.now() + errorMs };
      const skewMs = observeSkew(local.client, clock);
      const store = createDynamodbStore({
        client: local.client,
        table: 'shardbeat',
        group: 'orders',
        clock,
        random,
      });
      await store.get('GROUP', { consistent: true, signal: new AbortController().signal });
      expect(Math.abs(skewMs() + errorMs)).toBeLessThanOrEqual(errorMs === 0 ? 0 : 1_100);
      local.client.middlewareStack.remove('observeSkew');
    },
  );
});
