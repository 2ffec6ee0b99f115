import type { Clock, Random } from '../runtime.ts';

export interface Retries {
  clock: Clock;
  random: Random;
  signal: AbortSignal;
  backoff: Backoff;
}

/** The n-th wait is drawn evenly from 0 to `firstMs` times 2ⁿ⁻¹, at most `mostMs` ("full jitter"). */
export interface Backoff {
  firstMs: number;
  mostMs: number;
}

/**
 * Runs `attempt` until it succeeds, or has failed as often as `attemptsMaxAfter` grants for its last error (0 or 1: never
 * again); then that error is thrown. Rejects with the signal's reason as soon as it aborts between attempts.
 */
export async function retrying<T>(
  { clock, random, signal, backoff }: Retries,
  attemptsMaxAfter: (error: unknown) => number,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (attempts >= attemptsMaxAfter(error)) throw error;
    }
    const spreadMs = Math.min(backoff.mostMs, backoff.firstMs * 2 ** (attempts - 1));
    await clock.sleep(random.next() * spreadMs, signal);
  }
}

/**
 * Runs `work` for at most `timeoutMs`. The signal that `work` gets aborts with the given one, or with `timeoutError()`
 * once the time is over; the promise then rejects at once with the same reason, whether `work` listens or not.
 */
export async function withTimeout<T>(
  { clock, signal, timeoutMs }: { clock: Clock; signal: AbortSignal; timeoutMs: number },
  timeoutError: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const attempt = new AbortController();
  const timer = new AbortController();
  const stopped = new Promise<never>((_resolve, reject) => {
    attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason), { once: true });
  });
  const onAbort = (): void => attempt.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  clock.sleep(timeoutMs, timer.signal).then(
    () => attempt.abort(timeoutError()),
    () => undefined,
  );
  try {
    return await Promise.race([work(attempt.signal), stopped]);
  } finally {
    timer.abort();
    signal.removeEventListener('abort', onAbort);
  }
}
