import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../../lib/runtime.ts';

/** A time in 2026 that is a whole second. */
export const START_MS = 1_780_000_000_000;
export const START_SEC = START_MS / 1000;

export interface ManualClock extends Clock {
  advance(durationMs: number): void;
}

/** Time that passes only when a test says so, or sleeps. */
export function manualClock(startMs = START_MS): ManualClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    sleep: async (durationMs) => {
      nowMs += durationMs;
    },
    advance: (durationMs) => {
      nowMs += durationMs;
    },
  };
}

/** A directory that is not there yet, and gone when the test ends. */
export function newDirectory(): string {
  const parent = mkdtempSync(join(tmpdir(), 'service-test-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, 'data');
}
