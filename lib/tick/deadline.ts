import type { Logger } from '../observe/logger.ts';
import type { Clock } from '../runtime.ts';
import type { Times } from '../times.ts';

/** What the platform counts in, and some time that passed before it was asked. */
const PRECISION_MS = 100;

/**
 * Tells each run's deadline by what the platform says is left of it. Warns, once in a sandbox, where that does not fit the function
 * timeout that the settings say.
 *
 * A longer timeout is not used: the group was told that a run is over after the configured one, and refuses the next tick until
 * then. All of a tick ends by itself at its deadline; only code of the user's that blocks the process may run on, and the fences hold
 * what it does.
 */
export function createDeadlines(
  { functionTimeoutMs, reserveMs }: Times,
  { clock, logger }: { clock: Pick<Clock, 'now'>; logger: Logger },
): (remainingMs: number) => number {
  let isTold = false;
  return (remainingMs) => {
    const remedy = remedyFor(remainingMs, functionTimeoutMs, reserveMs);
    if (remedy !== undefined && !isTold) {
      isTold = true;
      logger.warn('timeout.mismatch', { remainingMs, functionTimeoutMs, remedy });
    }
    return clock.now() + Math.min(remainingMs, functionTimeoutMs);
  };
}

function remedyFor(remainingMs: number, functionTimeoutMs: number, reserveMs: number): string | undefined {
  if (remainingMs > functionTimeoutMs + PRECISION_MS) {
    return 'the function has more time than SHARDBEAT_FUNCTION_TIMEOUT says, and does not use it: set both alike, under the interval';
  }
  if (remainingMs < 2 * reserveMs) {
    return "the function has hardly more time than is kept free at a tick's end, and may read nothing: set its timeout to SHARDBEAT_FUNCTION_TIMEOUT";
  }
  return undefined;
}
