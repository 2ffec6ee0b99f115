/** A shard's place in the key space. */
export interface ShardRange {
  id: number;
  /** Keys are hex digits, all of one length: in one case, their text sorts as they do. */
  beginKey: string;
  /** Exclusive. */
  endKey: string;
}

/** Keys, and the newest of the shards so far that has them. */
interface Segment {
  begin: string;
  /** Exclusive. */
  end: string;
  holder: number;
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
 *
 * Every look of every group comes here, with thousands of shards too. So the shards take the key space one after the other,
 * oldest first: what one finds in its place are its parents, and is gone for those that follow.
 */
export function parentsOf(shards: readonly ShardRange[]): Map<number, number[]> {
  const oldestFirst = [...shards].sort((a, b) => b.id - a.id).reverse();
  const parents = new Map<number, number[]>();
  const segments: Segment[] = [];
  for (const shard of oldestFirst) {
    const replaced = take(segments, segmentOf(shard));
    if (!parents.has(shard.id)) parents.set(shard.id, ascending(replaced));
  }
  return parents;
}

function segmentOf({ id, beginKey, endKey }: ShardRange): Segment {
  return { begin: beginKey.toLowerCase(), end: endKey.toLowerCase(), holder: id };
}

/** Puts `taken` in the place of what has its keys, but for the ends that stick out on either side. Returns what it replaced. */
function take(segments: Segment[], taken: Segment): Segment[] {
  if (taken.begin >= taken.end) return [];
  const first = firstEndingAfter(segments, taken.begin);
  let next = first;
  while (next < segments.length && segments[next]!.begin < taken.end) next++;
  const replaced = segments.slice(first, next);
  const before = replaced.slice(0, 1).map((segment) => ({ ...segment, end: taken.begin }));
  const after = replaced.slice(-1).map((segment) => ({ ...segment, begin: taken.end }));
  const inPlace = [...before, taken, ...after].filter(({ begin, end }) => begin < end);
  segments.splice(first, replaced.length, ...inPlace);
  return replaced;
}

/** `segments` lie apart, in the order of their keys. */
function firstEndingAfter(segments: readonly Segment[], key: string): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle]!.end > key) high = middle;
    else low = middle + 1;
  }
  return low;
}

function ascending(segments: readonly Segment[]): number[] {
  return [...new Set(segments.map(({ holder }) => holder))].sort((a, b) => a - b);
}
