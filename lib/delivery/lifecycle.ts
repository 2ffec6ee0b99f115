import { orAborted } from '../abort.ts';
import type { BatchContext, ShardFunctions, StopReason } from './userModule.ts';

/** Where a shard stands in the table. Who finds it as this sandbox left it knows that nobody has read in it meanwhile. */
export interface Stand {
  readonly epoch: number;
  readonly cursor: string;
  /** Of what is pending there. */
  readonly step?: number | undefined;
}

/**
 * Calls `start` and `stop` of the user's module: which shards this sandbox has is what it had at the end of its last tick, beside what a
 * tick finds. No call rejects, or takes longer than the signal allows; whoever throws is logged, and harms nothing.
 */
export interface Lifecycle {
  /** The slot is assigned these. Those that this sandbox had as the slot's, and that are gone, are stopped for `why`. */
  assigned(slot: string, shards: Iterable<string>, why: StopReason, context: BatchContext): Promise<void>;
  /** Here the slot finds the shard in a tick. If that is not as it was left, it was lost meanwhile. */
  found(slot: string, shard: string, stand: Stand, context: BatchContext): Promise<void>;
  /** The shard, found there, has a batch now: before the first one of a tick. */
  begun(slot: string, shard: string, stand: Stand, context: BatchContext): Promise<void>;
  /** This is where the slot leaves it, or why it does not have it any more; undefined where that is not certain. */
  ended(
    slot: string,
    shard: string,
    left: Stand | StopReason | undefined,
    context: BatchContext,
  ): Promise<void>;
  /** Whether a call of the user's goes on that was not waited for any more. */
  isAnyRunning(): boolean;
}

interface Held {
  slot: string;
  stand: Stand;
}

/** One for each sandbox. */
export function createLifecycle({ start, stop }: ShardFunctions): Lifecycle {
  /** By shard: a slot may have it after another one, both in this sandbox. */
  const held = new Map<string, Held>();
  let running = 0;
  /** What the call fails with, or that it was not done when the time was over. */
  const failureOf = async (
    shard: string,
    context: BatchContext,
    call: (given: BatchContext) => unknown,
  ): Promise<{ error: unknown } | undefined> => {
    const given = { ...context, logger: context.logger.with({ shard }) };
    running += 1;
    const calling = (async () => call(given))().finally(() => {
      running -= 1;
    });
    try {
      await orAborted(calling, context.signal);
      return undefined;
    } catch (error) {
      return { error };
    }
  };

  const leave = async (shard: string, why: StopReason, context: BatchContext): Promise<void> => {
    // Too late now, it is found to be gone in the next tick.
    if (context.signal.aborted || !held.delete(shard) || stop === undefined) return;
    const error = await failureOf(shard, context, (given) => stop(shard, why, given));
    if (error !== undefined) context.logger.error('shard.stopFailed', { shard, why, ...error });
  };
  return {
    async assigned(slot, shards, why, context) {
      for (const shard of goneFrom(held, slot, new Set(shards))) await leave(shard, why, context);
    },
    async found(slot, shard, stand, context) {
      const before = held.get(shard);
      if (before?.slot === slot && isSame(before.stand, stand)) return;
      await leave(shard, 'lost', context);
    },
    async begun(slot, shard, stand, context) {
      if (context.signal.aborted || held.get(shard)?.slot === slot) return;
      held.set(shard, { slot, stand: copyOf(stand) });
      if (start === undefined) return;
      const error = await failureOf(shard, context, (given) => start(shard, given));
      if (error !== undefined) context.logger.error('shard.startFailed', { shard, ...error });
    },
    async ended(slot, shard, left, context) {
      const before = held.get(shard);
      if (before?.slot !== slot || left === undefined) return;
      if (typeof left === 'string') await leave(shard, left, context);
      else before.stand = copyOf(left);
    },
    isAnyRunning: () => running > 0,
  };
}

/** Of what is held as the slot's, all that is not its own any more. */
function goneFrom(held: ReadonlyMap<string, Held>, slot: string, shards: ReadonlySet<string>): string[] {
  return [...held]
    .filter(([shard, { slot: by }]) => by === slot && !shards.has(shard))
    .map(([shard]) => shard);
}

/** Whoever tells may go on to change it. */
const copyOf = ({ epoch, cursor, step }: Stand): Stand => ({ epoch, cursor, step });

const isSame = (one: Stand, other: Stand): boolean =>
  one.epoch === other.epoch && one.cursor === other.cursor && one.step === other.step;
