import { beforeEach, describe, expect, it } from 'vitest';
import { WritesError } from '../../lib/errors.ts';
import { commit, type Holding, notePending } from '../../lib/group/commit.ts';
import { shardKey } from '../../lib/group/items.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { additions } from '../support/counters.ts';

interface Tables {
  store: GroupStore;
  /** Of the user's table. */
  sumOf(key: string): Promise<number | undefined>;
}

/** What every driver of GroupStore must do with writes of the user's that are along. */
export function describeAlongWrites(name: string, setup: () => Promise<Tables>): void {
  describe(`writes along with those of a group on ${name}`, () => {
    const options = { signal: new AbortController().signal };
    const holding: Holding = { shard: '0', slot: 'a', epoch: 7, cursor: 'c0', step: undefined };
    const progress = { to: 'c1', done: false, lagMs: 0 };
    let store: GroupStore;
    let sumOf: Tables['sumOf'];

    beforeEach(async () => {
      ({ store, sumOf } = await setup());
      const set = { owner: 'a', epoch: 7, cursor: 'c0', state: 'open' as const, parents: [] };
      await store.update(shardKey('0'), { set, condition: { absent: 'epoch' } }, options);
    });
    const item = () => store.get(shardKey('0'), { ...options, consistent: true });

    it('are done with the checkpoint', async () => {
      const along = additions({ red: 2, blue: 1 });
      expect(await commit(store, holding, progress, { ...options, along })).toBe(true);
      expect([await sumOf('red'), await sumOf('blue')]).toEqual([2, 1]);
      expect(await item()).toMatchObject({ cursor: 'c1', epoch: 7, lagMs: 0 });
    });

    it('are done with what is noted of a part', async () => {
      const pending = { to: 'c1', count: 5, done: 2, attempts: 0 };
      expect(await notePending(store, holding, pending, { ...options, along: additions({ red: 2 }) })).toBe(
        true,
      );
      expect(await sumOf('red')).toBe(2);
      expect(await item()).toMatchObject({ cursor: 'c0', pending, step: 1 });
    });

    it('are done once, however often they are sent', async () => {
      const along = additions({ red: 2 });
      const send = () => commit(store, holding, progress, { ...options, along });
      expect([await send(), await send(), await send()]).toEqual([true, false, false]);
      expect(await sumOf('red')).toBe(2);
    });

    it.each([
      ['another epoch', { epoch: 8 }],
      ['another owner', { slot: 'b' }],
      ['another cursor', { cursor: 'c9' }],
      ['something noted since', { step: 3 }],
    ])('are not done under %s', async (_what, other) => {
      const along = additions({ red: 2 });
      expect(await commit(store, { ...holding, ...other }, progress, { ...options, along })).toBe(false);
      expect(await sumOf('red')).toBeUndefined();
      expect(await item()).toMatchObject({ cursor: 'c0' });
    });

    it('are refused by a condition of their own, and so is the checkpoint', async () => {
      const first = { ...options, along: additions({ red: 1 }) };
      await notePending(store, holding, { to: 'c1', count: 2, done: 1, attempts: 0 }, first);
      const along = [...additions({ blue: 1 }), ...additions({ red: 1 }, 1)];
      const refused = commit(store, { ...holding, step: 1 }, progress, { ...options, along });
      await expect(refused).rejects.toBeInstanceOf(WritesError);
      await expect(refused).rejects.toMatchObject({ retriable: false });
      expect([await sumOf('red'), await sumOf('blue')]).toEqual([1, undefined]);
      expect(await item()).toMatchObject({ cursor: 'c0', step: 1 });
    });

    it('that are refused are a lost race all the same, where the shard is lost', async () => {
      await commit(store, holding, progress, { ...options, along: additions({ red: 1 }) });
      const late = commit(store, holding, progress, { ...options, along: additions({ red: 1 }, 0) });
      expect(await late).toBe(false);
    });
  });
}
