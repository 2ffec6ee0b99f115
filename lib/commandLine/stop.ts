/** How a command is stopped from outside. */

export const EXIT_INTERRUPTED = 130;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborts at the first signal, such as that of Ctrl-C. One that comes when it has been aborted does not wait for anything. */
export function stopOnSignals(): AbortController {
  const stop = new AbortController();
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(EXIT_INTERRUPTED);
      stop.abort(stoppedBy(signal));
    });
  }
  return stop;
}

export const stoppedBy = (signal: string): Error => new Error(`stopped by ${signal}`);

export const isStop = (error: unknown): boolean =>
  error instanceof Error && /^stopped by SIG/.test(error.message);
