/** What a shard is called, and which ones it continues. */
interface Descendant {
  id: string;
  parents: readonly string[];
}

/** Groups shards so that each one's parents stand in an earlier group, or are not among them. */
export function parentsFirst<T extends Descendant>(shards: readonly T[]): T[][] {
  const waitsFor = new Map<T, number>();
  const children = new Map<string, T[]>();
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
  const groups: T[][] = [];
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
function isReleased<T>(waitsFor: Map<T, number>, child: T): boolean {
  const left = waitsFor.get(child)! - 1;
  waitsFor.set(child, left);
  return left === 0;
}
