/** A shard's place in the key space. */
export interface ShardRange {
  id: number;
  /** Keys are hex digits, all of one length and case but for an empty one: their text sorts as they do. */
  begin: string;
  /** Exclusive. */
  end: string;
}

type Interval = Omit<ShardRange, 'id'>;

/**
 * Which shards each shard continues; no service tells. Takes the shards in the order in which they were made, and returns
 * the ids of the direct parents, likewise ordered, by the id of the shard.
 *
 * A split or merge replaces whole shards, so at any moment every key belongs to one open shard, and the parents of a
 * shard are those that held its keys just before it: for each key the newest among the older shards.
 *
 * Shards that the service no longer lists are nobody's parents. They go oldest first, after their retention, so nothing
 * listed is missed. Where that does not hold and a parent is gone before a grandparent, the answer cannot be known from
 * the list; the grandparent then stands for it: the shard waits longer than it must, but is never read too early.
 * Likewise an older shard that overlaps but is still open, as in a list made during a split, counts as a parent.
 */
export function parentsOf(oldestFirst: readonly ShardRange[]): Map<number, number[]> {
  return new Map(
    oldestFirst.map((child, index) => {
      const parents: number[] = [];
      let keysLeft: Interval[] = [child];
      for (let i = index - 1; i >= 0 && keysLeft.length > 0; i--) {
        const older = oldestFirst[i]!;
        if (keysLeft.some((keys) => overlaps(keys, older))) {
          parents.unshift(older.id);
          keysLeft = keysLeft.flatMap((keys) => without(keys, older));
        }
      }
      return [child.id, parents];
    }),
  );
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
