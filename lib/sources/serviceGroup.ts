import type { Logger } from '../observe/logger.ts';

/**
 * A consumer group that the log service keeps itself. With `coordination: service` the service assigns the shards, so
 * that our slots and its official consumers can share one group. Each driver passes one conformance suite.
 */
export interface ServiceGroup {
  /**
   * Whether `heartbeat` says so when the service had dropped the slot, and its commits are refused from then on. Where it does not,
   * a slot that was silent for long has to look at the service's checkpoints: somebody else may have read on in its shards.
   */
  readonly reportsDropped: boolean;
  /** Whether it is the id of a shard, as the service's answers hold them. No other is ever sent. */
  isShard(id: string): boolean;
  /**
   * Makes the group, or brings its settings in line with ours. Cheap where they are: official workers bring their own at every start.
   */
  join(signal: AbortSignal): Promise<void>;
  /**
   * Says which shards `slot` still holds, and learns which it is to hold. A held one that is missing in the answer is to be
   * given up: the service hands it on once a heartbeat no longer names it. `known: false`: the service had already dropped
   * the slot, which must stop all work, and begin anew with a heartbeat that holds nothing. Whatever else the service answers is an
   * error (`BadResponse`): nothing of it must get into the table.
   */
  heartbeat(slot: string, held: readonly string[], signal: AbortSignal): Promise<GroupAnswer>;
  /** The service's checkpoints: next cursor to read, of every shard that has one. */
  checkpoints(signal: AbortSignal): Promise<Map<string, string>>;
  /**
   * Writes checkpoints as the shards' owner, in as few requests as the service takes. Answers for each shard, and never rejects.
   */
  commit(
    slot: string,
    checkpoints: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<Map<string, CommitOutcome>>;
  status(signal: AbortSignal): Promise<ShardStatus[]>;
  remove(signal: AbortSignal): Promise<void>;
}

export type GroupAnswer = { known: true; assigned: string[] } | { known: false };

/** `notOwner`: the service says that the slot does not own the shard. */
export type CommitOutcome = 'committed' | 'notOwner' | { error: unknown };

export interface ShardStatus {
  shard: string;
  /** Who committed last; undefined if nobody did, or the service does not tell. */
  consumer: string | undefined;
  cursor: string | undefined;
  /** Milliseconds since 1970; undefined if nobody committed, or the service does not tell. */
  updatedAt: number | undefined;
}

/** Shards of one consumer. Far beyond what a service gives out; more would not fit into its item. */
export const ASSIGNED_MAX = 10_000;

/**
 * What became of the group: made, made anew because it had vanished, or brought in line. `theirTimeoutMs`: the session timeout that
 * it had until then, where that was another.
 */
export type OnGroupChange = (
  change: 'created' | 'recreated' | 'updated',
  theirTimeoutMs?: number | undefined,
) => void;

/** Under a session timeout that is not longer than our interval, the service drops our slots between any two of their ticks. */
export function logGroupChanges(logger: Logger, oursMs: number): OnGroupChange {
  return (change, theirsMs) => {
    logger.warn('service.group', { change });
    if (theirsMs !== undefined) logger.warn('service.timeoutChanged', { theirsMs, oursMs });
  };
}
