import { type Beat, heartbeat } from '../group/heartbeat.ts';
import { type ConsumerItem, consumerKey } from '../group/items.ts';
import { noteEarly, ring } from '../group/lease.ts';
import type { GroupStore } from '../group/store.ts';
import type { Clock, Random } from '../runtime.ts';
import type { Times } from '../times.ts';
import type { Budget } from './budget.ts';
import type { TickSettings } from './context.ts';

/** `isEarly`: the run came while the one before it might have been at work. `folded`: that one polls once more. */
export type Taken =
  | { accepted: true; consumer: ConsumerItem; isEarly: boolean }
  | { accepted: false; busyUntil: number; folded: boolean };

export interface Taking {
  store: GroupStore;
  settings: Pick<TickSettings, 'doorbell'>;
  clock: Clock;
  random: Random;
  budget: Budget;
  groupNow(): number;
  /** When the slot's last run began, where this sandbox knows. */
  beforeAt: number | undefined;
  /** Nobody waits for this run: if another one is at work, that one is asked to look once more. */
  isRing: boolean;
}

/** For so many intervals after a run has come early the slot's runs give it back. */
const GIVES_BACK_INTERVALS = 60;
/** Of an interval, the time between two looks whether a slot has been given back, around which chance moves them. */
const LOOK_SHARE = 1 / 30;
/** A slot is given back, taken and given back again in the time that a ring takes, hardly ever. */
const RINGS_MAX = 3;

/** Whether the run that took the slot with this item gives it back when it ends, as far as the item tells. */
export function givesBack(
  { heartbeatAt, earlyAt = Number.NEGATIVE_INFINITY }: ConsumerItem,
  { intervalMs }: Times,
  { doorbell }: Pick<TickSettings, 'doorbell'>,
): boolean {
  // What was noted after its heartbeat it does not know.
  return doorbell || (earlyAt <= heartbeatAt && heartbeatAt - earlyAt < GIVES_BACK_INTERVALS * intervalMs);
}

/**
 * Takes the slot for this run. A schedule may start a run anywhere within its minute, hence while the run before is at work or holds its lease:
 * then this one waits for that to end, as long as it has time. Where that cannot be, it leaves, and says so in the slot's item.
 */
export async function takeSlot(taking: Taking, beat: Omit<Beat, 'now'>): Promise<Taken> {
  const { store, budget, groupNow, beforeAt, isRing } = taking;
  const { times, slot } = beat;
  const options = { signal: budget.requests };
  const startedAt = groupNow();
  const mightWork = (until: number): boolean => startedAt < until - times.skewMarginMs;
  let isEarly = beforeAt !== undefined && mightWork(beforeAt + times.functionTimeoutMs);
  for (let attempt = 1; ; attempt++) {
    const answer = await heartbeat(store, { ...beat, now: groupNow() }, options);
    if (answer.accepted) return { ...answer, isEarly };
    const { consumer } = answer;
    // Removed at this moment: as if it had been given back.
    if (consumer === undefined && attempt === 1) continue;
    if (consumer === undefined) return { accepted: false, busyUntil: 0, folded: false };
    const refused = { accepted: false, busyUntil: consumer.busyUntil } as const;
    const seen = { slot, consumer };
    if (isRing) {
      const isHeld = consumer.busyUntil >= consumer.heartbeatAt;
      // One that keeps its lease looks no more; but the next ones give the slot back.
      const isHeard = givesBack(consumer, times, taking.settings);
      if (isHeld && (await ring(store, seen, groupNow(), options))) return { ...refused, folded: isHeard };
      if (attempt === RINGS_MAX) return { ...refused, folded: false };
      // It was given back by a clock that is ahead of ours.
      const aheadMs = isHeld ? 0 : freeAtOf(consumer, times) - groupNow();
      if (aheadMs > 0) await taking.clock.sleep(aheadMs, budget.work).catch(() => {});
      continue;
    }
    isEarly ||= mightWork(consumer.busyUntil);
    if (await isFreeInTime(taking, times, seen)) continue;
    const isNoted = groupNow() - (consumer.earlyAt ?? 0) < (GIVES_BACK_INTERVALS / 2) * times.intervalMs;
    if (isEarly && !isNoted) await noteEarly(store, seen, groupNow(), options);
    return { ...refused, folded: false };
  }
}

/** When a heartbeat finds the slot free, as its item stands. */
const freeAtOf = ({ busyUntil }: ConsumerItem, { skewMarginMs }: Times): number =>
  busyUntil + skewMarginMs + 1;

/** Waits until the slot may be free, and tells whether it was worth it: so that the rest of this run's time is enough to end in order. */
async function isFreeInTime(
  { store, settings, clock, random, budget, groupNow }: Taking,
  times: Times,
  { slot, consumer }: { slot: string; consumer: ConsumerItem },
): Promise<boolean> {
  const { intervalMs, reserveMs } = times;
  const freeAt = freeAtOf(consumer, times);
  const until = groupNow() + budget.remainingMs() - reserveMs;
  const looks = givesBack(consumer, times, settings);
  if (freeAt > until && !looks) return false;
  for (;;) {
    const leftMs = Math.min(freeAt, until) - groupNow();
    if (leftMs <= 0) return freeAt <= until;
    const lookMs = looks ? intervalMs * LOOK_SHARE * (0.5 + random.next()) : leftMs;
    await clock.sleep(Math.min(leftMs, lookMs), budget.work).catch(() => {});
    if (budget.work.aborted) return false;
    if (!looks) continue;
    const options = { signal: budget.requests, consistent: false };
    // What fails is asked again; what is old is found out by the heartbeat.
    const item = await store.get(consumerKey(slot), options).catch(() => consumer);
    if (item?.busyUntil !== consumer.busyUntil) return true;
  }
}
