import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grant, ShardItem } from '../../lib/group/items.ts';
import { type Assignment, eligibleShards, type PlanInput, planEvenly } from '../../lib/group/planner.ts';

const GENERATION = 100;

/** `{ a: '013', b: '2' }`: slot a holds shards 0, 1 and 3, all granted by plan 1. */
function given(shards: string, held: Record<string, string>, owners: Record<string, string> = {}): PlanInput {
  return {
    generation: GENERATION,
    consumers: new Map(
      Object.entries(held).map(([slot, ids]) => [
        slot,
        { assigned: Object.fromEntries([...ids].map((id) => [id, 1])) },
      ]),
    ),
    shards: new Map([...shards].map((id) => [id, owners[id] === undefined ? {} : { owner: owners[id] }])),
  };
}

/** The other way round: `{ a: '01', b: '23' }`. */
function drawn(assignment: Assignment): Record<string, string> {
  return Object.fromEntries(
    [...assignment].map(([slot, shards]) => [slot, Object.keys(shards).sort().join('')]),
  );
}

const plan = (input: PlanInput) => drawn(planEvenly(input));

describe('the even planner', () => {
  it('shares a new stream among the slots', () => {
    expect(plan(given('0123', { a: '', b: '' }))).toEqual({ a: '01', b: '23' });
  });

  it('leaves a balanced group alone, grants and all', () => {
    const assignment = planEvenly(given('01234', { a: '013', b: '24' }));
    expect(Object.fromEntries(assignment)).toEqual({ a: { 0: 1, 1: 1, 3: 1 }, b: { 2: 1, 4: 1 } });
  });

  it('takes from the fullest slot only what a newcomer needs', () => {
    expect(plan(given('012345', { a: '012', b: '345', c: '' }))).toEqual({ a: '01', b: '34', c: '25' });
  });

  it('gives a moved shard a new grant', () => {
    const assignment = planEvenly(given('01', { a: '01', b: '' }));
    expect(Object.fromEntries(assignment)).toEqual({ a: { 0: 1 }, b: { 1: GENERATION } });
  });

  it("spreads a dead slot's shards over those that live", () => {
    expect(plan(given('012345', { a: '01', b: '23' }))).toEqual({ a: '014', b: '235' });
  });

  it('returns a shard to the slot that its item names, if there is room', () => {
    expect(plan(given('0123', { a: '', b: '' }, { 0: 'b', 1: 'b', 2: 'a', 3: 'a' }))).toEqual({
      a: '23',
      b: '01',
    });
  });

  it('lets a slot keep what it has claimed before what it was only promised', () => {
    const kept = plan(given('0123', { a: '0123', b: '' }, { 2: 'a', 3: 'a' }));
    expect(kept).toEqual({ a: '23', b: '01' });
  });

  it('leaves slots idle when there are more of them than shards', () => {
    expect(plan(given('0', { a: '', b: '0', c: '' }))).toEqual({ a: '', b: '0', c: '' });
  });

  it('believes the highest grant when two slots list one shard', () => {
    const input: PlanInput = {
      generation: GENERATION,
      consumers: new Map([
        ['a', { assigned: { 0: 7 } }],
        ['b', { assigned: { 0: 9 } }],
      ]),
      shards: new Map([['0', {}]]),
    };
    expect(Object.fromEntries(planEvenly(input))).toEqual({ a: {}, b: { 0: 9 } });
  });

  it('takes away what is no longer to be worked on', () => {
    expect(plan(given('1', { a: '0', b: '1' }))).toEqual({ a: '', b: '1' });
  });

  it('has nothing to say without slots', () => {
    expect(planEvenly(given('01', {})).size).toBe(0);
  });
});

describe('the even planner, on anything', () => {
  const slotNames = ['a', 'b', 'c', 'd'];
  /** Who held each of up to six shards; slot d may have died. */
  const histories = fc.record({
    holders: fc.array(fc.option(fc.constantFrom(...slotNames), { nil: undefined }), { maxLength: 6 }),
    slots: fc.subarray(slotNames, { minLength: 1 }),
  });

  function inputOf({ holders, slots }: { holders: (string | undefined)[]; slots: string[] }): PlanInput {
    const assigned = (slot: string): Record<string, Grant> =>
      Object.fromEntries(holders.flatMap((holder, shard) => (holder === slot ? [[String(shard), 1]] : [])));
    return {
      generation: GENERATION,
      consumers: new Map(slots.map((slot) => [slot, { assigned: assigned(slot) }])),
      shards: new Map(
        holders.map((holder, shard) => [String(shard), holder === undefined ? {} : { owner: holder }]),
      ),
    };
  }

  const movesOf = (holders: (string | undefined)[], slots: string[], placed: string[]): number =>
    placed.filter((slot, shard) => {
      const before = holders[shard];
      return before !== undefined && slots.includes(before) && before !== slot;
    }).length;

  it('is balanced, complete, and moves as little as any balanced assignment', () => {
    fc.assert(
      fc.property(histories, ({ holders, slots }) => {
        const assignment = planEvenly(inputOf({ holders, slots }));
        const placed = holders.map((_, shard) => {
          const owners = slots.filter((slot) => assignment.get(slot)![shard] !== undefined);
          expect(owners).toHaveLength(1);
          return owners[0]!;
        });
        expect(spread(slots, placed)).toBeLessThanOrEqual(1);
        expect(movesOf(holders, slots, placed)).toBe(fewestMoves(holders, slots));
      }),
      { numRuns: 500 },
    );
  });

  it('answers the same whatever the order of its input', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const input = inputOf(history);
        const reversed = {
          ...input,
          consumers: new Map([...input.consumers].reverse()),
          shards: new Map([...input.shards].reverse()),
        };
        expect(drawn(planEvenly(reversed))).toEqual(drawn(planEvenly(input)));
      }),
    );
  });

  it('plans twice without moving anything the second time', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const input = inputOf(history);
        const first = planEvenly(input);
        const consumers = new Map([...first].map(([slot, assigned]) => [slot, { assigned }]));
        expect(planEvenly({ ...input, consumers, generation: GENERATION + 1 })).toEqual(first);
      }),
    );
  });

  const spread = (slots: string[], placed: string[]): number => {
    const counts = slots.map((slot) => placed.filter((owner) => owner === slot).length);
    return Math.max(...counts) - Math.min(...counts);
  };

  /** Brute force over every balanced assignment. */
  function fewestMoves(holders: (string | undefined)[], slots: string[]): number {
    let fewest = Number.POSITIVE_INFINITY;
    const place = (placed: string[]): void => {
      if (placed.length < holders.length) {
        for (const slot of slots) place([...placed, slot]);
      } else if (spread(slots, placed) <= 1) {
        fewest = Math.min(fewest, movesOf(holders, slots, placed));
      }
    };
    place([]);
    return fewest;
  }
});

describe('eligible shards', () => {
  const item = (state: ShardItem['state'], parents: string[] = []): ShardItem => ({
    epoch: 1,
    cursor: 'c',
    state,
    parents,
  });
  const shards = new Map([
    ['0', item('closing')],
    ['1', item('open', ['0'])],
    ['2', item('done')],
    ['3', item('open', ['2', 'trimmed'])],
  ]);

  it('leaves out finished shards, and children whose parents are not done', () => {
    expect([...eligibleShards(shards, { order: true }).keys()]).toEqual(['0', '3']);
  });

  it('lets children run beside their parents where order does not matter', () => {
    expect([...eligibleShards(shards, { order: false }).keys()]).toEqual(['0', '1', '3']);
  });
});
