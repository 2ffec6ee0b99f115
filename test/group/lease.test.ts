import { expect, it } from 'vitest';
import { heartbeat } from '../../lib/group/heartbeat.ts';
import { type ConsumerItem, consumerKey } from '../../lib/group/items.ts';
import { giveBack, noteEarly, ring } from '../../lib/group/lease.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { deriveTimes } from '../../lib/times.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const KEY = consumerKey('a');
const CONSUMER: ConsumerItem = {
  ...{ heartbeatAt: 1_000, expiresAt: 9_000, busyUntil: 5_000, tick: 1, acknowledged: 4 },
  invocation: 'mine',
};
const SEEN = { slot: 'a', consumer: CONSUMER };

async function slotWith(given: Partial<ConsumerItem> = {}) {
  const store = createMemoryStore(new Map(), 'orders');
  await store.update(KEY, { set: { ...CONSUMER, ...given }, condition: { absent: 'tick' } }, options);
  return { store, item: () => store.get(KEY, read) };
}

it('a slot that is given back has a lock as old as its heartbeat', async () => {
  const { store, item } = await slotWith();
  expect(await giveBack(store, SEEN, { skewMarginMs: 100 }, options)).toBe(true);
  expect(await item()).toEqual({ ...CONSUMER, busyUntil: 900 });
});

it('a heartbeat that lands once more takes no slot that its run has given back, and the next one does', async () => {
  const { store } = await slotWith({ busyUntil: 0 });
  const times = deriveTimes(60_000);
  const beat = (nonce: string, now: number) =>
    heartbeat(store, { slot: 'a', nonce, now, deadline: now + 48_000, times }, options);
  const first = await beat('first', 100_000);
  const seen = { slot: 'a', consumer: first.consumer! };
  await giveBack(store, seen, { skewMarginMs: times.skewMarginMs }, options);
  // Its nonce is known, so that it is not told apart from the first one; but nothing was written.
  expect(await beat('first', 100_000)).toMatchObject({ consumer: { tick: 2, busyUntil: 97_000 } });
  expect(await beat('second', 100_001)).toMatchObject({ accepted: true, consumer: { tick: 3 } });
});

it('a run that came early notes it as it gives the slot back', async () => {
  const { store, item } = await slotWith();
  await giveBack(store, SEEN, { skewMarginMs: 100, earlyAt: 1_200 }, options);
  expect(await item()).toEqual({ ...CONSUMER, busyUntil: 900, earlyAt: 1_200 });
});

it.each([
  ['that another run has', { invocation: 'other' }],
  ['for which somebody has rung', { rings: 1 }],
])('a slot %s is not given back', async (_which, given) => {
  const { store, item } = await slotWith(given);
  expect(await giveBack(store, SEEN, { skewMarginMs: 100 }, options)).toBe(false);
  expect(await item()).toMatchObject({ busyUntil: 5_000 });
});

it('rings that were answered are no hindrance, and what was sent before them is refused', async () => {
  const { store } = await slotWith();
  expect(await ring(store, SEEN, 1_100, options)).toBe(true);
  const answered = { ...SEEN, consumer: { ...CONSUMER, rings: 1 } };
  expect(await giveBack(store, SEEN, { skewMarginMs: 100 }, options)).toBe(false);
  expect(await giveBack(store, answered, { skewMarginMs: 100 }, options)).toBe(true);
});

it('each ring counts, and says that it came while the slot was held', async () => {
  const { store, item } = await slotWith();
  await ring(store, SEEN, 1_100, options);
  await ring(store, SEEN, 1_200, options);
  expect(await item()).toEqual({ ...CONSUMER, rings: 2, earlyAt: 1_200 });
});

it.each([
  ['was given back', { busyUntil: 900 }],
  ['another run has', { invocation: 'other' }],
])('nobody is rung in a slot that %s meanwhile', async (_which, given) => {
  const { store, item } = await slotWith(given);
  expect(await ring(store, SEEN, 1_100, options)).toBe(false);
  expect(await item()).toEqual({ ...CONSUMER, ...given });
});

it('an early run is noted for the run that was in the way, and makes no slot anew', async () => {
  const { store, item } = await slotWith();
  await noteEarly(store, SEEN, 1_100, options);
  expect(await item()).toEqual({ ...CONSUMER, earlyAt: 1_100 });
  const empty = createMemoryStore(new Map(), 'orders');
  await noteEarly(empty, SEEN, 1_100, options);
  expect(await empty.get(KEY, read)).toBeUndefined();
});
