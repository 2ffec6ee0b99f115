import type { ShardRange } from '../../lib/sources/lineage.ts';

interface Interval {
  begin: string;
  end: string;
}

/** What `parentsOf` must answer, as one would write it down: each shard against every older one. Quadratic. */
export function parentsByDefinition(shards: readonly ShardRange[]): Map<number, number[]> {
  const newestFirst = [...shards].sort((a, b) => b.id - a.id);
  return new Map(
    newestFirst.map((child, index) => {
      const parents = new Set<number>();
      let keysLeft = [intervalOf(child)];
      for (const older of newestFirst.slice(index + 1)) {
        const held = intervalOf(older);
        if (keysLeft.some((keys) => overlaps(keys, held))) {
          parents.add(older.id);
          keysLeft = keysLeft.flatMap((keys) => without(keys, held));
        }
      }
      return [child.id, [...parents].reverse()];
    }),
  );
}

function intervalOf({ beginKey, endKey }: ShardRange): Interval {
  return { begin: beginKey.toLowerCase(), end: endKey.toLowerCase() };
}

function overlaps(a: Interval, b: Interval): boolean {
  return a.begin < b.end && b.begin < a.end;
}

/** What is left of `keys` when `taken` is cut out: nothing, one or two intervals. */
function without(keys: Interval, taken: Interval): Interval[] {
  if (!overlaps(keys, taken)) return [keys];
  const before = { begin: keys.begin, end: taken.begin };
  const after = { begin: taken.end, end: keys.end };
  return [before, after].filter(({ begin, end }) => begin < end);
}
