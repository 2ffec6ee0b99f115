import { parentsOf as parentsOfRanges } from '../lineage.ts';
import type { ShardInfo } from './answers.ts';

/** What of a shard tells its place in the history. */
export type ShardRange = Pick<ShardInfo, 'shardID' | 'inclusiveBeginKey' | 'exclusiveEndKey'>;

/**
 * Ids of the direct parents by the id of the shard. Newer means a higher id, as ids are given out in order. `createTime` is no
 * help: it has whole seconds, and in the API reference's example of SplitShard a shard and the two it was split into have
 * the same one.
 */
export function parentsOf(shards: readonly ShardRange[]): Map<number, number[]> {
  const ranges = shards.map(({ shardID, inclusiveBeginKey, exclusiveEndKey }) => ({
    id: shardID,
    begin: inclusiveBeginKey.toLowerCase(),
    end: exclusiveEndKey.toLowerCase(),
  }));
  return parentsOfRanges(ranges.sort((a, b) => a.id - b.id));
}
