import { afterEach, expect, it, vi } from 'vitest';
import { EXIT_INTERRUPTED, isStop, stopOnSignals } from '../../lib/commandLine/stop.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
/** Those that were added since, and no runner's own. */
const added = (signal: (typeof SIGNALS)[number]) =>
  process.listeners(signal).filter((listener) => !before.get(signal)!.includes(listener));
const send = (signal: (typeof SIGNALS)[number]): void => {
  for (const listener of added(signal)) listener(signal);
};
afterEach(() => {
  for (const signal of SIGNALS) for (const listener of added(signal)) process.off(signal, listener);
  vi.restoreAllMocks();
});

it.each(SIGNALS)('the first signal, %s, stops; a second one does not wait', (signal) => {
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
  const stop = stopOnSignals().signal;
  expect(stop.aborted).toBe(false);
  send(signal);
  expect(stop.reason.message).toBe(`stopped by ${signal}`);
  expect(isStop(stop.reason)).toBe(true);
  expect(exit).not.toHaveBeenCalled();
  send('SIGTERM');
  expect(exit.mock.calls).toEqual([[EXIT_INTERRUPTED]]);
});
