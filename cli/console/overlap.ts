/** Shards that two may be at work on: a new owner has claimed one, and the run of the earlier owner has not ended for certain. Pure. */
import type { Look } from '../look.ts';
import { clockOf } from './state.ts';

export interface Overlap {
  /** Whose run may be at work. */
  readonly slot: string;
  /** Its heartbeat: with the next one it is another run, which knows better. */
  readonly heartbeatAt: number;
  readonly from: number;
}

type Overlaps = ReadonlyMap<string, Overlap>;

/**
 * Those that lasted and last on, and those that have begun since `before`. The plan lets nobody claim a shard before its owner has given it
 * up, or the deadline of its last run has passed: with own coordination this is seen where clocks are wrong. With the coordination of the
 * log service it happens whenever that takes a slot for dead that is at work.
 */
export function overlapsIn(look: Look, before: Look | undefined, lasting: Overlaps): Overlaps {
  const consumers = new Map(look.description.consumers.map((consumer) => [consumer.slot, consumer]));
  const mayBeAtWork = (slot: string, heartbeatAt: number): boolean => {
    const consumer = consumers.get(slot);
    return consumer?.busy === true && consumer.heartbeatAt === heartbeatAt;
  };
  const kept = [...lasting].filter(([, { slot, heartbeatAt }]) => mayBeAtWork(slot, heartbeatAt));
  const begun = look.description.shards.flatMap(({ shard, owner, state }) => {
    const earlier = before?.description.shards.find((one) => one.shard === shard)?.owner;
    const consumer = earlier === undefined || earlier === owner ? undefined : consumers.get(earlier);
    if (consumer === undefined || state === 'done' || !consumer.busy) return [];
    // It has ticked under the plan that took the shard from it, and its run does not have it.
    if (consumer.assigned?.[shard] === undefined && consumer.acknowledged === (consumer.generation ?? 0))
      return [];
    const claimedAt = consumers.get(owner ?? '')?.heartbeatAt ?? look.description.at;
    const from = clockOf(look)(Math.max(claimedAt, consumer.heartbeatAt));
    return [[shard, { slot: consumer.slot, heartbeatAt: consumer.heartbeatAt, from }] as const];
  });
  return new Map([...kept, ...begun]);
}
