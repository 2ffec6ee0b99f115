import { refuse } from '../errors.ts';
import { type ConsumerGroup, keyOf, type PartitionId } from './group.ts';

export interface Commit extends PartitionId {
  readonly offset: bigint;
}

/**
 * Commits offsets in a group that is up to date: all of them, or none. Refuses a partition that the group is not over.
 *
 * Nothing else is looked at unless commits are fenced: the API has no field for an epoch or for the offset before, and
 * nothing published says that the service looks at who commits. An offset may go back, lie outside of the partition, or be
 * -1, which the official Python consumer commits where it read nothing.
 */
export function commitOffsets(
  group: ConsumerGroup,
  consumer: string,
  commits: readonly Commit[],
  { isFenced }: { isFenced: boolean },
): void {
  for (const { topicId, id, offset } of commits) {
    const partition = group.partitions.get(keyOf({ topicId, id }));
    if (!group.topics.includes(topicId)) throw refuse.topicNotInGroup(topicId);
    if (!partition) throw refuse.partitionNotExist(id);
    if (offset < -1n) throw refuse.invalidParameter(`Offset ${offset} is invalid.`);
    const { allocation } = partition;
    const holder = allocation.state === 'free' ? undefined : allocation.holder;
    if (isFenced && holder !== consumer) throw refuse.commitDenied(consumer, keyOf({ topicId, id }));
  }
  for (const { offset, ...partition } of commits) group.offsets.set(keyOf(partition), offset);
}
