/** A shard's place in the key space. */
export interface ShardRange {
  id: number;
  /** Keys are hex digits, all of one length: in one case, their text sorts as they do. */
  beginKey: string;
  /** Exclusive. */
  endKey: string;
}

interface Interval {
  begin: string;
  end: string;
}

/**
 * Which shards each shard continues; no service tells. Returns the ids of the direct parents by the id of the shard.
 *
 * A split or merge replaces whole shards, so at any moment every key belongs to one open shard, and the parents of a
 * shard are those that held its keys just before it: for each key the newest among the older shards. Newer means a
 * higher id, as ids are given out in order. The time at which a shard was made is no help: it has whole seconds, and in the
 * examples of a split in the API references of both SLS and CLS a shard and the two it was split into have the same one.
 *
 * Shards that the service no longer lists are nobody's parents. They go oldest first, after their retention, so nothing
 * listed is missed. Where that does not hold and a parent is gone before a grandparent, the answer cannot be known from
 * the list; the grandparent then stands for it: the shard waits longer than it must, but is never read too early.
 * Likewise an older shard that overlaps but is still open, as in a list made during a split, counts as a parent.
 */
export function parentsOf(shards: readonly ShardRange[]): Map<number, number[]> {
  const newestFirst = [...shards].sort((a, b) => b.id - a.id);
  return new Map(
    newestFirst.map((child, index) => {
      const parents: number[] = [];
      let keysLeft = [intervalOf(child)];
      for (const older of newestFirst.slice(index + 1)) {
        const held = intervalOf(older);
        if (keysLeft.some((keys) => overlaps(keys, held))) {
          parents.unshift(older.id);
          keysLeft = keysLeft.flatMap((keys) => without(keys, held));
        }
      }
      return [child.id, parents];
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
