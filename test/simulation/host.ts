import type { Clock } from '../../lib/runtime.ts';
import type { TickCache } from '../../lib/tick/cache.ts';
import type { Scheduler } from './scheduler.ts';

/** One sandbox of the platform: runs one tick at a time, is frozen in between, keeps its memory until it dies. */
export interface Sandbox {
  readonly name: string;
  readonly caches: Map<string, TickCache>;
  readonly endedRuns: Set<string>;
  readonly clock: Clock;
  state: 'running' | 'frozen' | 'dead';
  /** How far its clock is from the true time. */
  offsetMs: number;
  /** How far the code inside believes it to be from the table's time, with the other sign. */
  skewMs: number;
  /** Lets something reach the code inside: now, at the thaw, or never. */
  deliver(action: () => void): void;
  freeze(): void;
  /** What arrived meanwhile comes within a moment, mixed with whatever starts now. */
  thaw(): void;
  /** Its code goes round in a circle: nothing in it gets a turn any more, until it is killed. */
  loop(): void;
  die(): void;
}

const THAW_MS_MAX = 40;

export function createSandbox(name: string, offsetMs: number, scheduler: Scheduler): Sandbox {
  let arrived: (() => void)[] = [];
  let loops = false;
  const sandbox: Sandbox = {
    name,
    caches: new Map(),
    endedRuns: new Set(),
    state: 'frozen',
    offsetMs,
    skewMs: 0,
    deliver(action) {
      if (sandbox.state === 'running') action();
      else if (sandbox.state === 'frozen') arrived.push(action);
    },
    freeze() {
      if (sandbox.state === 'running') sandbox.state = 'frozen';
    },
    thaw() {
      if (loops) return;
      sandbox.state = 'running';
      const late = arrived;
      arrived = [];
      late.forEach((action, index) => {
        const delayMs = ((index + 1) * THAW_MS_MAX) / late.length;
        scheduler.after(delayMs, () => sandbox.deliver(action));
      });
    },
    loop() {
      loops = true;
      sandbox.state = 'frozen';
    },
    die() {
      sandbox.state = 'dead';
      arrived = [];
    },
    clock: {
      now: () => Math.round(scheduler.now() + sandbox.offsetMs),
      sleep: (durationMs, signal) => sleep(scheduler, sandbox, durationMs, signal),
    },
  };
  return sandbox;
}

/** Timers go by a monotonic clock: a jump of the wall clock does not move them. */
export function sleep(
  scheduler: Scheduler,
  sandbox: Sandbox,
  durationMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    scheduler.after(durationMs, () =>
      sandbox.deliver(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }),
    );
  });
}

export type Purpose =
  | 'tick'
  | 'redrive'
  | 'replay'
  | 'seek'
  | 'pause'
  | 'resume'
  | 'drain'
  | 'undrain'
  | 'remove'
  | 'delete';

/** Who sends a request: one run of the handler, or one command of an operator. */
export interface Actor {
  readonly name: string;
  /** Absent for an operator. */
  readonly slot: string | undefined;
  readonly purpose: Purpose;
  /** Of an operator who pauses or resumes one. */
  readonly shard?: string | undefined;
  readonly sandbox: Sandbox;
  readonly startedAt: number;
  /** It came to its end in time. */
  endedAt?: number;
  /** When it is killed. */
  readonly deadline: number;
  state: 'live' | 'ended' | 'dead';
  /** Its sandbox knows nothing of the slot: it begins cold. */
  readonly isNew?: boolean;
  /** How the user's function ended it. */
  killedBy?: 'exits' | 'loops';
  killedIn?: string;
  /** Requests that are neither answered nor aborted. */
  open: number;
  /** Those of them for whose answer nobody waits. */
  asides?: number;
}
