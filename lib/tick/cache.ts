import type { ConsumerItem, Load } from '../group/items.ts';
import type { Pending } from '../group/pending.ts';
import type { Times } from '../times.ts';

/**
 * What a sandbox remembers of its last tick in a slot. Trusted only if that tick was the slot's last one and the plan is
 * the same: then nobody else can have moved these shards, and the tick reads nothing.
 */
export interface TickCache {
  tick: number;
  /** When that tick began, in the group's time. */
  heartbeatAt: number;
  generation: number;
  /** Tick in which the shard items were last read. */
  readAtTick: number;
  planDueAt: number;
  /** When the user's function last succeeded in any of the slot's shards. */
  successAt: number | undefined;
  /** How that tick went, where the number of slots follows from it. */
  load?: Load | undefined;
  shards: Map<string, CachedShard>;
}

/** `msPerRecord`: as last seen; undefined: not known yet. */
export interface Pace {
  msPerRecord: number | undefined;
}

export interface CachedShard {
  epoch: number;
  /** As committed. */
  cursor: string;
  state: 'open' | 'closing' | 'done';
  /** As noted. */
  pending: Pending | undefined;
  step: number | undefined;
  /** Somebody has paused it: nothing is read from it. */
  paused?: boolean | undefined;
  /** How long a record takes, where time has run out: then no more is begun than fits. */
  pace?: Pace | undefined;
  /** When the shard was first left since what there was of it was too little for a batch. */
  gatheringSince?: number | undefined;
  /** When the shard was last pulled, by this process's clock. */
  pulledAt?: number | undefined;
  /** How long the last batch took, with all that it needed: one that comes late in a tick is not begun if it does not fit. */
  batchMs?: number | undefined;
  /** So many records are given at a time, where more have returned more writes than fit into a transaction. */
  recordsFit?: number | undefined;
  /** When it was last known how far behind the shard is. */
  lag?: { ms: number; at: number } | undefined;
  /** What the service's own group was last given of the shard: a cursor, and whether it was its end. */
  published?: string | undefined;
}

/** A bounded age heals what an interrupted `seek` left: the shard moved, but the slot's tick number did not. */
const AGE_TICKS_MAX = 30;

/**
 * Whether the slot's session may be over since that tick, by the clock of whoever keeps it. The group may have been deleted
 * meanwhile, or its settings changed; the service may have given the shards to others.
 */
export function mayHaveExpired(
  { heartbeatAt }: TickCache,
  now: number,
  { sessionTimeoutMs, skewMarginMs }: Times,
): boolean {
  return now - heartbeatAt > sessionTimeoutMs - skewMarginMs;
}

/** Whether nothing has happened in the slot since: its last run was of this sandbox, and came to its end. */
export function isOfLastRun(cache: TickCache | undefined, consumer: ConsumerItem): cache is TickCache {
  return (
    cache !== undefined && cache.tick === consumer.tick - 1 && cache.generation === (consumer.generation ?? 0)
  );
}

/** The cache if this tick may trust it. */
export function trusted(cache: TickCache | undefined, consumer: ConsumerItem): TickCache | undefined {
  if (!isOfLastRun(cache, consumer)) return undefined;
  return consumer.tick - cache.readAtTick < AGE_TICKS_MAX ? cache : undefined;
}
