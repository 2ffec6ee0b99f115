import type { Clock } from '../../lib/runtime.ts';
import type { Faults } from '../faults/faults.ts';
import type { HostFault } from '../faults/list.ts';
import type { Invocation } from './invocation.ts';
import type { Pool } from './pool.ts';
import type { Sandbox } from './sandbox.ts';

export interface PlatformOptions {
  intervalMs: number;
  /** When a run is killed, counted from its start. */
  timeoutMs: number;
  clock: Clock;
  faults: Faults<HostFault>;
  /** Nothing starts any more once it aborts. */
  signal: AbortSignal;
  poolOf(slot: string): Pool;
  /**
   * A tick does not take place, because the one before still runs: on a machine that is late, more of them would only make each other later.
   */
  onSkipped(slot: string): void;
  /** Runs the slot in that sandbox. */
  run(slot: string, sandbox: Sandbox): Promise<Invocation>;
}

/** Lambda's own, of an event that nobody waits for: after a minute and after two, which are as many intervals here. */
const RETRIES_MAX = 2;
/** Of an interval: how long a run may stand still. */
const STALL_INTERVALS_MAX = 1.5;

/**
 * What becomes of a tick that the schedule has due, on a platform as it may be on a bad day: it comes late, twice or never, is refused and
 * repeated, gets a sandbox that is warm or new, and dies or stands still in the middle. Resolves when nothing of it is left.
 */
export function createPlatform(options: PlatformOptions): (slot: string) => Promise<void> {
  const { intervalMs, timeoutMs, clock, faults, signal, poolOf } = options;
  const part = (name: HostFault, ofMs: number): number => faults.dice(name).next() * ofMs;

  async function due(slot: string): Promise<void> {
    if (faults.happens('missing')) return;
    if (faults.happens('late')) await clock.sleep(part('late', intervalMs), signal);
    const twin = faults.happens('overlap')
      ? clock.sleep(part('overlap', timeoutMs), signal).then(() => deliver(slot, true))
      : undefined;
    await Promise.all([deliver(slot), twin]);
  }

  async function deliver(slot: string, isTwin = false): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      if (!isTwin && poolOf(slot).isBusy()) return options.onSkipped(slot);
      const succeeded = !faults.happens('invocationThrottled') && (await runOnce(slot));
      if (succeeded || attempt > RETRIES_MAX || !faults.happens('retry')) return;
      await clock.sleep(attempt * intervalMs, signal);
    }
  }

  async function runOnce(slot: string): Promise<boolean> {
    const pool = poolOf(slot);
    const sandbox = pool.take(faults.happens('scatter'));
    const over = new AbortController();
    const disturbed = disturb(sandbox, over.signal).catch(() => {});
    const { outcome } = await options.run(slot, sandbox);
    over.abort();
    await disturbed;
    await pool.giveBack(sandbox, faults.happens('thrownAway'));
    return outcome === 'answered';
  }

  async function disturb(sandbox: Sandbox, over: AbortSignal): Promise<void> {
    if (faults.happens('crash')) {
      // Most runs are short; one that is over by then dies in its sleep.
      await clock.sleep(faults.dice('crash').next() ** 3 * timeoutMs, over).catch(() => {});
      sandbox.send('SIGKILL');
    } else if (faults.happens('stall')) {
      await clock.sleep(faults.dice('stall').next() ** 3 * timeoutMs, over);
      sandbox.send('SIGSTOP');
      await clock.sleep(part('stall', STALL_INTERVALS_MAX * intervalMs), over);
      sandbox.send('SIGCONT');
    }
  }

  return (slot) =>
    due(slot).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
}
