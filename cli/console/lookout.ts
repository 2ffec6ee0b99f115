/** Looks at a group again and again, as long as somebody wants to know, and tells what has changed. */
import { distanceIn } from '../../lib/distance.ts';
import type { OpenGroup } from '../../lib/operations.ts';
import type { Clock } from '../../lib/runtime.ts';
import { askedService, lookAt, type ServiceAnswer } from '../look.ts';
import type { Target } from '../target.ts';
import type { Change, Changes, History, Now } from './feed.ts';
import { NOTHING_OBSERVED, type Observed, observe, observeFailure } from './observer.ts';

export interface LookoutOptions {
  readonly target: Pick<Target, 'group' | 'place' | 'asks'>;
  readonly group: OpenGroup;
  readonly everyMs: number;
  /** Looks even while nobody listens, so that whoever comes later sees what was before. */
  readonly keepsLooking: boolean;
  /** The log service is never asked. */
  readonly tableOnly?: boolean | undefined;
  readonly retentionMs?: number | undefined;
  /** How many records a local run has processed so far. */
  readonly records?: (() => number) | undefined;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly signal: AbortSignal;
  /** What to say of a look that has failed. */
  sayOf(error: unknown): string;
}

export interface Lookout {
  /** All that has been learnt so far. */
  known(): Now & { readonly history: History };
  /** Tells what changes from now on. */
  listen(listener: (change: Change) => void): Disposable;
  /** Somebody has changed something, and wants to see it. */
  lookSoon(): void;
  /** Settles when the signal has aborted and no look is under way. */
  readonly ended: Promise<void>;
}

/** A look that comes later than after so many periods has missed something. */
const GAP_PERIODS = 3;
const GAP_MS_MIN = 5_000;

export function createLookout(options: LookoutOptions): Lookout {
  const { target, group, everyMs, keepsLooking, records, clock, signal, sayOf } = options;
  const listeners = new Set<(change: Change) => void>();
  const waiting = createBell(signal);
  const service = createServiceAsker(options, () => waiting.ring());
  let observed: Observed = NOTHING_OBSERVED;

  const learn = ({ observed: next, changes }: { observed: Observed; changes: Changes }): void => {
    observed = next;
    const change = { ...nowOf(observed), changes };
    for (const listener of listeners) listener(change);
  };
  const look = async (): Promise<void> => {
    const now = clock.now();
    try {
      const seen = await lookAt(target, group, { now, signal, askService: false });
      const { intervalMs = 0 } = seen.description.group?.settings ?? {};
      const { lag, missing } = service.latest(now, intervalMs, seen.description.status !== 'absent');
      const gapMs = Math.max(GAP_MS_MIN, GAP_PERIODS * everyMs);
      const all = { ...seen, lag, missing: [...seen.missing, ...missing] };
      learn(observe(observed, all, { gapMs, distanceIn, records: records?.() }));
    } catch (error) {
      if (!signal.aborted) learn(observeFailure(observed, sayOf(error), clock.now()));
    }
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      while (!keepsLooking && listeners.size === 0 && !signal.aborted) await waiting.heard();
      if (signal.aborted) return;
      await look();
      await waiting.heard(everyMs, clock);
    }
  };
  return {
    known: () => ({ ...nowOf(observed), history: observed.history }),
    listen: (listener) => {
      listeners.add(listener);
      if (listeners.size === 1 && !keepsLooking) waiting.ring();
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    lookSoon: () => waiting.ring(),
    ended: run(),
  };
}

const nowOf = ({ state, failure }: Observed): Now => ({
  ...(state !== undefined && { state }),
  ...(failure !== undefined && { failure }),
});

/** Somebody waits until it rings. What rings while nobody waits is heard by whoever waits next. */
function createBell(signal: AbortSignal) {
  let hear: (() => void) | undefined;
  let hasRung = false;
  const ring = (): void => {
    hasRung = true;
    hear?.();
  };
  signal.addEventListener('abort', ring, { once: true });
  return {
    ring,
    /** Or until the time is over. */
    async heard(durationMs?: number, clock?: Pick<Clock, 'sleep'>): Promise<void> {
      const over = new AbortController();
      const slept = durationMs === undefined ? NEVER : clock!.sleep(durationMs, over.signal).catch(() => {});
      const rung = new Promise<void>((resolve) => {
        hear = resolve;
        if (hasRung) resolve();
      });
      await Promise.race([slept, rung]);
      over.abort();
      hear = undefined;
      hasRung = false;
    },
  };
}

const NEVER = new Promise<void>(() => {});

/** The log service is asked beside the table, which has not to wait for it, and once in an interval of the group: that may cost a run of the function. */
function createServiceAsker(
  { target, group, tableOnly, retentionMs, signal }: LookoutOptions,
  onAnswer: () => void,
) {
  let askedAt = Number.NEGATIVE_INFINITY;
  let isAsking = false;
  let fresh: ServiceAnswer['lag'];
  let missing: readonly string[] = [];
  const ask = async (): Promise<void> => {
    isAsking = true;
    try {
      ({ lag: fresh, missing } = await askedService(target, group, { signal, retentionMs }));
      if (fresh !== undefined) onAnswer();
    } catch {
      // It was told to stop.
    } finally {
      isAsking = false;
    }
  };
  return {
    /** What it has told since it was looked at last; asks it again when that is due. */
    latest(now: number, intervalMs: number, isThere: boolean): ServiceAnswer {
      const isDue = tableOnly !== true && isThere && !isAsking && now - askedAt >= intervalMs;
      const answer = { lag: fresh, missing };
      fresh = undefined;
      if (isDue) {
        askedAt = now;
        void ask();
      }
      return answer;
    },
  };
}
