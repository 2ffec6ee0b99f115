import type { Clock } from '../../lib/runtime.ts';

export interface SchedulerOptions {
  slots: readonly string[];
  intervalMs: number;
  clock: Clock;
  /** Runs one tick of `slot`. */
  invoke(slot: string): Promise<void>;
  onError?(slot: string, error: unknown): void;
}

export interface Scheduler {
  /** No tick starts any more; those that run are left alone. */
  stop(): void;
}

/**
 * Ticks every slot once per interval, slot k at k·interval/N, whatever comes of it, until it is stopped. After a pause of
 * the whole machine it goes on with the next tick that is due, and makes up for none.
 */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const { slots, intervalMs, clock } = options;
  const stopped = new AbortController();
  const startedAtMs = clock.now();

  async function run(slot: string, phaseMs: number): Promise<void> {
    let dueMs = startedAtMs + phaseMs;
    while (true) {
      await clock.sleep(Math.max(0, dueMs - clock.now()), stopped.signal);
      void tick(slot);
      dueMs = nextDue(dueMs, clock.now(), intervalMs);
    }
  }

  async function tick(slot: string): Promise<void> {
    try {
      await options.invoke(slot);
    } catch (error) {
      options.onError?.(slot, error);
    }
  }

  for (const [index, slot] of slots.entries()) {
    // Only the stop ends a slot's loop: by rejecting its sleep.
    run(slot, (index * intervalMs) / slots.length).catch((error: unknown) => {
      if (!stopped.signal.aborted) options.onError?.(slot, error);
    });
  }
  return { stop: () => stopped.abort() };
}

/** The first time after `nowMs` that lies a whole number of intervals after `dueMs`. */
function nextDue(dueMs: number, nowMs: number, intervalMs: number): number {
  const missed = Math.max(0, Math.floor((nowMs - dueMs) / intervalMs));
  return dueMs + (missed + 1) * intervalMs;
}
