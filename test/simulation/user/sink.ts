import type { World } from '../world.ts';

/** What the user's function writes to. While it is down, nothing succeeds. */
export interface Sink {
  /** How that looks. Undefined: it is well. */
  trouble(): 'throws' | 'hangs' | undefined;
  cease(): void;
}

/** Longer than the longest wait between two attempts. */
const INTERVALS_MAX = 14;

export function startSink(world: World): Sink {
  const { scheduler, faults, scenario, trace } = world;
  const { intervalMs } = scenario.times;
  let until = 0;
  let how: 'throws' | 'hangs' = 'throws';
  let ceased = false;
  const step = (): void => {
    if (ceased) return;
    scheduler.after(intervalMs, step);
    if (!faults.happens('sinkDown')) return;
    const dice = faults.dice('sinkDown');
    until = scheduler.now() + dice.next() * INTERVALS_MAX * intervalMs;
    how = dice.chance(0.8) ? 'throws' : 'hangs';
    trace.add('sink', () => `is down for ${Math.round(until - scheduler.now())} ms, ${how}`);
  };
  scheduler.after(0, step);
  return {
    trouble: () => (until > scheduler.now() ? how : undefined),
    cease() {
      ceased = true;
      how = 'throws';
      until = scenario.habits.sinkStaysDown ? Number.POSITIVE_INFINITY : 0;
    },
  };
}
