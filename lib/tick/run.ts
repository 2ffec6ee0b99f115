import type { Times } from '../config/times.ts';
import type { Process } from '../delivery/process.ts';
import type { ConsumerItem } from '../group/items.ts';
import type { GroupStore } from '../group/store.ts';
import type { Logger } from '../observe/logger.ts';
import type { Clock, Random } from '../runtime.ts';
import type { Position, Source } from '../sources/source.ts';
import type { Budget } from './budget.ts';
import type { CachedShard, TickCache } from './cache.ts';
import type { ShardResult } from './result.ts';

export interface TickDependencies {
  store: GroupStore;
  source: Source;
  process: Process;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** By slot; lives as long as the sandbox. */
  caches: Map<string, TickCache>;
}

export interface TickSettings {
  group: string;
  times: Times;
  start: Position;
  /** Children of a split or merge wait until every parent is done. */
  order: boolean;
  /** Most batches of one shard in one tick; Infinity = as many as there is time for. */
  batchesMax: number;
  /** Most records (SLS: log groups) of one pull. */
  countMax: number;
  shardsParallelMax: number;
}

export interface Invocation {
  slot: string;
  /** When the platform kills this run, milliseconds since 1970. */
  deadline: number;
}

/** Everything one accepted tick works with. */
export interface TickRun extends TickDependencies {
  settings: TickSettings;
  slot: string;
  budget: Budget;
  consumer: ConsumerItem;
}

/** `remember` is absent whenever it is not certain what the table holds. */
export interface ShardOutcome {
  result: ShardResult;
  remember: CachedShard | undefined;
}
