import { describe, expect, it } from 'vitest';
import type { GroupItem } from '../../lib/group/items.ts';
import { shardKey } from '../../lib/group/items.ts';
import { planIsDue } from '../../lib/group/plan.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createWorld } from '../support/world.ts';

const options = { signal: new AbortController().signal };

describe('a plan', () => {
  it('lists the shards after it has read their items: one that another plan makes in between is not missing', async () => {
    const world = createWorld(['0']);
    for (let round = 0; round < 3; round++) await world.round('a');
    const { readAll } = world.store;
    let made = false;
    // What makes a plan necessary.
    world.source.replace([], ['1']);
    world.store.readAll = async (how) => {
      if (how.consistent && !made) {
        made = true;
        world.source.replace([], ['2']);
        const item = { epoch: 1, cursor: '0', state: 'open' as const, parents: [] };
        await world.store.update(shardKey('2'), { set: item, condition: { absent: 'epoch' } }, options);
      }
      return readAll(how);
    };
    for (let round = 0; round < 6 && !made; round++) await world.round('a');
    const { shards } = await readAll({ ...options, consistent: true });
    expect([...shards.keys()]).toEqual(['0', '2', '1']);
    for (const item of shards.values()) expect(item.missingSince).toBeUndefined();
  });

  it('looks at the items before it asks for the list: one that is made while the list is on its way is not missing', async () => {
    const world = createWorld(['0']);
    for (let round = 0; round < 3; round++) await world.round('a');
    // What makes a plan necessary.
    world.source.replace([], ['1']);
    const { listShards } = world.source;
    let isMade = false;
    world.source.listShards = async (signal) => {
      const listed = await listShards(signal);
      if (!isMade) {
        isMade = true;
        world.source.replace([], ['2']);
        const item = { epoch: 1, cursor: '0', state: 'open' as const, parents: [] };
        await world.store.update(shardKey('2'), { set: item, condition: { absent: 'epoch' } }, options);
      }
      return listed;
    };
    for (let round = 0; round < 6 && !isMade; round++) await world.round('a');
    expect(isMade).toBe(true);
    const { shards } = await world.store.readAll({ ...options, consistent: true });
    expect([...shards.keys()]).toEqual(['0', '2', '1']);
    for (const item of shards.values()) expect(item.missingSince).toBeUndefined();
  });
});

describe('whether a plan is due', () => {
  const NOW = 1_763_700_000_000;
  const times = deriveTimes(60_000);
  const isDue = (given: Partial<GroupItem>, early = false): boolean => {
    const group = { planUntil: 0, planDueAt: NOW, plannedAt: NOW - 60_000, paused: false, ...given };
    return planIsDue(group as GroupItem, NOW, times, early);
  };

  it('is told by its time', () => {
    expect([isDue({}), isDue({ planDueAt: NOW + 1 })]).toEqual([true, false]);
  });

  it('is not asked while somebody plans, by any clock, nor while the group is paused', () => {
    expect(isDue({ planUntil: NOW - times.skewMarginMs })).toBe(false);
    expect(isDue({ planUntil: NOW - times.skewMarginMs - 1 })).toBe(true);
    expect(isDue({ paused: true })).toBe(false);
  });

  it('early, when there is something to distribute, but not twice in a quarter of an interval', () => {
    const later = { planDueAt: NOW + 1 };
    expect(isDue({ ...later, plannedAt: NOW - 15_000 }, true)).toBe(true);
    expect(isDue({ ...later, plannedAt: NOW - 14_999 }, true)).toBe(false);
    expect(isDue({ planDueAt: NOW + 1, plannedAt: undefined as unknown as number }, true)).toBe(false);
  });
});
