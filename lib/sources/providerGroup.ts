/**
 * A consumer group that the log service keeps itself. With `coordination: provider` the service assigns the shards, so
 * that our slots and its official consumers can share one group. Each driver passes one conformance suite.
 */
export interface ProviderGroup {
  /** Makes the group, or brings its settings in line with ours. */
  join(signal: AbortSignal): Promise<void>;
  /**
   * Says which shards `slot` still holds, and learns which it is to hold. A held one that is missing in the answer is to be
   * given up: the service hands it on once a heartbeat no longer names it. `known: false`: the service had already dropped
   * the slot, which must stop all work, and begin anew with a heartbeat that holds nothing.
   */
  heartbeat(slot: string, held: readonly string[], signal: AbortSignal): Promise<ProviderAnswer>;
  /** The service's checkpoints: next cursor to read, of every shard that has one. */
  checkpoints(signal: AbortSignal): Promise<Map<string, string>>;
  /** Writes a checkpoint as the shard's owner. False: the service says that `slot` is not. */
  commit(slot: string, shard: string, cursor: string, signal: AbortSignal): Promise<boolean>;
  status(signal: AbortSignal): Promise<ProviderShardStatus[]>;
  remove(signal: AbortSignal): Promise<void>;
}

export type ProviderAnswer = { known: true; assigned: string[] } | { known: false };

export interface ProviderShardStatus {
  shard: string;
  /** Who committed last; undefined if nobody did. */
  consumer: string | undefined;
  cursor: string | undefined;
  /** Milliseconds since 1970. */
  updatedAt: number | undefined;
}
