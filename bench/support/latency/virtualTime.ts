import type { Clock } from '../../../lib/runtime.ts';
import { createDice } from '../../../local/faults/dice.ts';
import { createScheduler } from '../../../test/simulation/scheduler.ts';

/** A clock whose time passes as fast as whoever goes by it lets it, and what is to happen by it. */
export function createVirtualTime(startsAt: number, seed: string) {
  const scheduler = createScheduler(startsAt, createDice(seed));
  const clock: Clock = {
    now: scheduler.now,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(signal?.reason);
        if (signal?.aborted) {
          stop();
          return;
        }
        signal?.addEventListener('abort', stop, { once: true });
        scheduler.after(durationMs, () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        });
      }),
  };
  return {
    clock,
    after: scheduler.after,
    run: (until: number) => scheduler.run(until, () => false),
  };
}
