/** Which shards stand first: where there are many, those that somebody has to look at. */
import type { ShardState } from '../feed.ts';
import { sorted } from './slots.ts';

export interface ShardGroup {
  /** Undefined where there are so few that they need no heading. */
  readonly heading: string | undefined;
  readonly shards: readonly ShardState[];
}

/** So many are seen at once, and stay where they are. */
const FEW = 12;

/** How badly somebody has to look at it. */
export function severityOf({ waitsFor, leftMs, failures, paused, state, error }: ShardState): number {
  if (state === 'done') return -1;
  if (leftMs === 0 || waitsFor === 'success') return 4;
  if (waitsFor === 'listing' || waitsFor === 'slot' || error !== undefined) return 3;
  if (waitsFor === 'attempt' || failures > 0) return 2;
  if (waitsFor === 'assignment' || waitsFor === 'handOff' || paused) return 1;
  return 0;
}

export function shardGroupsOf(shards: readonly ShardState[]): ShardGroup[] {
  const byName = new Map(shards.map((shard) => [shard.shard, shard]));
  const all = sorted(byName.keys()).map((name) => byName.get(name)!);
  if (all.length <= FEW) return all.length === 0 ? [] : [{ heading: undefined, shards: all }];
  const worstFirst = all.toSorted((one, other) => severityOf(other) - severityOf(one));
  const groups: [string, ShardState[]][] = [
    ['to look at', worstFirst.filter((shard) => severityOf(shard) > 0)],
    ['in order', worstFirst.filter((shard) => severityOf(shard) === 0)],
    ['done', worstFirst.filter((shard) => severityOf(shard) < 0)],
  ];
  return groups
    .filter(([, some]) => some.length > 0)
    .map(([heading, some]) => ({ heading: `${some.length} ${heading}`, shards: some }));
}
