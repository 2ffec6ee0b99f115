import { refuse } from '../errors.ts';
import { balance } from './balance.ts';
import type { ConsumerGroup } from './group.ts';

/** More consumers than this cannot join a group; the service's own limit is not documented. */
export const CONSUMERS_MAX = 1000;

/**
 * One heartbeat of a group that is up to date: `reported` are the shards that the consumer still works on, the answer
 * those that it should work on. Refuses with NotExistConsumerWithBody who is unknown, or timed out, and reports shards
 * all the same.
 *
 * A shard that the consumer was told to give up is handed over by a heartbeat that no longer reports it (edge 6). One
 * that it holds stays its own even if it does not report it: it may not have begun, or have started anew.
 */
export function heartbeat(
  group: ConsumerGroup,
  consumer: string,
  reported: readonly number[],
  nowMs: number,
): number[] {
  if (!group.consumers.has(consumer)) {
    if (reported.length > 0) throw refuse.unknownConsumerWithShards();
    if (group.consumers.size >= CONSUMERS_MAX) {
      throw refuse.parameterInvalid(`A group of the local service has at most ${CONSUMERS_MAX} consumers.`);
    }
  }
  group.consumers.set(consumer, nowMs);
  for (const shard of group.shards.values()) {
    const { allocation } = shard;
    if (allocation.state !== 'transfer' || allocation.holder !== consumer) continue;
    if (!reported.includes(shard.id)) shard.allocation = { state: 'already_alloc', holder: allocation.next };
  }
  balance(group);
  return [...group.shards.values()]
    .filter(({ allocation }) => allocation.state === 'already_alloc' && allocation.holder === consumer)
    .map(({ id }) => id)
    .sort((one, other) => one - other);
}
