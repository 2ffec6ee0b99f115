/** What one tick did: the function's answer, and what the local stack shows a person. */
export interface TickResult {
  slot: string;
  /**
   * `worked`: heartbeat accepted, assigned shards were looked at. `busy`: another invocation of this slot is still
   * within its deadline. `paused`: heartbeat only. `disagrees`: the group has other settings than this deployment.
   */
  outcome: 'worked' | 'busy' | 'paused' | 'disagrees';
  /** How many ticks this slot has had; 0 when busy. */
  tick: number;
  /** Plan generation the tick worked by. */
  generation: number;
  /** Epochs and cursors came from the tick before: no shard item was read. */
  warm: boolean;
  /** This tick made a plan. */
  planned: boolean;
  shards: ShardResult[];
}

export interface ShardResult {
  shard: string;
  /**
   * Why the tick left the shard: nothing more to read, out of time or batches, shard finished, waiting for its old
   * owner or its parents, `process` threw, ownership lost, the cursor was past the retention and the setting is `fail`,
   * or the service or the table failed.
   */
  stopped:
    | 'caughtUp'
    | 'deadline'
    | 'batchesMax'
    | 'done'
    | 'waiting'
    | 'processFailed'
    | 'lost'
    | 'cursorExpired'
    | 'sourceFailed'
    | 'storeFailed';
  batches: number;
  /** Decompressed bytes pulled and processed. */
  bytes: number;
  /** Committed cursor at the end; undefined when the shard was not worked. */
  cursor: string | undefined;
  lagMs: number | undefined;
  /** Positions passed over because they were past the retention; undefined where the service's cursors do not tell. */
  expired?: { positions: number | undefined };
  error?: string;
}
