import type { ManualClock } from './clock.ts';

/** Moves time on in small steps, in which everything that is woken comes to rest, until `until` or what is waited for is over. */
export async function letTimePass<T>(
  clock: ManualClock,
  waited: Promise<T>,
  { durationMs = 600_000, stepMs = 50 }: { durationMs?: number; stepMs?: number } = {},
): Promise<T | undefined> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  waited.then(settle, settle);
  for (let passed = 0; passed < durationMs; passed += stepMs) {
    for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    if (settled) return waited;
    clock.advance(stepMs);
  }
  return undefined;
}
