import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parentsOf, type ShardRange } from '../../lib/sources/lineage.ts';
import { parentsByDefinition } from './lineageReference.ts';

/** Small numbers stand for keys; the last one for the end of the key space, `ff…f`, which the services count as excluded. */
const KEYS = 256;
const hexKey = (key: number): string =>
  key === KEYS ? 'f'.repeat(32) : key.toString(16).padStart(2, '0').padEnd(32, '0');

interface Shard {
  id: number;
  begin: number;
  end: number;
  open: boolean;
  /** The truth. */
  parents: number[];
}

const rangeOf = ({ id, begin, end }: Shard): ShardRange => ({
  id,
  beginKey: hexKey(begin),
  endKey: hexKey(end),
});

type Step = { kind: 'split'; shard: number; at: number; times: number } | { kind: 'merge'; shard: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('split' as const),
    shard: fc.nat(),
    at: fc.nat(),
    times: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant('merge' as const), shard: fc.nat() }),
);

/** Every shard that a history of splits and merges ever had. */
const history = fc
  .record({
    first: fc.integer({ min: 1, max: 4 }),
    firstId: fc.nat(10),
    steps: fc.array(step, { maxLength: 25 }),
  })
  .map(({ first, firstId, steps }) => {
    const shards: Shard[] = [];
    const add = (begin: number, end: number, parents: Shard[]): void => {
      for (const parent of parents) parent.open = false;
      shards.push({
        id: firstId + shards.length,
        begin,
        end,
        open: true,
        parents: parents.map(({ id }) => id).sort((a, b) => a - b),
      });
    };
    for (let i = 0; i < first; i++) add(((KEYS / first) * i) | 0, ((KEYS / first) * (i + 1)) | 0, []);
    for (const step of steps) {
      const open = shards.filter((shard) => shard.open).sort((a, b) => a.begin - b.begin);
      const index = step.shard % open.length;
      const shard = open[index]!;
      const right = open[index + 1];
      if (step.kind === 'split') {
        const keys = [...splitKeys(shard, step)];
        for (let i = 1; i < keys.length; i++) add(keys[i - 1]!, keys[i]!, [shard]);
      } else if (right) add(shard.begin, right.end, [shard, right]);
    }
    return shards;
  });

/** Begin, up to three keys inside, end; nothing to split where there is no key inside. */
function splitKeys({ begin, end }: Shard, { at, times }: { at: number; times: number }): Set<number> {
  if (end - begin < 2) return new Set();
  const inside = Array.from({ length: times }, (_, i) => begin + 1 + ((at + i * 7) % (end - begin - 1)));
  return new Set([begin, ...inside, end].sort((a, b) => a - b));
}

const shuffled = <T>(items: T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length });

const sorted = (parents: Map<number, number[]>): [number, number[]][] =>
  [...parents].sort(([a], [b]) => a - b);

describe('the lineage of shards', () => {
  test('is the true one after any splits and merges, in whatever order they are listed', () => {
    fc.assert(
      fc.property(
        history.chain((shards) => fc.tuple(fc.constant(shards), shuffled(shards))),
        ([shards, listed]) => {
          expect(sorted(parentsOf(listed.map(rangeOf)))).toEqual(
            shards.map(({ id, parents }) => [id, parents]),
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('is the true one of those that are left, when the oldest closed shards are gone', () => {
    fc.assert(
      fc.property(history, fc.nat(), (shards, many) => {
        const closed = shards.filter((shard) => !shard.open);
        const gone = new Set(oldestFirst(shards, closed).slice(0, many % (closed.length + 1)));
        const left = shards.filter(({ id }) => !gone.has(id));
        expect(sorted(parentsOf(left.map(rangeOf)))).toEqual(
          left.map(({ id, parents }) => [id, parents.filter((parent) => !gone.has(parent))]),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('leaves out no parent and names only ancestors, whichever closed shards are gone', () => {
    const partial = history.chain((shards) =>
      fc.tuple(fc.constant(shards), fc.subarray(shards.filter(({ open }) => !open))),
    );
    fc.assert(
      fc.property(partial, ([shards, gone]) => {
        const left = shards.filter((shard) => !gone.includes(shard));
        const lineage = parentsOf(left.map(rangeOf));
        for (const { id, parents } of left) {
          const listed = parents.filter((parent) => left.some(({ id }) => id === parent));
          const ancestors = ancestorsOf(id, shards);
          expect(lineage.get(id)).toEqual(expect.arrayContaining(listed));
          for (const parent of lineage.get(id)!) expect(ancestors).toContain(parent);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('takes a grandparent for a parent that is gone too early', () => {
    const [grandparent, left, right, child] = [
      { id: 0, begin: 0, end: 8 },
      { id: 1, begin: 0, end: 4 },
      { id: 2, begin: 4, end: 8 },
      { id: 3, begin: 0, end: 8 },
    ].map((shard) => rangeOf({ ...shard, open: true, parents: [] }));
    expect(parentsOf([grandparent!, left!, right!, child!]).get(3)).toEqual([1, 2]);
    expect(parentsOf([grandparent!, right!, child!]).get(3)).toEqual([0, 2]);
  });

  test('does not depend on the case in which keys are written', () => {
    const shard = (id: number, beginKey: string, endKey: string): ShardRange => ({ id, beginKey, endKey });
    const upper = shard(1, 'A0'.padEnd(32, '0'), 'F'.repeat(32));
    const lower = shard(2, 'a0'.padEnd(32, '0'), 'f'.repeat(32));
    expect(parentsOf([upper, lower]).get(2)).toEqual([1]);
  });

  test('of a shard that nothing was before is empty', () => {
    expect(parentsOf([])).toEqual(new Map());
  });

  test('is that of the definition also for lists that no history makes: overlaps, gaps, one id twice', () => {
    const ranges = fc.array(
      fc
        .record({ id: fc.nat(40), begin: fc.nat(KEYS - 1), length: fc.integer({ min: 1, max: KEYS }) })
        .chain(({ id, begin, length }) => {
          const range = rangeOf({ id, begin, end: Math.min(begin + length, KEYS), open: true, parents: [] });
          const upper = {
            ...range,
            beginKey: range.beginKey.toUpperCase(),
            endKey: range.endKey.toUpperCase(),
          };
          return fc.constantFrom(range, upper);
        }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(ranges, (listed) => {
        expect(sorted(parentsOf(listed))).toEqual(sorted(parentsByDefinition(listed)));
      }),
      { numRuns: 2000 },
    );
  });

  test('is found for 20,000 shards, side by side and in a long line, in far less than the square of steps', () => {
    const key = (number: number): string => number.toString(16).padStart(32, '0');
    let comparisons = 0;
    /** Says its keys as an object whose every comparison counts. */
    const counted = (text: string): string => {
      const value = {
        toLowerCase: () => value,
        [Symbol.toPrimitive]() {
          comparisons++;
          return text;
        },
      };
      return value as unknown as string;
    };
    const shards: ShardRange[] = [];
    const add = (begin: number, end: number): void => {
      shards.push({ id: shards.length, beginKey: counted(key(begin)), endKey: counted(key(end)) });
    };
    for (let i = 0; i < 10_000; i++) add(i, i + 1);
    // One place is split and merged, again and again.
    while (shards.length < 20_000) {
      add(0, 1);
      add(0, 2);
    }
    const parents = parentsOf(shards);
    expect(parents.get(9_999)).toEqual([]);
    expect(parents.get(10_001)).toEqual([1, 10_000]);
    expect(parents.get(19_999)).toEqual([19_997, 19_998]);
    expect(comparisons).toBeLessThan(20_000 * 100);
  });
});

/** In the order in which they were closed: that is when their child came. */
function oldestFirst(shards: Shard[], closed: Shard[]): number[] {
  const closedBy = ({ id }: Shard): number => shards.find(({ parents }) => parents.includes(id))!.id;
  return [...closed].sort((a, b) => closedBy(a) - closedBy(b)).map(({ id }) => id);
}

function ancestorsOf(id: number, shards: Shard[]): number[] {
  const { parents } = shards.find((shard) => shard.id === id)!;
  return parents.flatMap((parent) => [parent, ...ancestorsOf(parent, shards)]);
}

test.each([
  ['of no keys', 128, 128],
  ['whose keys end before they begin', 192, 64],
])('a shard %s continues none, and none continues it', (_what, begin, end) => {
  const shard = (id: number, begin: number, end: number) =>
    rangeOf({ id, begin, end, open: true, parents: [] });
  const shards = [shard(0, 0, KEYS), shard(1, begin, end), shard(2, 0, 128), shard(3, 128, KEYS)];
  expect(Object.fromEntries(parentsOf(shards))).toEqual({ 0: [], 1: [], 2: [0], 3: [0] });
});
