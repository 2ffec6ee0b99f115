/**
 * A consumer group as the service keeps it: which topics it is over, who is alive, who has which partition, and the
 * committed offsets. Pure data; nothing here reads a clock.
 */
export interface ConsumerGroup {
  readonly name: string;
  timeoutSec: number;
  /** Ids of topics of the logset that the group is in. */
  topics: readonly string[];
  /** Time of the last heartbeat, milliseconds since 1970, in the order in which consumers joined. */
  readonly consumers: Map<string, number>;
  /** By key, in the order of the topics, then of ids. */
  readonly partitions: Map<string, GroupPartition>;
  /** Next offsets to read, by key. Those of a topic that left the group stay: it may come back. */
  readonly offsets: Map<string, bigint>;
}

export interface PartitionId {
  readonly topicId: string;
  readonly id: number;
}

export interface GroupPartition extends PartitionId {
  allocation: Allocation;
}

/**
 * - `free`: nobody has it.
 * - `held`: `holder` has it.
 * - `moving`: `holder` was told to give it up; as soon as it has, `next` gets it.
 */
export type Allocation =
  | { readonly state: 'free' }
  | { readonly state: 'held'; readonly holder: string }
  | { readonly state: 'moving'; readonly holder: string; readonly next: string };

export const keyOf = ({ topicId, id }: PartitionId): string => `${topicId}:${id}`;

export function createGroup(name: string, timeoutSec: number, topics: readonly string[]): ConsumerGroup {
  return { name, timeoutSec, topics, consumers: new Map(), partitions: new Map(), offsets: new Map() };
}

/**
 * Brings a group up to date with the partitions of its topics: new ones enter it, those that are no more leave it, and
 * consumers that were silent for longer than the timeout leave it with their claims. To be called before anything else is
 * done with the group.
 */
export function refresh(group: ConsumerGroup, present: readonly PartitionId[], nowMs: number): void {
  for (const [consumer, seenAtMs] of group.consumers) {
    if (nowMs - seenAtMs > group.timeoutSec * 1000) group.consumers.delete(consumer);
  }
  const before = new Map(group.partitions);
  group.partitions.clear();
  for (const { topicId, id } of present) {
    const key = keyOf({ topicId, id });
    const allocation = withoutTheDead(group, before.get(key)?.allocation ?? { state: 'free' });
    group.partitions.set(key, { topicId, id, allocation });
  }
}

/** Forgets the offsets of partitions that are no more, as `isPresent` has it. */
export function forgetOffsets(group: ConsumerGroup, isPresent: (key: string) => boolean): void {
  for (const key of group.offsets.keys()) {
    if (!isPresent(key)) group.offsets.delete(key);
  }
}

/** The partitions that a consumer is to work on now. */
export function heldBy(group: ConsumerGroup, consumer: string): GroupPartition[] {
  return [...group.partitions.values()].filter(
    ({ allocation }) => allocation.state === 'held' && allocation.holder === consumer,
  );
}

/** Without its holder a partition is free; without the next one it stays with its holder. */
function withoutTheDead({ consumers }: ConsumerGroup, allocation: Allocation): Allocation {
  if (allocation.state === 'free') return allocation;
  const { holder } = allocation;
  if (!consumers.has(holder)) return { state: 'free' };
  if (allocation.state === 'moving' && !consumers.has(allocation.next)) return { state: 'held', holder };
  return allocation;
}
