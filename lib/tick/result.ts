/** What one tick did: the function's answer, and what the local stack shows a person. */
export interface TickResult {
  slot: string;
  /**
   * `worked`: heartbeat accepted, assigned shards were looked at. `busy`: another invocation of this slot is still
   * within its deadline. `paused`: heartbeat only. `disagrees`: the group has other settings than this deployment.
   * `failed`: something failed (a plan, or shards), and nothing else was achieved.
   */
  outcome: 'worked' | 'failed' | 'busy' | 'paused' | 'disagrees';
  /** How many ticks this slot has had; 0 when busy. */
  tick: number;
  /** Plan generation the tick worked by. */
  generation: number;
  /** Epochs and cursors came from the tick before: no shard item was read. */
  warm: boolean;
  /** This tick made a plan. */
  planned: boolean;
  /** A plan was begun and failed, or lacked a list: see the events `plan.failed` and `stream.unlisted`. */
  planFailed: boolean;
  /**
   * Shards that no slot is given, as this tick has found when it looked whether a plan is needed; where the service assigns, those
   * that this slot has no room for. See the event `shards.unassigned`.
   */
  unassignedShards?: number;
  /** Slots of this deployment whose session does not live, as this tick has found; where it knows its slots and looked at the plan. */
  silentSlots?: number;
  /** How long the tick went on once it had read all up, and how often it asked shards meanwhile. Absent: it did not. */
  lingerMs?: number;
  polls?: number;
  /** Of a ring, when busy: the run that has the slot polls once more before it gives it back. */
  folded?: true;
  /** How often this tick has polled once more since somebody rang. Absent: never. */
  ringsAnswered?: number;
  shards: ShardResult[];
}

/** What a tick did in one shard. */
export interface ShardResult {
  shard: string;
  /**
   * Why the tick left the shard: nothing more to read, out of time or batches, shard finished, waiting for its old
   * owner or its parents, the user's function threw, ownership lost, the cursor was past the retention and the setting is `fail`,
   * or the service or the table failed. Who never answered has failed: `deadline` is for shards that got on, or had no time to.
   * `backingOff`: what failed is not tried again yet. `blocked`: it is tried, and nothing is given up. `gathering`: there is too little for
   * a batch, and it can wait. `paused`: somebody has paused this shard.
   */
  stopped:
    | 'caughtUp'
    | 'deadline'
    | 'batchesMax'
    | 'done'
    | 'waiting'
    | 'batchFailed'
    | 'backingOff'
    | 'blocked'
    | 'gathering'
    | 'paused'
    | 'lost'
    | 'cursorExpired'
    | 'sourceFailed'
    | 'storeFailed';
  /** How often the user's function was called, and succeeded. */
  batches: number;
  /** Records that it took. */
  records: number;
  /** Records that were given up, and put into the dead letters. */
  deadLetters?: number;
  /** Decompressed bytes pulled and processed. */
  bytes: number;
  /** Committed cursor at the end; undefined when the shard was not worked. */
  cursor: string | undefined;
  /** Where nothing could be read: the last one known, and the time since. */
  lagMs: number | undefined;
  /** Positions between there and the shard's end as it was when the tick began: log groups in SLS, messages in CLS. Absent: not known. */
  lagPositions?: number;
  /** How long it takes until the service no longer has what is to be read next, at the least. Absent: not known. */
  retentionLeftMs?: number;
  /** Positions passed over because they were past the retention; undefined where the service's cursors do not tell. */
  expired?: { positions: number | undefined };
  error?: string;
}

/** Of a tick that has done nothing yet, or is not to do anything. */
export const emptyResult = (slot: string, outcome: TickResult['outcome']): TickResult => ({
  slot,
  outcome,
  tick: 0,
  generation: 0,
  warm: false,
  planned: false,
  planFailed: false,
  shards: [],
});

const FAILED: ReadonlySet<ShardResult['stopped']> = new Set([
  'batchFailed',
  'backingOff',
  'blocked',
  'cursorExpired',
  'sourceFailed',
  'storeFailed',
]);

const IDLE: ReadonlySet<ShardResult['stopped']> = new Set(['caughtUp', 'done', 'gathering']);

/** Whether the shard was left because something failed. */
export const isFailed = ({ stopped }: ShardResult): boolean => FAILED.has(stopped);

/** Whether something failed and nothing was achieved: no batch, and no shard in which there was nothing to do. */
export function achievedNothing({ planFailed, shards }: TickResult): boolean {
  const isIdle = ({ stopped }: ShardResult): boolean => IDLE.has(stopped);
  const got = shards.some((shard) => shard.batches > 0 || shard.deadLetters !== undefined || isIdle(shard));
  return !got && (planFailed || shards.some(isFailed));
}
