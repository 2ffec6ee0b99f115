import type { ConsumerItem } from '../../group/items.ts';
import type { Planning } from '../../group/planning.ts';
import type { CachedShard, TickCache } from '../cache.ts';
import type { ShardOutcome, TickContext } from '../context.ts';

/**
 * How the slots of a group come to their shards. `own`: our planner assigns them. `service`: the log service's own consumer group
 * does, which our slots may share with its official consumers. Locks, epochs, checkpoints and their fence are ours in both.
 */
export interface Coordination {
  readonly kind: 'own' | 'service';
  /** In a sandbox that remembers nothing, before the heartbeat. */
  join(signal: AbortSignal): Promise<void>;
  /** For one tick, after its heartbeat. */
  forTick(context: TickContext): TickCoordination;
}

export interface TickCoordination {
  /** What the slot is to work on. Throws what the service or the store throws: then no work may be done. */
  assignment(cache: TickCache | undefined): Promise<Assigned>;
  /** What a plan lists, and how it gives shards away. */
  planning(): Pick<Planning, 'stream' | 'strategy' | 'assigns'>;
  /** Whether children wait for their parents by our rules, where order matters. */
  readonly holdsChildrenBack: boolean;
  /** Whether a slot may be assigned a shard before a plan has made its item. */
  readonly isAheadOfPlans: boolean;
  /**
   * Where to read on in a shard whose item was just read, `at` what it says. `sought`: an operator moved its cursor, and nothing was
   * committed since. Undefined: the shard is left for this tick.
   */
  reconcile(shard: string, at: CachedShard, sought: boolean): Promise<CachedShard | undefined>;
  /**
   * Whether somebody else has come to assign other shards meanwhile than `assignment` has said. Throws what the service throws. Undefined: the
   * slot's item tells.
   */
  hasChanged?(): Promise<boolean>;
  /** Makes known how far the tick came, once its work is done. */
  publish(outcomes: readonly ShardOutcome[]): Promise<ShardOutcome[]>;
}

export interface Assigned {
  /** The slot's item, with the assignment to work by. */
  consumer: ConsumerItem;
  /** What of the cache holds under this assignment. */
  known: ReadonlyMap<string, CachedShard>;
  /** How many shards there are for the slot that its item has no room for. Undefined: only a plan can tell. */
  unassigned: number | undefined;
}
