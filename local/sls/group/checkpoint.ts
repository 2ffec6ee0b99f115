import { refuse } from '../errors.ts';
import type { Shard } from '../state/shard.ts';
import { type ConsumerGroup, type GroupShard, settle } from './group.ts';

export interface Commit {
  readonly shard: number;
  readonly checkpoint: string;
  /** Empty if the request named nobody. */
  readonly consumer: string;
  /** Commit whoever holds the shard. */
  readonly force: boolean;
}

/**
 * Commits a checkpoint in a group that is up to date. Refuses with ShardNotExist; unless forced, also with
 * ConsumerNotExist who is not alive and with ConsumerNotMatch who does not hold the shard. While it is being handed
 * over, its holder may still commit.
 */
export function commit(
  group: ConsumerGroup,
  shards: readonly Shard[],
  { consumer, ...change }: Commit,
  nowMs: number,
): void {
  const shard = group.shards.get(change.shard);
  if (!shard) throw refuse.shardNotInGroup();
  if (!change.force) {
    if (!group.consumers.has(consumer)) throw refuse.consumerNotExist();
    if (holderOf(shard) !== consumer) throw refuse.consumerNotMatch(consumer, shard.id);
  }
  shard.checkpoint = change.checkpoint;
  shard.committedBy = consumer;
  shard.updatedAtUs = Math.floor(nowMs) * 1000;
  // Edge 7. Shards that continue this one stay as they are: they may have been consumed already.
  if (shard.allocation.state === 'over') shard.allocation = { state: 'not_alloc' };
  settle(group, shards);
}

function holderOf({ allocation }: GroupShard): string | undefined {
  return 'holder' in allocation ? allocation.holder : undefined;
}
