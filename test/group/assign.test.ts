/** What the planner is told of the slots: who stays, which shards may be worked on, and who keeps failing. */
import { describe, expect, it } from 'vitest';
import { targetOf } from '../../lib/group/assign.ts';
import type { ConsumerItem, GroupState, ShardItem } from '../../lib/group/items.ts';
import { planEvenly } from '../../lib/group/planner.ts';

const GENERATION = 100;
const pending = (attempts: number) => ({ to: 'c1', count: 5, done: 0, attempts });

/** Slots and what they hold; shards by their ids. */
function stateOf(held: Record<string, string>, shards: Record<string, Partial<ShardItem>>): GroupState {
  const consumers = Object.entries(held).map(([slot, ids]): [string, ConsumerItem] => {
    const assigned = Object.fromEntries([...ids].map((id) => [id, 1]));
    const item = { heartbeatAt: 0, expiresAt: 9, tick: 1, invocation: 'n', busyUntil: 0, acknowledged: 1 };
    return [slot, { ...item, generation: 1, assigned }];
  });
  const items = Object.entries(shards).map(([id, given]): [string, ShardItem] => [
    id,
    { epoch: 1, cursor: 'c0', state: 'open', parents: [], ...given },
  ]);
  return { group: undefined, consumers: new Map(consumers), shards: new Map(items) };
}

function targets(state: GroupState, isForeign?: (shard: string) => boolean): Record<string, string> {
  const options = {
    generation: GENERATION,
    order: true,
    strategy: planEvenly,
    ...(isForeign && { isForeign }),
  };
  const target = [...targetOf(state, options).assignment];
  return Object.fromEntries(target.map(([slot, shards]) => [slot, Object.keys(shards).sort().join('')]));
}

describe('a slot in which most of the shards keep failing', () => {
  /** Slot b has as many shards as are told; one of them is failing. Four more are nobody's; slot a has none. */
  const withFailing = (shardsOfB: string, attempts: number) => {
    const ofB = [...shardsOfB].map((id, index): [string, Partial<ShardItem>] => [
      id,
      { owner: 'b', grant: 1, ...(index === 0 && { pending: pending(attempts) }) },
    ]);
    const free = ['w', 'x', 'y', 'z'].map((id): [string, Partial<ShardItem>] => [id, {}]);
    return stateOf({ a: '', b: shardsOfB }, Object.fromEntries([...ofB, ...free]));
  };

  it('is given no more than it has', () => {
    expect(targets(withFailing('0', 3))).toEqual({ a: 'wxyz', b: '0' });
  });

  it('is one only after several attempts: before, the batch may be to blame', () => {
    expect(targets(withFailing('0', 2)).b).toHaveLength(3);
  });

  it('is none where half of them go on', () => {
    expect(targets(withFailing('01', 3)).b).toHaveLength(3);
  });
});

describe('a failure in a shard that nobody may work on', () => {
  it('is held against no slot when the shard was given up', () => {
    const state = stateOf(
      { a: '01', b: '' },
      { 0: { owner: 'a' }, 1: { owner: 'a' }, 2: { owner: 'b', pending: pending(3), givenUpAt: 5 } },
    );
    expect(targets(state)).toEqual({ a: '0', b: '1' });
  });

  it('is held against no slot when the group no longer reads its stream', () => {
    const state = stateOf(
      { a: '01', b: '' },
      { 0: { owner: 'a' }, 1: { owner: 'a' }, 2: { owner: 'b', pending: pending(3) } },
    );
    expect(targets(state, (shard) => shard === '2')).toEqual({ a: '0', b: '1' });
  });
});
