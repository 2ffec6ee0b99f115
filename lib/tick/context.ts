import type { CommonSettings } from '../config/settings.ts';
import type { Announcer } from '../delivery/announcer.ts';
import type { DeadLetterStore } from '../delivery/deadLetters/deadLetters.ts';
import type { Deliver } from '../delivery/delivered.ts';
import type { LastWords } from '../delivery/lastWords.ts';
import type { Lifecycle } from '../delivery/lifecycle.ts';
import type { ConsumerItem } from '../group/items.ts';
import type { Terms } from '../group/join.ts';
import type { Planning } from '../group/planning.ts';
import type { GroupStore } from '../group/store.ts';
import type { Logger } from '../observe/logger.ts';
import type { Meter } from '../observe/meter.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Clock, Random } from '../runtime.ts';
import type { Source } from '../sources/source.ts';
import type { Budget } from './budget.ts';
import type { Bytes } from './bytes.ts';
import type { CachedShard, TickCache } from './cache.ts';
import type { Leftovers } from './leftovers.ts';
import type { ShardResult } from './result.ts';
import type { Retention } from './retention.ts';

/** What a tick is given from outside. */
export interface TickTools {
  store: GroupStore;
  source: Source;
  /** Gives a batch to the user's function, and says how that went. */
  deliver: Deliver;
  /** Where what is given up is put. */
  deadLetters: Pick<DeadLetterStore, 'put'>;
  /** Which version of the function this is, for whoever looks at a dead letter. */
  functionVersion?: string | undefined;
  clock: Clock;
  /** What to add to our clock to have the time of the group's table, as far as that is known. */
  skewMs?: () => number;
  random: Random;
  logger: Logger;
  /** Counts what no answer tells. */
  meter?: Meter | undefined;
  /** Spans, for whoever wants to see where the time goes. */
  tracing?: Tracing | undefined;
  /** By slot; lives as long as the sandbox. */
  caches: Map<string, TickCache>;
  /** Runs of this sandbox that came to their end: what one of them left as begun has killed nobody. */
  endedRuns: Set<string>;
  /** Tells the user's module of shards that this sandbox gains and leaves. */
  lifecycle?: Lifecycle;
  /** How long the service keeps what is there. */
  retention?: Retention | undefined;
  /** Notes what happens in the tick, for whoever is to be told at its end. */
  announcer?: Pick<Announcer, 'happened' | 'assigned'> | undefined;
  /** Why a run died, as far as it could still say. */
  lastWords?: LastWords;
}

/** Of a function's settings, those that a tick goes by. */
export type TickSettings = Pick<
  CommonSettings,
  | 'group'
  | 'times'
  | 'stream'
  | 'start'
  | 'endAt'
  | 'order'
  | 'settingsVersion'
  | 'strategy'
  | 'onCursorExpired'
  | 'batchesMax'
  | 'countMax'
  | 'pullIntervalMs'
  | 'lingerMs'
  | 'doorbell'
  | 'shardsParallelMax'
  | 'bytesMax'
  | 'delivery'
> &
  Partial<Pick<CommonSettings, 'slots' | 'slotsMin'>> & {
    /** The past is read again, beside the group. */
    replay?: Planning['replay'];
  };

/** Everything one accepted tick works with. */
export interface TickContext extends TickTools {
  settings: TickSettings;
  slot: string;
  meter: Meter;
  tracing: Tracing;
  budget: Budget;
  /** The group's time: our clock, corrected once at the start of the tick. Whatever is compared between hosts uses it. */
  groupNow(): number;
  consumer: ConsumerItem;
  /** It came while the run before it might have been at work. */
  isEarly: boolean;
  leftovers: Pick<Leftovers, 'areAny'>;
  /** What this deployment wants of the group. */
  terms: Terms;
  /** Nothing is known of the slot's last tick: it may have died. */
  isCold: boolean;
  /** When the user's function last succeeded in any of the slot's shards; of this tick, or the one before in this sandbox. */
  successes: { at: number | undefined };
  /** Tells the user's module of the shard that is worked on, before its first batch. A run may die of that, as of the batch. */
  begin?(): Promise<void>;
  /** Whether the rest of the time is for others, which wait for their turn. */
  yields?(now: number): boolean;
}

/** The same for the work on shards. */
export interface ShardContext extends TickContext {
  /** What all of them may have in memory together. */
  bytes: Bytes;
}

/** `remember` is absent whenever it is not certain what the table holds. */
export interface ShardOutcome {
  result: ShardResult;
  remember: CachedShard | undefined;
}
