/** Starts a run of each slot, once, spread over a part of the interval. */
import { ShardbeatError } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import { forEachParallel } from '../parallel.ts';
import type { Clock } from '../runtime.ts';

export interface Starting {
  /** Begins a run of the slot, and does not wait for it. Doing it twice does no harm: the slot is taken then. */
  start(slot: string, signal: AbortSignal): Promise<void>;
  clock: Clock;
  logger: Logger;
  /** Over how long the starts are spread. */
  spreadMs: number;
}

/** Requests at a time. Each takes some ten milliseconds. */
const PARALLEL_MAX = 32;
/** Between two tries of one slot; each has repeats of its own. */
const PAUSE_MS = 1_000;
/** Of those that could not be started, the names that are told. */
const SHOWN_MAX = 20;

/**
 * Starts the slots in their order, and tries again what may pass until the signal aborts. Answers with those that could not be started,
 * and tells of them, with what was in the way of the first. Never throws.
 */
export async function startSlots(
  slots: readonly string[],
  { start, clock, logger, spreadMs }: Starting,
  signal: AbortSignal,
): Promise<string[]> {
  const beganAt = clock.now();
  const failures: { slot: string; error: unknown }[] = [];
  await forEachParallel(slots.entries(), PARALLEL_MAX, async ([index, slot]) => {
    const waitMs = beganAt + (spreadMs * index) / slots.length - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => {});
    for (;;) {
      try {
        return await start(slot, signal);
      } catch (error) {
        const mayPass = error instanceof ShardbeatError && error.retriable;
        if (mayPass && !signal.aborted) await clock.sleep(PAUSE_MS, signal).catch(() => {});
        if (mayPass && !signal.aborted) continue;
        failures.push({ slot, error });
        return;
      }
    }
  });
  const failed = failures.map(({ slot }) => slot);
  if (failed.length > 0) {
    const shown = failed.slice(0, SHOWN_MAX);
    logger.error('slots.notStarted', { count: failed.length, slots: shown, error: failures[0]!.error });
  }
  return failed;
}
