import { refuse } from '../errors.ts';
import { balance, type HandOver } from './balance.ts';
import { type ConsumerGroup, type GroupPartition, heldBy } from './group.ts';

/** More consumers than this cannot join a group; the service's own limit is not documented. */
export const CONSUMERS_MAX = 1000;

/**
 * One heartbeat of a group that is up to date: `reported` are the keys of the partitions that the consumer still works on,
 * the answer those that it is to work on.
 *
 * A partition that the consumer was told to give up goes to the next one by a heartbeat that no longer reports it. One that
 * it holds stays its own even if it does not report it: it may not have begun, or have started anew. What it only claims,
 * having timed out perhaps, it is not given for that.
 */
export function heartbeat(
  group: ConsumerGroup,
  consumer: string,
  reported: ReadonlySet<string>,
  { nowMs, handOver }: { nowMs: number; handOver: HandOver },
): GroupPartition[] {
  if (!group.consumers.has(consumer) && group.consumers.size >= CONSUMERS_MAX) {
    throw refuse.limitExceeded(`A group of the local service has at most ${CONSUMERS_MAX} consumers.`);
  }
  group.consumers.set(consumer, nowMs);
  for (const [key, partition] of group.partitions) {
    const { allocation } = partition;
    if (allocation.state !== 'moving' || allocation.holder !== consumer || reported.has(key)) continue;
    partition.allocation = { state: 'held', holder: allocation.next };
  }
  balance(group, handOver);
  return heldBy(group, consumer);
}
