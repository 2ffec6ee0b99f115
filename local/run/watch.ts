import { formatDuration } from '../../lib/duration.ts';
import { createPatience, shardsBehind } from './finish.ts';
import type { ProofTotals } from './proof.ts';
import type { Troubles } from './troubles.ts';
import { counted } from './view.ts';

export interface WatchOptions {
  /** End when everything is consumed, or nothing goes on any more. */
  once: boolean;
  intervalMs: number;
  /** A shard's id as a person reads it. */
  shardName(shard: string): string;
  troubles: Pick<Troubles, 'of' | 'stuckRecords'>;
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

/**
 * How long nothing may be processed or given up before a run that ends by itself ends. A record that fails as often as is allowed, with
 * the waits that grow in between, takes some ten intervals; the next one in a row, five times the longest wait, which is eight; and there
 * must be time for the one after it.
 */
const STUCK_INTERVALS = 50;
/** Each further one in a row is given that time, if anything ever succeeded; so many, for it may be that nothing does any more. */
const STUCK_RECORDS_MAX = 10;
const SHARDS_TOLD_MAX = 10;

export function createWatch(options: WatchOptions): Watch {
  const { once, intervalMs, troubles, signal, onIdle } = options;
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
    // Not how often a batch came again: that may go on for ever.
    const { produced, distinct, deadLetters } = totals;
    const stuck = behind.map((shard) => Math.min(STUCK_RECORDS_MAX, troubles.stuckRecords(shard)));
    const progress = [
      produced,
      distinct,
      deadLetters,
      ...committed.values(),
      ...(distinct > 0 ? stuck : []),
    ].join(' ');
    if (!isStuck(nowMs, waiting ? undefined : progress) || !once) return;
    const left = `${counted(totals.lost, 'record')} ${totals.lost === 1 ? 'is' : 'are'} left`;
    const first = `Nothing was processed or given up for ${formatDuration(stuckMs)}, and ${left}.`;
    const told = behind.every((shard) => troubles.of(shard) !== undefined);
    const last = told ? [] : [`The last error: ${latestFailure ?? 'none was told'}`];
    problem = [first, ...linesOf(behind, options), ...last].join('\n');
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

/** What each of the shards that are behind waits for. */
function linesOf(behind: readonly string[], { shardName, troubles }: WatchOptions): string[] {
  const told = behind.slice(0, SHARDS_TOLD_MAX).map((shard) => {
    const trouble = troubles.of(shard) ?? 'is not read up, and nothing was told of it';
    return `Shard ${shardName(shard)} ${trouble}.`;
  });
  const more = behind.length - told.length;
  return more > 0 ? [...told, `And ${more} shards more.`] : told;
}
