import { expect, it } from 'vitest';
import { acknowledge } from '../../lib/group/acknowledge.ts';
import { consumerKey } from '../../lib/group/items.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const KEY = consumerKey('a');

async function slotUnderPlan(generation: number) {
  const store = createMemoryStore(new Map(), 'orders');
  const item = { heartbeatAt: 1, expiresAt: 2, busyUntil: 3, tick: 1, acknowledged: 4, assigned: { 0: 5 } };
  const set = { ...item, generation, invocation: 'mine' };
  await store.update(KEY, { set, condition: { absent: 'tick' } }, options);
  return store;
}

it('a run says that it goes by a plan, and is answered with the assignment', async () => {
  const store = await slotUnderPlan(5);
  const item = await acknowledge(store, { slot: 'a', invocation: 'mine' }, 5, options);
  expect(item).toMatchObject({ acknowledged: 5, generation: 5, assigned: { 0: 5 } });
});

it('a plan that is newer than the one that was read is not acknowledged by that', async () => {
  const store = await slotUnderPlan(6);
  const item = await acknowledge(store, { slot: 'a', invocation: 'mine' }, 5, options);
  expect(item).toMatchObject({ acknowledged: 5, generation: 6 });
});

it('nothing is said in the name of another run', async () => {
  const store = await slotUnderPlan(5);
  expect(await acknowledge(store, { slot: 'a', invocation: 'before' }, 5, options)).toBeUndefined();
  expect(await store.get(KEY, read)).toMatchObject({ acknowledged: 4 });
});

it('a slot that was removed is not made again', async () => {
  const store = createMemoryStore(new Map(), 'orders');
  expect(await acknowledge(store, { slot: 'a', invocation: 'mine' }, 5, options)).toBeUndefined();
  expect(await store.get(KEY, read)).toBeUndefined();
});
