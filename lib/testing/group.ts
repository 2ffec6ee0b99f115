import { type OpenGroup, operate } from '../compose/openGroup.ts';
import { describeOwn } from '../compose/ownSource.ts';
import type { Environment } from '../config/rules.ts';
import { readSettings } from '../config/settings.ts';
import { createMemoryDeadLetters } from '../delivery/deadLetters/memory.ts';
import { createLifecycle } from '../delivery/lifecycle.ts';
import { userFunctionsOf } from '../delivery/userFunctions.ts';
import type { UserModule } from '../delivery/userModule.ts';
import type { ItemWrite } from '../group/itemWrite.ts';
import { createMemoryStore } from '../group/stores/memory.ts';
import { createLogger, type Fields } from '../observe/logger.ts';
import { replayPartition } from '../replay/replay.ts';
import { systemRandom as random, systemClock } from '../runtime.ts';
import type { Source } from '../sources/source.ts';
import type { TickCache } from '../tick/cache.ts';
import { ownCoordination } from '../tick/coordination/own.ts';
import type { TickResult } from '../tick/result.ts';
import { tick } from '../tick/tick.ts';

/** What a group in memory reads, and by which settings. */
export interface TestGroupOptions {
  source: Source;
  /** Settings other than the usual ones, such as `SHARDBEAT_BATCHES_MAX`. */
  environment?: Environment;
}

/** A group in this process's memory. Its only slot is `consumer-0`, unless others tick. */
export interface TestGroup {
  /** An interval passes, and the slot ticks, as its function would. */
  tick(slot?: string): Promise<TickResult>;
  /** What an operator may do to it. */
  operations: OpenGroup;
  /** What the function has returned to be written, of batches that are done. */
  written: readonly ItemWrite[];
  /** What was logged, in order: level, event and fields. */
  logged: readonly Fields[];
}

const SETTINGS = { SHARDBEAT_GROUP: 'test', SHARDBEAT_TABLE: 'memory', SHARDBEAT_INTERVAL: '1m' };
/** A group makes its first plan one interval after its first tick. */
const TICKS_TO_BEGIN = 2;

/**
 * A group over `source`, to see what the user's function does with its records: everything as it is deployed, but for the table, which
 * is in memory, and for the time between two ticks, which nobody waits for. Its slot has been given its shards when this
 * resolves; records are delivered from the next `tick` on.
 */
export async function startTestGroup(module: UserModule, options: TestGroupOptions): Promise<TestGroup> {
  const { source, environment } = options;
  const settings = readSettings({ ...SETTINGS, ...environment }, { own: describeOwn(source) });
  const { deliver, ...shardFunctions } = userFunctionsOf(module, settings.delivery);
  const { intervalMs, functionTimeoutMs } = settings.times;
  let passedMs = 0;
  const clock = { ...systemClock, now: () => Date.now() + passedMs };
  const written: ItemWrite[] = [];
  const apply = (along: readonly ItemWrite[]): undefined => void written.push(...along);
  const store = createMemoryStore(new Map(), settings.group, apply);
  const logged: Fields[] = [];
  const write = (line: string): void => {
    const { time: _time, ...fields } = JSON.parse(line);
    logged.push(fields);
  };
  const logger = createLogger({ level: 'debug', write, now: clock.now });
  const { lettersMax } = settings.deadLetters;
  const lettersOf = () => createMemoryDeadLetters({ letters: new Map(), lettersMax, now: clock.now });
  const deadLetters = lettersOf();
  const dependencies = {
    store,
    source,
    coordination: ownCoordination,
    deliver,
    lifecycle: createLifecycle(shardFunctions),
    deadLetters,
    clock,
    random,
    logger,
    caches: new Map<string, TickCache>(),
    endedRuns: new Set<string>(),
  };
  const tickOf = (slot = 'consumer-0'): Promise<TickResult> => {
    passedMs += intervalMs;
    return tick(dependencies, settings, { slot, deadline: clock.now() + functionTimeoutMs });
  };
  for (let count = 0; count < TICKS_TO_BEGIN; count++) await tickOf();
  const replayTable = {
    store: createMemoryStore(new Map(), replayPartition(settings.group), apply),
    letters: lettersOf(),
    dropLetters: async () => {},
  };
  const operations = operate({ ...dependencies, group: settings.group, replayTable, settings });
  return { tick: tickOf, operations, written, logged };
}
