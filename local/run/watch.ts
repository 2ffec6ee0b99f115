import { formatDuration } from '../../lib/duration.ts';
import { createPatience, shardsBehind } from './finish.ts';
import type { ProofTotals } from './proof.ts';
import { number } from './view.ts';

export interface WatchOptions {
  /** End when everything is consumed, or nothing goes on any more. */
  once: boolean;
  intervalMs: number;
  /** A shard's id as a person reads it. */
  shardName(shard: string): string;
  /** Ends the run from outside. */
  signal: AbortSignal;
  /** Told once, when everything is consumed and the run goes on all the same. */
  onIdle(): void;
}

/** Decides when a run is over, and why. */
export interface Watch {
  /** Aborted when the run is over. */
  over: AbortSignal;
  /** Ends the run. */
  end(): void;
  /** The run cannot go on. The first error counts. */
  fail(error: unknown): void;
  /** Why something did not work that will be tried again: told if it never does. */
  note(failure: string): void;
  /** Every line is in the stream. */
  productionEnded(): void;
  look(nowMs: number, totals: ProofTotals, ends: Cursors, committed: ReadonlyMap<string, string>): void;
  /** What ended it, other than being finished. Throws the error of `fail`. */
  verdict(): { interrupted: boolean; problem: string | undefined };
}

type Cursors = Readonly<Record<string, string>>;

const STUCK_INTERVALS = 30;

export function createWatch({ once, intervalMs, shardName, signal, onIdle }: WatchOptions): Watch {
  const over = new AbortController();
  const stuckMs = STUCK_INTERVALS * intervalMs;
  const isStuck = createPatience(stuckMs);
  let failure: { error: unknown } | undefined;
  let problem: string | undefined;
  let latestFailure: string | undefined;
  let ended = false;
  let finished = false;

  const lookOnce: Watch['look'] = (nowMs, totals, ends, committed) => {
    const behind = shardsBehind(ends, committed);
    if (ended && behind.length === 0) {
      if (!finished && !once) onIdle();
      finished = true;
      if (once) over.abort();
      return;
    }
    finished = false;
    const waiting = !ended && totals.lost === 0;
    const progress = `${totals.produced} ${totals.processed} ${[...committed.values()].join(' ')}`;
    if (!isStuck(nowMs, waiting ? undefined : progress) || !once) return;
    problem = `Nothing went on for ${formatDuration(stuckMs)}: ${number(totals.lost)} records are not consumed, in shards ${behind.map(shardName).join(', ')}. The last error: ${latestFailure ?? 'none was told'}`;
    over.abort();
  };

  const stop = (): void => over.abort();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return {
    over: over.signal,
    end: stop,
    fail: (error) => {
      if (!over.signal.aborted) failure ??= { error };
      over.abort();
    },
    note: (text) => {
      latestFailure = text;
    },
    productionEnded: () => {
      ended = true;
    },
    look: (...now) => {
      if (!over.signal.aborted) lookOnce(...now);
    },
    verdict: () => {
      signal.removeEventListener('abort', stop);
      if (failure !== undefined) throw failure.error;
      return { interrupted: !finished && problem === undefined, problem };
    },
  };
}
