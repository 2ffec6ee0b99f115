import type { Clock, Random } from '../../lib/runtime.ts';

export interface ManualClock extends Clock {
  /** Moves time on and wakes whoever slept until then. */
  advance(durationMs: number): void;
}

/** A clock that stands until the test moves it. */
export function createManualClock(startAt = 1_763_700_000_000): ManualClock {
  let time = startAt;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  return {
    now: () => time,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const sleeper = { at: time + durationMs, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      }),
    advance(durationMs) {
      time += durationMs;
      for (const sleeper of [...sleepers]) {
        if (sleeper.at > time) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}

/** Chance without chance: 0.5, and nonces that count. */
export function createCountingRandom(): Random {
  let nonces = 0;
  return { next: () => 0.5, nonce: () => `nonce-${nonces++}` };
}
