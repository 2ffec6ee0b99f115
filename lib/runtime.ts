/**
 * What the outside world gives the library: time and chance. Injected everywhere, so that a test or a
 * simulation can run any schedule under a clock of its own.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May be wrong, may jump. */
  now(): number;
  /** Resolves after `durationMs`; rejects with the signal's reason as soon as it aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A string that no other call ever returned. */
  nonce(): string;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, durationMs);
      signal?.addEventListener('abort', stop, { once: true });
    }),
};

export const systemRandom: Random = {
  next: () => Math.random(),
  nonce: () => globalThis.crypto.randomUUID(),
};
