import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignedBytes, bounded, fitting } from '../../lib/group/bounded.ts';
import { planByLag } from '../../lib/group/planByLag.ts';
import { type Assignment, type PlanInput, planEvenly, type Strategy } from '../../lib/group/planner.ts';

const BYTES_MAX = 100;

const bytesOf = (held: Record<string, number>): number =>
  Object.keys(held).reduce((sum, shard) => sum + assignedBytes(shard), 0);
const holderIn = (assignment: Assignment, shard: string): string | undefined =>
  [...assignment].find(([, held]) => held[shard] !== undefined)?.[0];

function given(shards: readonly string[], held: Record<string, readonly string[]>): PlanInput {
  const assigned = (ids: readonly string[]) => ({ assigned: Object.fromEntries(ids.map((id) => [id, 1])) });
  return {
    generation: 2,
    consumers: new Map(Object.entries(held).map(([slot, ids]) => [slot, assigned(ids)])),
    shards: new Map(shards.map((id) => [id, {}])),
  };
}

/** Slot → shards, in order. */
function plan(input: PlanInput, strategy: Strategy = planEvenly): Record<string, string[]> {
  const assignment = bounded(strategy(input), input, BYTES_MAX);
  return Object.fromEntries([...assignment].map(([slot, held]) => [slot, Object.keys(held).sort()]));
}

/** Each takes 20 bytes, so that a slot has room for five. */
const ids = (count: number, name = 'stream'): string[] =>
  Array.from({ length: count }, (_, shard) => `${name}:${String(shard).padStart(3, '0')}`);
/** Takes 60 bytes. */
const long = (shard: number): string => `${'x'.repeat(46)}:${String(shard).padStart(3, '0')}`;

describe('what a slot has room for', () => {
  it('is an identity as long as all of a plan fits', () => {
    const input = given(ids(10), { a: ids(7), b: [] });
    const target = planEvenly(input);
    expect(bounded(target, input, BYTES_MAX)).toBe(target);
  });

  it('leaves out of a new stream what fits nowhere, and only that', () => {
    expect(plan(given(ids(12), { a: [], b: [] }))).toEqual({
      a: ids(5),
      b: ids(10).slice(5),
    });
  });

  it('takes no shard from a slot that holds it for one that nobody holds', () => {
    const held = ids(12).slice(5, 10);
    expect(plan(given(ids(12), { a: held }))).toEqual({ a: held });
  });

  it('moves what fits and makes the counts more even, and no more for the sake of one that fits nowhere', () => {
    const uneven = given([long(0), long(1), long(2), ...ids(5)], { a: [long(0)], b: ids(5), c: [] });
    const planned = { a: ['stream:003', 'stream:004', long(0)], b: ids(3), c: [long(1)] };
    expect(plan(uneven)).toEqual(planned);
  });

  it('gives what its own slot has no room for to the one with the most, not a failing one', () => {
    const shards = [long(0), long(1), ...ids(2)];
    const held = { a: [long(0)], b: ids(2).slice(0, 1), c: ids(2).slice(1) };
    const input = given(shards, held);
    const wanted: Strategy = () =>
      new Map<string, Record<string, number>>([
        ['a', { [long(0)]: 1, [long(1)]: 2 }],
        ['b', { [ids(2)[0]!]: 1 }],
        ['c', { [ids(2)[1]!]: 1 }],
      ]);
    expect(plan(input, wanted)).toEqual({ a: [long(0)], b: [long(1), ...held.b].sort(), c: held.c });
    const failing = { ...input, failing: new Set(['b']) };
    expect(plan(failing, wanted)).toEqual({ a: [long(0)], b: held.b, c: [long(1), ...held.c].sort() });
    // Before nobody has it, a failing slot does.
    const full = { ...failing, failing: new Set(['b', 'c']) };
    expect(plan(full, wanted)).toEqual({ a: [long(0)], b: [long(1), ...held.b].sort(), c: held.c });
  });

  it('counts bytes, not characters', () => {
    expect(assignedBytes('ü')).toBe(assignedBytes('ab'));
    expect(fitting(['ü'.repeat(40), 'short', 'x'.repeat(90)], BYTES_MAX)).toEqual(['ü'.repeat(40)]);
    expect(fitting(['x'.repeat(91), ...ids(9)], BYTES_MAX)).toEqual(ids(5));
  });
});

describe('plans of a group that comes and goes', () => {
  const slots = ['a', 'b', 'c', 'd'];
  /** As they are in use: some short, some long; the number tells them apart. */
  const shardIds = fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 24 });
  const steps = fc.array(
    fc.record({
      slots: fc.subarray(slots, { minLength: 1 }),
      failing: fc.subarray(slots, { maxLength: 2 }),
      gone: fc.array(fc.nat(23), { maxLength: 4 }),
      lags: fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 24, maxLength: 24 }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  const strategies = fc.constantFrom(planEvenly, planByLag);
  const lives = fc.record({ lengths: shardIds, steps, strategy: strategies });

  interface Life {
    lengths: number[];
    steps: { slots: string[]; failing: string[]; gone: number[]; lags: number[] }[];
    strategy: Strategy;
  }

  /** Every plan of a life: what it was asked, what its strategy wants, and what came of it. */
  function* plansOf({ lengths, steps, strategy }: Life) {
    let held: Assignment = new Map();
    let generation = 1;
    for (const { slots, failing, gone, lags } of steps) {
      const shards = lengths.flatMap((length, at) =>
        gone.includes(at) ? [] : [[`${at}${'x'.repeat(length)}`, { lagMs: lags[at]! }] as const],
      );
      const inputFor = (before: Assignment): PlanInput => ({
        generation: ++generation,
        consumers: new Map(slots.map((slot) => [slot, { assigned: before.get(slot) ?? {} }])),
        shards: new Map(shards),
        failing: new Set(failing),
      });
      const replan = (before: Assignment) => {
        const input = inputFor(before);
        const target = strategy(input);
        return { input, target, assignment: bounded(target, input, BYTES_MAX) };
      };
      const made = replan(held);
      yield { ...made, replan };
      held = made.assignment;
    }
  }

  const check = (property: (life: Life) => void, numRuns = 1_000): void =>
    fc.assert(fc.property(lives, property), { numRuns });

  it('give no slot more than its item holds', () => {
    check((life) => {
      for (const { assignment } of plansOf(life)) {
        for (const held of assignment.values()) expect(bytesOf(held)).toBeLessThanOrEqual(BYTES_MAX);
      }
    });
  });

  it('give every shard to one slot, but for those that fit nowhere', () => {
    check((life) => {
      for (const { input, assignment } of plansOf(life)) {
        const all = [...assignment.values()].flatMap((held) => Object.keys(held));
        expect(new Set(all).size).toBe(all.length);
        const roomMax = Math.max(...[...assignment.values()].map((held) => BYTES_MAX - bytesOf(held)));
        for (const shard of input.shards.keys()) {
          if (!all.includes(shard)) expect(assignedBytes(shard)).toBeGreaterThan(roomMax);
        }
      }
    });
  });

  it('are what the strategy wants wherever that fits', () => {
    check((life) => {
      for (const { target, assignment } of plansOf(life)) {
        const fits = [...target.values()].every((held) => bytesOf(held) <= BYTES_MAX);
        if (fits) expect(assignment).toEqual(target);
      }
    });
  });

  it('let nobody lose a shard without another slot getting it; who keeps one keeps its grant', () => {
    check((life) => {
      for (const { input, assignment } of plansOf(life)) {
        for (const [slot, { assigned = {} }] of input.consumers) {
          for (const [shard, grant] of Object.entries(assigned)) {
            if (!input.shards.has(shard)) continue;
            const holder = holderIn(assignment, shard);
            expect(holder).toBeDefined();
            expect(assignment.get(holder!)![shard]).toBe(holder === slot ? grant : input.generation);
          }
        }
      }
    });
  });

  it('move only what the strategy moves', () => {
    check((life) => {
      for (const { input, target, assignment } of plansOf(life)) {
        for (const [slot, held] of assignment) {
          const before = input.consumers.get(slot)!.assigned!;
          for (const shard of Object.keys(held)) {
            const wasElsewhere = [...input.consumers.values()].some(
              ({ assigned }) => assigned![shard] !== undefined && assigned !== before,
            );
            if (wasElsewhere && before[shard] === undefined) expect(target.get(slot)).toHaveProperty([shard]);
          }
        }
      }
    });
  });

  it('are the same whatever the order of what they are made from', () => {
    const drawn = (of: Assignment) =>
      [...of].map(([slot, held]) => [slot, Object.entries(held).sort()]).sort();
    check((life) => {
      for (const { input, target, assignment } of plansOf(life)) {
        const consumers = new Map([...input.consumers].reverse());
        const shards = new Map([...input.shards].reverse());
        const reversed = new Map([...target].reverse());
        expect(drawn(bounded(reversed, { ...input, consumers, shards }, BYTES_MAX))).toEqual(
          drawn(assignment),
        );
      }
    });
  });

  it('come to rest, with no fewer shards assigned', () => {
    check((life) => {
      for (const { assignment, replan } of plansOf(life)) {
        let now = assignment;
        let moved = true;
        for (let round = 0; round < 24 && moved; round++) {
          const { assignment: next } = replan(now);
          const countOf = (of: Assignment): number => [...of.values()].flatMap(Object.keys).length;
          expect(countOf(next)).toBeGreaterThanOrEqual(countOf(now));
          moved = JSON.stringify([...next]) !== JSON.stringify([...now]);
          now = next;
        }
        expect(moved).toBe(false);
      }
    });
  });
});
