import { type Beat, type HeartbeatAnswer, heartbeat } from '../group/heartbeat.ts';
import type { GroupStore } from '../group/store.ts';
import type { Clock } from '../runtime.ts';
import type { Budget } from './budget.ts';

/** Of an interval, what a tick that came early waits for its slot. One that is started twice comes too early for that. */
const WAIT_SHARE = 1 / 4;

/**
 * Takes the slot for this run. `waits`: where the run before holds it for little longer, and so late in its interval that it must be
 * the schedule that was early, the slot is waited for, and asked for once more: else a slot that lingers as long as it may would miss every
 * tick of a schedule that is not always late by as much.
 */
export async function takeSlot(
  store: GroupStore,
  beat: Omit<Beat, 'now'>,
  { clock, budget, groupNow, waits }: { clock: Clock; budget: Budget; groupNow(): number; waits: boolean },
): Promise<HeartbeatAnswer> {
  const options = { signal: budget.requests };
  const { intervalMs, skewMarginMs } = beat.times;
  const answer = await heartbeat(store, { ...beat, now: groupNow() }, options);
  if (answer.accepted || !waits) return answer;
  const waitMs = answer.busyUntil + skewMarginMs + 1 - groupNow();
  if (waitMs > intervalMs * WAIT_SHARE || waitMs >= budget.remainingMs()) return answer;
  if (waitMs > 0) await clock.sleep(waitMs, budget.work).catch(() => {});
  return budget.work.aborted ? answer : heartbeat(store, { ...beat, now: groupNow() }, options);
}
