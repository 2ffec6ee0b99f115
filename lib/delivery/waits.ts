/** How long what has failed waits before it is tried again: never the same for all. */
import type { Pending } from '../group/pending.ts';

const LONGEST_WAIT_INTERVALS = 8;
const LONGEST_WAIT_MS = 15 * 60_000;

export interface WaitRules {
  intervalMs: number;
  /** Uniform in [0, 1). */
  random(): number;
}

/** From when on it failed. */
interface Since {
  at: number;
}

export function longestWaitMs(intervalMs: number): number {
  return Math.min(LONGEST_WAIT_INTERVALS * intervalMs, Math.max(intervalMs, LONGEST_WAIT_MS));
}

/** A quarter to half of an interval at first, so that the next tick mostly has it; twice as long each time; never the same for all. */
export function waitUntil(attempts: number, { at }: Since, { intervalMs, random }: WaitRules): number {
  const grownMs = Math.min(intervalMs * 2 ** (attempts - 2), longestWaitMs(intervalMs));
  return Math.round(at + grownMs * (0.5 + random() / 2));
}

/** Whether it is not to be tried yet. A longer wait than any was noted for another interval. */
export function mustWait(
  { notBefore }: Pick<Pending, 'notBefore'>,
  now: number,
  intervalMs: number,
): boolean {
  return notBefore !== undefined && notBefore > now && notBefore <= now + longestWaitMs(intervalMs);
}

export function waitLongest({ at }: Since, { intervalMs, random }: WaitRules): number {
  return Math.round(at + longestWaitMs(intervalMs) * (0.5 + random() / 2));
}
