import type { CommonSettings } from '../config/settings.ts';
import type { EachBatch } from '../delivery/userModule.ts';
import type { ConsumerItem } from '../group/items.ts';
import type { Terms } from '../group/join.ts';
import type { GroupStore } from '../group/store.ts';
import type { Logger } from '../observe/logger.ts';
import type { Clock, Random } from '../runtime.ts';
import type { Source } from '../sources/source.ts';
import type { Budget } from './budget.ts';
import type { CachedShard, TickCache } from './cache.ts';
import type { ShardResult } from './result.ts';

/** What a tick is given from outside. */
export interface TickTools {
  store: GroupStore;
  source: Source;
  /** The user's function. */
  eachBatch: EachBatch;
  clock: Clock;
  /** What to add to our clock to have the time of the group's table, as far as that is known. */
  skewMs?: () => number;
  random: Random;
  logger: Logger;
  /** By slot; lives as long as the sandbox. */
  caches: Map<string, TickCache>;
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
  | 'shardsParallelMax'
  | 'delivery'
>;

/** Everything one accepted tick works with. */
export interface TickContext extends TickTools {
  settings: TickSettings;
  slot: string;
  budget: Budget;
  /** The group's time: our clock, corrected once at the start of the tick. Whatever is compared between hosts uses it. */
  groupNow(): number;
  consumer: ConsumerItem;
  /** What this deployment wants of the group. */
  terms: Terms;
}

/** `remember` is absent whenever it is not certain what the table holds. */
export interface ShardOutcome {
  result: ShardResult;
  remember: CachedShard | undefined;
}
