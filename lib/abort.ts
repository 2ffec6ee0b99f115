/** What `promise` comes to, or the signal's reason as soon as it aborts: for what does not listen to the signal itself. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** The signal that was given; without one, nothing aborts. */
export function signalOf({ signal }: { readonly signal?: AbortSignal | undefined } = {}): {
  signal: AbortSignal;
} {
  return { signal: signal ?? new AbortController().signal };
}
