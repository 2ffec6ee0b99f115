import type { Batch, EachBatch, FailedRecords } from '../../lib/delivery/userModule.ts';
import type { Random } from '../../lib/runtime.ts';
import { batchOf, contextOf, type TestContext } from '../../lib/testing.ts';
import { createManualClock, type ManualClock } from '../support/clock.ts';

export interface HastyClock extends ManualClock {
  /** What was waited for between two attempts, in order. */
  readonly waits: number[];
}

/** Longer than any wait between attempts; what waits longer is a limit, and passes only with the time. */
const WAIT_MS_MAX = 10_000;

/** A clock on which every wait between attempts is over at once, and has taken its time. */
export function createHastyClock(startAt?: number): HastyClock {
  const clock = createManualClock(startAt);
  const waits: number[] = [];
  return {
    ...clock,
    waits,
    sleep(durationMs, signal) {
      const sleeping = clock.sleep(durationMs, signal);
      if (durationMs < WAIT_MS_MAX) {
        waits.push(durationMs);
        queueMicrotask(() => clock.advance(durationMs));
      }
      return sleeping;
    },
  };
}

/** The longest wait that chance may give. */
export const slowest: Random = { next: () => 1, nonce: () => 'nonce' };

export const STREAM = { source: 'sls', project: 'shop', logstore: 'orders' };

/** A batch of records whose field `content` are these lines. */
export const linesOf = (lines: readonly string[], given: Partial<Omit<Batch, 'records'>> = {}): Batch =>
  batchOf(lines, { group: 'audit', from: 'MTA=', to: 'MTI=', tags: STREAM, ...given });

export const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `line ${index}`);

export type Given = { result: FailedRecords | undefined } | { threw: unknown };

/** What a sink says of a batch. */
export async function give(
  sink: EachBatch,
  batch: Batch,
  context: TestContext = contextOf(),
): Promise<{ failed?: FailedRecords['failed']; error?: unknown; threw?: unknown }> {
  try {
    const result = await sink(batch, context);
    return typeof result === 'object' && 'failed' in result ? result : {};
  } catch (threw) {
    return { threw };
  }
}
