import assert from 'node:assert/strict';

/** A partition of one of the topics of a logset. */
export interface Partition {
  topic: string;
  partition: number;
}

/** `topic:partition`: as a group sees it, whose topics may come and go. */
export const shardOf = ({ topic, partition }: Partition): string => `${topic}:${partition}`;

export function partitionOf(shard: string): Partition {
  const colon = shard.lastIndexOf(':');
  const partition = Number(shard.slice(colon + 1));
  assert(colon > 0 && Number.isSafeInteger(partition), `not a partition of a topic: ${shard}`);
  return { topic: shard.slice(0, colon), partition };
}
