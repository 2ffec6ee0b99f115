import { type ShardItem, shardKey } from '../../../lib/group/items.ts';
import type { World } from '../world.ts';
import { wantedEnd } from './rest.ts';
import { placeIn } from './watch.ts';

/** What may stay unfinished, once nothing goes wrong any more. */

/** Whether it is by design that a shard does not get on. */
export function mayStayStuck(world: World, shard: string): boolean {
  const item = world.table.item(shardKey(shard));
  if (item?.pending === undefined) return false;
  // An outage that is real: nothing succeeds, so nothing is given up.
  if (world.sink.trouble() !== undefined)
    return item.pending.attempts > 0 || item.pending.block !== undefined;
  return (
    item.pending.block !== undefined && (isBlocked(world, shard, item) || isUndecidable(world, shard, item))
  );
}

/** It is told to stop where a record is poison. */
function isBlocked({ settings, poisons }: World, shard: string, item: ShardItem): boolean {
  return settings.delivery.onPoison === 'block' && poisons.of(shard, placeIn(item)) !== undefined;
}

/** Nothing comes after it, nor into another shard of its slot: so nothing can tell whether it is to blame. */
function isUndecidable(world: World, shard: string, item: ShardItem): boolean {
  const { table, stream } = world;
  const end = placeIn(item) + (item.pending?.block ?? 0);
  if (end < wantedEnd(world, stream.shards.get(shard)!)) return false;
  const { shards, consumers } = table.state();
  const { assigned = {} } = consumers.get(item.owner ?? '') ?? {};
  const others = [...shards].filter(
    ([id, { owner }]) => id !== shard && owner === item.owner && id in assigned,
  );
  return others.every(([id, other]) => {
    const isOpen = stream.shards.get(id)?.closedAt === undefined && world.settings.endAt === undefined;
    return !isOpen || other.pending?.block !== undefined;
  });
}

/** Whether one of the shards that it continues stays unfinished, so that it may not begin. */
export function isBehindStuck(world: World, shard: string): boolean {
  if (!world.scenario.order) return false;
  const { parents = [] } = world.stream.shards.get(shard) ?? {};
  return parents.some((parent) => mayStayStuck(world, parent) || isBehindStuck(world, parent));
}
