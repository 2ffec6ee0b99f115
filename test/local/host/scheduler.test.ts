import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../lib/runtime.ts';
import { type Scheduler, startScheduler } from '../../../local/host/scheduler.ts';

/** A clock that moves only when told. */
function createTestClock(): Clock & {
  advance(durationMs: number): Promise<void>;
  jump(durationMs: number): void;
} {
  let now = 1_000_000;
  let sleepers: { due: number; wake: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    now: () => now,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        sleepers.push({ due: now + durationMs, wake: resolve });
      }),
    jump: (durationMs) => {
      now += durationMs;
    },
    advance: async (durationMs) => {
      const end = now + durationMs;
      await settle();
      while (true) {
        const next = sleepers.toSorted((a, b) => a.due - b.due)[0];
        if (next === undefined || next.due > end) break;
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        now = Math.max(now, next.due);
        next.wake();
        await settle();
      }
      now = end;
    },
  };
}

describe('the scheduler', () => {
  const clock = createTestClock();
  let scheduler: Scheduler | undefined;
  const start = (slots: string[], invoke: (slot: string) => Promise<void>, more = {}): string[] => {
    const startedAtMs = clock.now();
    const ticks: string[] = [];
    scheduler = startScheduler({
      slots,
      intervalMs: 1_000,
      clock,
      invoke: (slot) => {
        ticks.push(`${slot}@${clock.now() - startedAtMs}`);
        return invoke(slot);
      },
      ...more,
    });
    return ticks;
  };
  afterEach(() => scheduler?.stop());

  it('ticks each slot once per interval, evenly staggered', async () => {
    const ticks = start(['a', 'b', 'c', 'd'], async () => {});
    await clock.advance(1_600);
    expect(ticks).toEqual(['a@0', 'b@250', 'c@500', 'd@750', 'a@1000', 'b@1250', 'c@1500']);
  });

  it('goes on after errors, and reports them', async () => {
    const onError = vi.fn();
    const failure = new Error('cannot fork');
    const ticks = start(['a'], () => Promise.reject(failure), { onError });
    await clock.advance(2_500);
    expect(ticks).toEqual(['a@0', 'a@1000', 'a@2000']);
    expect(onError.mock.calls).toEqual(Array(3).fill(['a', failure]));
  });

  it('waits for no tick', async () => {
    const ticks = start(['a'], () => new Promise<void>(() => {}));
    await clock.advance(2_200);
    expect(ticks).toEqual(['a@0', 'a@1000', 'a@2000']);
  });

  it('does not make up for the ticks that a sleeping machine missed', async () => {
    const ticks = start(['a'], async () => {});
    await clock.advance(100);
    clock.jump(10_000);
    await clock.advance(1_000);
    expect(ticks).toEqual(['a@0', 'a@10100', 'a@11000']);
  });

  it('starts no tick once it is stopped', async () => {
    const ticks = start(['a', 'b'], async () => {});
    await clock.advance(100);
    scheduler?.stop();
    await clock.advance(5_000);
    expect(ticks).toEqual(['a@0']);
  });
});
