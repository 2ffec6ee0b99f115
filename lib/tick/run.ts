import type { Process } from '../delivery/process.ts';
import type { ConsumerItem } from '../group/items.ts';
import type { Strategy } from '../group/planner.ts';
import type { GroupStore } from '../group/store.ts';
import type { Logger } from '../observe/logger.ts';
import type { Clock, Random } from '../runtime.ts';
import type { ProviderGroup } from '../sources/providerGroup.ts';
import type { Position, Source } from '../sources/source.ts';
import type { Times } from '../times.ts';
import type { Budget } from './budget.ts';
import type { CachedShard, TickCache } from './cache.ts';
import type { ShardResult } from './result.ts';

export interface TickDependencies {
  store: GroupStore;
  source: Source;
  /** Where the service assigns the shards; absent where our own planner does. */
  provider?: ProviderGroup | undefined;
  process: Process;
  clock: Clock;
  /** What to add to our clock to have the time of the group's table, as far as that is known. */
  skewMs?: () => number;
  random: Random;
  logger: Logger;
  /** By slot; lives as long as the sandbox. */
  caches: Map<string, TickCache>;
}

export interface TickSettings {
  group: string;
  times: Times;
  /** Which stream, such as `sls://project/logstore`: a group never reads another one. */
  stream: string;
  start: Position;
  /** Shards are done once they are read up to here, milliseconds since 1970. Undefined: never. */
  endAt: number | undefined;
  /** Children of a split or merge wait until every parent is done. */
  order: boolean;
  /** Raise it to change the settings of a group that exists. */
  settingsVersion: number;
  strategy: Strategy;
  /** Where to go on when the service no longer has the cursor: it was past the retention. */
  onCursorExpired: 'earliest' | 'latest' | 'fail';
  /** Most batches of one shard in one tick; Infinity = as many as there is time for. */
  batchesMax: number;
  /** Most records (SLS: log groups) of one pull. */
  countMax: number;
  /** Least time between two pulls of one shard in a tick; 0: none. */
  pullIntervalMs: number;
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
  /** The group's time: our clock, corrected once at the start of the tick. Whatever is compared between hosts uses it. */
  groupNow(): number;
  consumer: ConsumerItem;
  /** The checkpoints of the service's own group, asked for at most once a tick. Empty where our planner assigns. */
  providerCheckpoints(): Promise<ReadonlyMap<string, string>>;
}

/** `remember` is absent whenever it is not certain what the table holds. */
export interface ShardOutcome {
  result: ShardResult;
  remember: CachedShard | undefined;
}
