import { beforeEach, describe, expect, it } from 'vitest';
import { fitting } from '../../lib/group/bounded.ts';
import { consumerKey, shardKey } from '../../lib/group/items.ts';
import { type GroupStore, unchanged } from '../../lib/group/store.ts';

/** What every driver of GroupStore must do. `open` gives a store over a table that all stores of one test share. */
export function describeGroupStore(name: string, setup: () => Promise<(group: string) => GroupStore>): void {
  describe(`the group store on ${name}`, () => {
    const options = { signal: new AbortController().signal };
    const read = { ...options, consistent: true };
    let store: GroupStore;
    let other: GroupStore;

    beforeEach(async () => {
      const open = await setup();
      store = open('orders');
      other = open('payments');
    });

    const shard0 = shardKey('0');
    const create = (cursor = 'c0') =>
      store.update(
        shard0,
        { set: { epoch: 5, cursor, state: 'open', parents: [] }, condition: { absent: 'epoch' } },
        options,
      );

    it('has nothing at first', async () => {
      expect(await store.get('GROUP', read)).toBeUndefined();
      expect(await store.readAll(read)).toEqual({
        group: undefined,
        consumers: new Map(),
        shards: new Map(),
      });
    });

    it('makes an item once: the second attempt is refused and changes nothing', async () => {
      const made = { epoch: 5, cursor: 'c0', state: 'open', parents: [] };
      expect(await create()).toEqual({ accepted: true, item: made });
      expect(await create('other')).toEqual({ accepted: false });
      expect(await store.get(shard0, read)).toEqual(made);
    });

    it('answers with the whole item after the write, and leaves what the write does not name', async () => {
      await create();
      const written = await store.update(
        shard0,
        { set: { owner: 'a', grant: 7 }, add: { epoch: 1 }, condition: { equal: 'epoch', value: 5 } },
        options,
      );
      const item = { epoch: 6, cursor: 'c0', state: 'open', parents: [], owner: 'a', grant: 7 };
      expect(written).toEqual({ accepted: true, item });
    });

    it('removes attributes, also those that are not there', async () => {
      await create();
      const pending = { to: 'c1', count: 5, done: 2, attempts: 1, firstAt: 1, lastAt: 1, message: 'no' };
      await store.update(shard0, { set: { pending }, condition: { exists: 'epoch' } }, options);
      const written = await store.update(
        shard0,
        { unset: ['pending', 'lagMs'], condition: { exists: 'pending' } },
        options,
      );
      expect(written).toMatchObject({ accepted: true });
      expect(await store.get(shard0, read)).not.toHaveProperty('pending');
    });

    it('copies another attribute as it was before the write, or the other value', async () => {
      const key = consumerKey('a');
      const beat = {
        copy: { acknowledged: { from: 'generation', otherwise: 0 } },
        add: { tick: 1 },
      } as const;
      const first = await store.update(key, { ...beat, condition: { absent: 'tick' } }, options);
      expect(first).toEqual({ accepted: true, item: { acknowledged: 0, tick: 1 } });
      await store.update(key, { set: { generation: 9 }, condition: { exists: 'tick' } }, options);
      const second = await store.update(key, { ...beat, condition: { equal: 'tick', value: 1 } }, options);
      expect(second).toEqual({ accepted: true, item: { acknowledged: 9, tick: 2, generation: 9 } });
    });

    it('takes a comparison with an absent attribute as false, whichever way', async () => {
      await create();
      const set = { cursor: 'moved' };
      for (const condition of [
        { less: 'lagMs', value: 1_000_000 },
        { equal: 'owner', value: '' },
        { exists: 'owner' },
        { all: [{ exists: 'epoch' }, { less: 'grant', value: 9 }] },
        { any: [{ equal: 'epoch', value: 4 }, { absent: 'epoch' }] },
      ] as const) {
        expect(await store.update(shard0, { set, condition }, options), JSON.stringify(condition)).toEqual({
          accepted: false,
        });
      }
    });

    it('tells a value that is the same from one that is not, and absent from present', async () => {
      await create();
      const update = (seen: string | undefined) =>
        store.update(shard0, { set: { cursor: 'c1' }, condition: unchanged('owner', seen) }, options);
      expect(await update('a')).toEqual({ accepted: false });
      expect(await update(undefined)).toMatchObject({ accepted: true });
      await store.update(shard0, { set: { owner: 'a' }, condition: { absent: 'owner' } }, options);
      expect(await update(undefined)).toEqual({ accepted: false });
      expect(await update('a')).toMatchObject({ accepted: true });
    });

    it('compares numbers as numbers', async () => {
      await create();
      const set = { lagMs: 10 };
      const condition = { any: [{ absent: 'lagMs' }, { less: 'lagMs', value: 9 }] } as const;
      expect(await store.update(shard0, { set, condition }, options)).toMatchObject({ accepted: true });
      expect(await store.update(shard0, { set, condition }, options)).toEqual({ accepted: false });
    });

    it('deletes only under the condition', async () => {
      await create();
      expect(await store.remove(shard0, { equal: 'state', value: 'done' }, options)).toBe(false);
      expect(await store.remove(shard0, { equal: 'state', value: 'open' }, options)).toBe(true);
      expect(await store.remove(shard0, { equal: 'state', value: 'open' }, options)).toBe(false);
      expect(await store.get(shard0, read)).toBeUndefined();
    });

    it('keeps maps, lists and reserved words as they are', async () => {
      const assigned = { 'topic-1:0': 1_763_700_000_000, '#strange name.': 2 };
      const key = consumerKey('slot-0');
      await store.update(key, { set: { assigned }, condition: { absent: 'heartbeatAt' } }, options);
      expect(await store.get(key, { ...options, consistent: false })).toEqual({ assigned });
    });

    it('takes an item with as much assigned as a slot is ever given, and answers with it', async () => {
      const name = (shard: number): string => `${'n'.repeat(100)}:${shard}`;
      const shards = fitting(Array.from({ length: 4_000 }, (_, shard) => name(shard)));
      expect(shards.length).toBeLessThan(4_000);
      const assigned = Object.fromEntries(shards.map((shard) => [shard, 1_763_700_000_001]));
      const key = consumerKey('s'.repeat(128));
      const set = { assigned, heartbeatAt: 1_763_700_000_001, invocation: 'i'.repeat(36) };
      await store.update(key, { set, condition: { absent: 'heartbeatAt' } }, options);
      const beat = await store.update(key, { add: { tick: 1 }, condition: { exists: 'assigned' } }, options);
      expect(beat).toEqual({ accepted: true, item: { ...set, tick: 1 } });
    });

    it('reads a whole group, sorted by kind, and no other group', async () => {
      await create();
      await store.update('GROUP', { set: { paused: false }, condition: { absent: 'paused' } }, options);
      await store.update(consumerKey('a'), { set: { tick: 1 }, condition: { absent: 'tick' } }, options);
      await other.update(consumerKey('b'), { set: { tick: 2 }, condition: { absent: 'tick' } }, options);
      const state = await store.readAll(read);
      expect(state.group).toEqual({ paused: false });
      expect([...state.consumers]).toEqual([['a', { tick: 1 }]]);
      expect([...state.shards.keys()]).toEqual(['0']);
    });

    it('reads a group of many pages', async () => {
      const cursor = 'x'.repeat(300_000);
      for (let shard = 0; shard < 8; shard++) {
        await store.update(
          shardKey(String(shard)),
          { set: { epoch: 1, cursor }, condition: { absent: 'epoch' } },
          options,
        );
      }
      expect((await store.readAll(read)).shards.size).toBe(8);
    });

    it('lets exactly one of many claims win', async () => {
      await create();
      const claims = Array.from({ length: 16 }, (_, slot) =>
        store.update(
          shard0,
          { set: { owner: `s${slot}` }, add: { epoch: 1 }, condition: { equal: 'epoch', value: 5 } },
          options,
        ),
      );
      const answers = await Promise.all(claims);
      expect(answers.filter((answer) => answer.accepted)).toHaveLength(1);
    });

    it('does nothing once its signal is aborted', async () => {
      const aborted = { signal: AbortSignal.abort(new Error('over')) };
      const write = { set: { cursor: 'c' }, condition: { absent: 'epoch' } } as const;
      await expect(store.update(shard0, write, aborted)).rejects.toThrow();
      await expect(store.get(shard0, { ...aborted, consistent: true })).rejects.toThrow();
      await expect(store.readAll({ ...aborted, consistent: true })).rejects.toThrow();
      expect(await store.get(shard0, read)).toBeUndefined();
    });
  });
}
