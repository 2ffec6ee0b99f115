import assert from 'node:assert/strict';

/** A partition of one of the topics of a logset. */
export interface Partition {
  topic: string;
  partition: number;
}

/** `topic:partition`: as a group sees it, whose topics may come and go. */
export const shardOf = ({ topic, partition }: Partition): string => `${topic}:${partition}`;

const PARTITION_MAX = 2 ** 31 - 1;

export function isPartitionId(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= PARTITION_MAX;
}

/** Whether a topic can be called so; the service makes the ids. */
export const isTopicId = (value: string): boolean => /^[A-Za-z0-9-]{1,64}$/.test(value);

/** Whether it is what `shardOf` answers with. */
export function isShard(id: string): boolean {
  const colon = id.lastIndexOf(':');
  const partition = id.slice(colon + 1);
  return (
    isTopicId(id.slice(0, colon)) && /^(0|[1-9]\d*)$/.test(partition) && isPartitionId(Number(partition))
  );
}

export function partitionOf(shard: string): Partition {
  const colon = shard.lastIndexOf(':');
  const partition = Number(shard.slice(colon + 1));
  assert(colon > 0 && Number.isSafeInteger(partition), `not a partition of a topic: ${shard}`);
  return { topic: shard.slice(0, colon), partition };
}
