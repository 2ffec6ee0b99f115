import { planEvenly } from '../../lib/group/planner.ts';
import type { Planning } from '../../lib/group/planning.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createMemorySource } from './memorySource.ts';

export interface LoggedEvent {
  event: string;
  level: string;
  [field: string]: unknown;
}

/** What a plan is made with, at a moment and over a table that the test prepares; what it tells goes into `events`. */
export function planningOf(
  store: GroupStore,
  now: number,
  shards: readonly string[],
  events: LoggedEvent[] = [],
): Planning {
  return {
    store,
    stream: createMemorySource(shards),
    now,
    planner: 'mine',
    deadline: now + 48_000,
    times: deriveTimes(60_000),
    asking: new AbortController().signal,
    order: true,
    start: { at: 'begin' },
    endAt: undefined,
    strategy: planEvenly,
    assigns: true,
    logger: createLogger({ level: 'info', now: () => now, write: (line) => events.push(JSON.parse(line)) }),
  };
}
