/** How many slots a group is to have, from how their last ticks went: pure. See decision 029. */
import assert from 'node:assert/strict';
import type { Load, Scale } from '../group/items.ts';

export interface SlotSeen {
  /** How many shards it is assigned. */
  shards: number;
  /** Undefined: it has not told yet. */
  load: Load | undefined;
}

export interface Seen {
  /** Shards that are not done: no slot more than these has anything to do. 0: none is known yet. */
  shards: number;
  /** All that are in the table, also those that are leaving. */
  slots: readonly SlotSeen[];
}

export interface Bounds {
  min: number;
  max: number;
}

/** A new slot is started, planned for, given its shards, reads them for one tick, and tells of that in the next one. */
export const SETTLING_INTERVALS = 3;
/** How long fewer slots are not tried after a change, if the last try was no mistake; and at most. */
export const CALM_INTERVALS = 10;
export const CALM_INTERVALS_MAX = 1_440;
/** Where more slots are needed again so soon after there became fewer, that was a mistake: a backlog may take long to show. */
export const MISTAKE_INTERVALS = 240;
/** By this the calm gets shorter with each lowering that follows another one. */
const EASING = 0.8;
/** Of the slots, the part that one step takes away. */
const STEP_SHARE = 1 / 4;
/** How busy those that are left may be, if all that the others did comes on top of what they do. */
const BUSY_MAX = 0.6;

/**
 * The next number, or the one before as it is. More slots at once where shards are behind that share their slot with others: one more for
 * each such slot. Fewer a step at a time, once nothing has been behind and the number the same for long enough, and those that are left have the
 * time. Where more are needed within some hours of that, it was a mistake, and the next try waits twice as long.
 */
export function nextScale(
  before: (Scale & { at: number }) | undefined,
  { shards, slots }: Seen,
  { min, max }: Bounds,
  { now, intervalMs }: { now: number; intervalMs: number },
): Scale {
  assert(min >= 1 && min <= max, 'there is a slot at least');
  const most = shards === 0 ? min : Math.min(max, shards);
  const least = Math.min(min, most);
  const within = (count: number): number => Math.min(most, Math.max(least, count));
  if (before === undefined) {
    return { slots: within(slots.length), lowered: false, calmIntervals: CALM_INTERVALS };
  }
  const bounded = within(before.slots);
  if (bounded !== before.slots) {
    const { calmIntervals } = before;
    return { slots: bounded, lowered: bounded < before.slots, calmIntervals };
  }
  const passed = (now - before.at) / intervalMs;
  const more = within(before.slots + overloaded(slots));
  if (more > before.slots) {
    if (passed < SETTLING_INTERVALS) return before;
    return { slots: more, lowered: false, calmIntervals: calmAfterRaising(before, passed) };
  }
  const isBehind = slots.some(({ load }) => load !== undefined && load.behind > 0);
  if (isBehind || passed < before.calmIntervals) return before;
  const step = Math.max(1, Math.floor(before.slots * STEP_SHARE));
  const fewer = within(Math.max(before.slots - step, Math.ceil(workOf(slots) / BUSY_MAX)));
  return fewer < before.slots
    ? { slots: fewer, lowered: true, calmIntervals: calmAfterLowering(before) }
    : before;
}

/** Slots with a shard that is behind, and others, which another slot could have. */
const overloaded = (slots: readonly SlotSeen[]): number =>
  slots.filter(({ shards, load }) => shards > 1 && load !== undefined && load.behind > 0).length;

/** In whole slots. Who has not told may be as busy as can be. */
const workOf = (slots: readonly SlotSeen[]): number =>
  slots.reduce((sum, { load }) => sum + (load?.busy ?? 1), 0);

/** While the number only grows, nothing is learned of when it may fall. */
function calmAfterRaising({ lowered, calmIntervals }: Scale, passed: number): number {
  if (!lowered) return calmIntervals;
  if (passed >= Math.max(MISTAKE_INTERVALS, 2 * calmIntervals)) return CALM_INTERVALS;
  return Math.min(2 * calmIntervals, CALM_INTERVALS_MAX);
}

/** The one before was no mistake either. */
const calmAfterLowering = ({ lowered, calmIntervals }: Scale): number =>
  lowered ? Math.max(CALM_INTERVALS, Math.round(calmIntervals * EASING)) : calmIntervals;
