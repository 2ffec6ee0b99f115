import type { SourceShard } from '../sources/source.ts';

/** Groups shards so that each one's parents stand in an earlier group, or are not among them. */
export function parentsFirst(shards: readonly SourceShard[]): SourceShard[][] {
  const waitsFor = new Map<SourceShard, number>();
  const children = new Map<string, SourceShard[]>();
  const ids = new Set(shards.map(({ id }) => id));
  for (const shard of shards) {
    const parents = new Set(shard.parents.filter((parent) => ids.has(parent)));
    waitsFor.set(shard, parents.size);
    for (const parent of parents) {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [shard]);
      else siblings.push(shard);
    }
  }
  const groups: SourceShard[][] = [];
  let ready = shards.filter((shard) => waitsFor.get(shard) === 0);
  let left = shards.length;
  while (ready.length > 0) {
    groups.push(ready);
    left -= ready.length;
    ready = ready.flatMap(({ id }) => children.get(id) ?? []).filter((child) => isReleased(waitsFor, child));
  }
  // Parents in a circle: a listing nobody can order. Keep what it says, in its order.
  if (left > 0) groups.push(shards.filter((shard) => waitsFor.get(shard)! > 0));
  return groups;
}

/** One of the parents is done with. Was it the last one? */
function isReleased(waitsFor: Map<SourceShard, number>, child: SourceShard): boolean {
  const left = waitsFor.get(child)! - 1;
  waitsFor.set(child, left);
  return left === 0;
}
