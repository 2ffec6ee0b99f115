import type { Metric } from './metricNames.ts';

/**
 * What a tick's line has beside its metrics: requests to the log service that were answered, and the bytes that were transferred. Only
 * a bill asks for them, and each metric has a price.
 */
export type Field = 'sourceRequests' | 'sourceBytes';

/** What is counted where it happens, because no result tells it afterwards. */
export type Counter =
  | Field
  | Extract<
      Metric,
      | 'coldStarts'
      | 'attempts'
      | 'failedBatches'
      | 'timedOutBatches'
      | 'diedBatches'
      | 'outageShards'
      | 'handOffs'
      | 'pullMs'
      | 'pullAheadMs'
      | 'shortPulls'
      | 'userMs'
      | 'commitMs'
      | 'sourceFailures'
      | 'sourceThrottles'
      | 'tableFailures'
      | 'tableThrottles'
      | 'refusedConditions'
      | 'readUnits'
      | 'writeUnits'
    >;

export type Counted = Readonly<Partial<Record<Counter, number>>>;

/**
 * The counters of a sandbox, which does one thing at a time: what was counted since the last `take` is that of one tick, and of what an
 * operator had it do before that.
 */
export interface Meter {
  add(counter: Counter, amount?: number): void;
  /** Counts how long the work takes, whatever becomes of it. */
  timed<T>(counter: Counter, work: () => Promise<T>): Promise<T>;
  /** What was counted since the last time. */
  take(): Counted;
}

export function createMeter(clock: { now(): number }): Meter {
  let counted: Partial<Record<Counter, number>> = {};
  const add = (counter: Counter, amount = 1): void => {
    counted[counter] = (counted[counter] ?? 0) + amount;
  };
  return {
    add,
    async timed(counter, work) {
      const startedAt = clock.now();
      try {
        return await work();
      } finally {
        // A clock that is set back meanwhile measures nothing.
        add(counter, Math.max(0, clock.now() - startedAt));
      }
    },
    take() {
      const taken = counted;
      counted = {};
      return taken;
    },
  };
}
