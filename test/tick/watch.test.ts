import { describe, expect, it } from 'vitest';
import { type ConsumerItem, consumerKey } from '../../lib/group/items.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import type { TickContext } from '../../lib/tick/context.ts';
import { adoptNews, lookForNews } from '../../lib/tick/watch.ts';

const { signal } = new AbortController();
const MINE: ConsumerItem = {
  heartbeatAt: 1_000,
  expiresAt: 121_000,
  busyUntil: 57_000,
  invocation: 'mine',
  tick: 4,
  generation: 7,
  acknowledged: 7,
  assigned: { '0': 7 },
};

/** A run that knows the slot's item as `MINE`, while the table has this. */
function runOf(item: ConsumerItem): { context: TickContext; store: GroupStore } {
  const store = createMemoryStore(
    new Map([['orders', new Map([[consumerKey('a'), { ...item }]])]]),
    'orders',
  );
  const context = {
    store,
    slot: 'a',
    consumer: MINE,
    budget: { requests: signal },
  } as unknown as TickContext;
  return { context, store };
}

describe('a look at the slot’s item', () => {
  it.each<[what: string, change: Partial<ConsumerItem>]>([
    ['a plan', { generation: 8, assigned: {} }],
    ['an operator who pauses, resumes or seeks', { tick: 5 }],
    ['a drain', { draining: true }],
  ])('tells of %s', async (_what, change) => {
    const { context } = runOf({ ...MINE, ...change });
    expect(await lookForNews(context)).toEqual({ consumer: { ...MINE, ...change } });
  });

  it('tells of another run, whatever its tick is called', async () => {
    const { context } = runOf({ ...MINE, invocation: 'theirs' });
    expect(await lookForNews(context)).toBe('lost');
  });

  it('tells of nothing else', async () => {
    const { context } = runOf({ ...MINE, draining: false, acknowledged: 6, expiresAt: 122_000 });
    expect(await lookForNews(context)).toBeUndefined();
  });
});

describe('what a look has found', () => {
  it('is acknowledged where it was a plan', async () => {
    const found = { ...MINE, generation: 8, assigned: { '1': 8 } };
    const { context, store } = runOf(found);
    expect(await adoptNews(context, found)).toEqual({ ...found, acknowledged: 8 });
    expect(await store.get(consumerKey('a'), { signal, consistent: true })).toMatchObject({
      acknowledged: 8,
    });
  });

  it('is nothing to acknowledge where it was an operator', async () => {
    const found = { ...MINE, tick: 5 };
    const { context } = runOf({ ...found, invocation: 'theirs' });
    expect(await adoptNews(context, found)).toEqual(found);
  });

  it('is not gone by once another run has the slot', async () => {
    const found = { ...MINE, generation: 8 };
    const { context, store } = runOf({ ...found, invocation: 'theirs' });
    expect(await adoptNews(context, found)).toBeUndefined();
    expect(await store.get(consumerKey('a'), { signal, consistent: true })).toMatchObject({
      acknowledged: 7,
    });
  });
});
