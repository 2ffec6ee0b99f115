import { describe, expect, it } from 'vitest';
import { adoptAssignment } from '../../lib/group/adopted.ts';
import type { ConsumerItem } from '../../lib/group/items.ts';
import { consumerKey } from '../../lib/group/items.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { createWorld, INTERVAL_MS } from '../support/world.ts';

const options = { signal: new AbortController().signal };

describe('what a sandbox remembers', () => {
  it.each([
    [0, true],
    [1, false],
  ])('is forgotten a margin before the session can be over (%d ms later: %s)', async (lateMs, warm) => {
    const world = createWorld(['0']);
    for (let round = 0; round < 3; round++) await world.round('a');
    const { sessionTimeoutMs, skewMarginMs } = world.times;
    const [before] = await world.round('a');
    world.clock.advance(sessionTimeoutMs - skewMarginMs - INTERVAL_MS + lateMs);
    const after = await world.tick('a');
    expect([before!.warm, after.warm]).toEqual([true, warm]);
  });
});

describe('an assignment that the service gave', () => {
  it('is not written into the item of a slot that another run has taken', async () => {
    const store = createMemoryStore(new Map(), 'orders');
    const item: ConsumerItem = {
      heartbeatAt: 1,
      expiresAt: 2,
      tick: 1,
      invocation: 'theirs',
      busyUntil: 2,
      acknowledged: 0,
    };
    await store.update(consumerKey('a'), { set: item, condition: { all: [] } }, options);
    const mine = adoptAssignment(
      store,
      { slot: 'a', invocation: 'mine' },
      { assigned: { '0': 5 }, generation: 5 },
      options,
    );
    await expect(mine).rejects.toMatchObject({ name: 'StoreError', code: 'SlotTaken', retriable: true });
    expect(await store.get(consumerKey('a'), { ...options, consistent: true })).toEqual(item);
  });
});
