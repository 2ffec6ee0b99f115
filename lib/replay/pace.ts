import type { Clock } from '../runtime.ts';
import type { ReplayTurned } from './replay.ts';

const LEAST_MS = 200;
const MOST_MS = 5_000;

/** How long a slot waits between its turns: not at all while it gets on, and longer each time as long as there is nothing to do. */
export function createPace(clock: Clock) {
  let waitMs = LEAST_MS;
  const wait = async (durationMs: number, signal: AbortSignal): Promise<void> => {
    waitMs = Math.min(MOST_MS, waitMs * 2);
    await clock.sleep(durationMs, signal).catch(() => {});
  };
  return {
    afterFailure: (signal: AbortSignal) => wait(waitMs, signal),
    async after({ shards }: ReplayTurned, gotOn: boolean, now: number, signal: AbortSignal): Promise<void> {
      if (gotOn) {
        waitMs = LEAST_MS;
        return;
      }
      const dueAt = Math.min(...shards.map(({ failing }) => failing?.notBefore ?? Number.POSITIVE_INFINITY));
      const untilDueMs = Math.max(LEAST_MS, dueAt - now);
      await wait(Math.min(waitMs, untilDueMs), signal);
    },
  };
}
