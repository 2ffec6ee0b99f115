import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scale } from '../../lib/group/items.ts';
import {
  CALM_INTERVALS,
  CALM_INTERVALS_MAX,
  MISTAKE_INTERVALS,
  nextScale,
  SETTLING_INTERVALS,
  type Seen,
} from '../../lib/scaling/nextScale.ts';
import { changesIn, INTERVAL_MS, minutesOf } from './model.ts';

const BOUNDS = { min: 2, max: 40 };
const HOUR = 60;
const DAY = 24 * HOUR;

const scaleOf = (slots: number, more: Partial<Scale> = {}): Scale => ({
  ...{ slots, lowered: false, calmIntervals: CALM_INTERVALS },
  ...more,
});
/** So many slots, alike. */
const seen = (count: number, busy: number, behind = 0, shards = 5): Seen => ({
  shards: 100,
  slots: Array.from({ length: count }, () => ({ shards, load: { busy, behind } })),
});
const next = (before: Scale, what: Seen, intervals: number, bounds = BOUNDS): Scale =>
  nextScale({ ...before, at: 0 }, what, bounds, { now: intervals * INTERVAL_MS, intervalMs: INTERVAL_MS });

describe('the number of slots', () => {
  it('begins with those that are there, within its bounds', () => {
    const first = (count: number, shards = 100): number =>
      nextScale(undefined, { ...seen(count, 0), shards }, BOUNDS, { now: 0, intervalMs: INTERVAL_MS }).slots;
    expect([first(0), first(7), first(90), first(7, 3), first(0, 1), first(7, 0)]).toEqual([
      2, 7, 40, 3, 1, 2,
    ]);
  });

  it('doubles where each slot has shards behind, and grows by as many as have', () => {
    expect(next(scaleOf(4), seen(4, 1, 3), SETTLING_INTERVALS).slots).toBe(8);
    const some = { shards: 100, slots: [...seen(3, 0.5).slots, ...seen(1, 1, 1).slots] };
    expect(next(scaleOf(4), some, SETTLING_INTERVALS).slots).toBe(5);
    expect(next(scaleOf(30), seen(30, 1, 3), SETTLING_INTERVALS).slots).toBe(40);
  });

  it('waits until the last ones have shown what they do', () => {
    for (let passed = 0; passed < SETTLING_INTERVALS; passed++) {
      expect(next(scaleOf(4), seen(4, 1, 3), passed).slots).toBe(4);
    }
  });

  it('does not grow for a shard that has a slot of its own, nor for time that only passes', () => {
    expect(next(scaleOf(4), seen(4, 1, 1, 1), 100).slots).toBe(4);
    expect(next(scaleOf(4), seen(4, 1), 100).slots).toBe(4);
  });

  it('falls by a quarter at most, after a calm, and only as far as the others have time', () => {
    expect(next(scaleOf(40), seen(40, 0.01), CALM_INTERVALS - 1).slots).toBe(40);
    expect(next(scaleOf(40), seen(40, 0.01), CALM_INTERVALS).slots).toBe(30);
    expect(next(scaleOf(40), seen(40, 0.55), CALM_INTERVALS).slots).toBe(37);
    expect(next(scaleOf(40), seen(40, 0.6), CALM_INTERVALS).slots).toBe(40);
    expect(next(scaleOf(3), seen(3, 0.01), CALM_INTERVALS).slots).toBe(2);
    expect(next(scaleOf(2), seen(2, 0), CALM_INTERVALS).slots).toBe(2);
  });

  it('does not fall while a shard is behind, even alone in its slot, nor for slots of which nothing is known', () => {
    const one = { shards: 100, slots: [...seen(9, 0).slots, ...seen(1, 1, 1, 1).slots] };
    expect(next(scaleOf(10), one, 1_000).slots).toBe(10);
    const unknown = { shards: 100, slots: seen(10, 0).slots.map((slot) => ({ ...slot, load: undefined })) };
    expect(next(scaleOf(10), unknown, 1_000).slots).toBe(10);
  });

  it('waits twice as long after a fall that was a mistake, and as ever after one that was none', () => {
    const lowered = scaleOf(5, { lowered: true });
    const behind = seen(5, 1, 2);
    expect(next(lowered, behind, MISTAKE_INTERVALS - 1)).toMatchObject({ lowered: false, calmIntervals: 20 });
    expect(next(lowered, behind, MISTAKE_INTERVALS)).toMatchObject({ calmIntervals: CALM_INTERVALS });
    const wary = { ...lowered, calmIntervals: 600 };
    expect(next(wary, behind, 1_199)).toMatchObject({ calmIntervals: 1_200 });
    expect(next(wary, behind, 1_200)).toMatchObject({ calmIntervals: CALM_INTERVALS });
    expect(next(scaleOf(5, { calmIntervals: 40 }), behind, 10)).toMatchObject({ calmIntervals: 40 });
    const eased = next(scaleOf(8, { lowered: true, calmIntervals: 40 }), seen(8, 0), 40);
    expect(eased).toMatchObject({ slots: 6, lowered: true, calmIntervals: 32 });
    const longest = scaleOf(5, { lowered: true, calmIntervals: CALM_INTERVALS_MAX });
    expect(next(longest, behind, 10).calmIntervals).toBe(CALM_INTERVALS_MAX);
  });

  it('follows its bounds and the shards at once', () => {
    expect(next(scaleOf(40), seen(40, 1, 3), 0, { min: 2, max: 10 }).slots).toBe(10);
    expect(next(scaleOf(3), seen(3, 0), 0, { min: 5, max: 10 }).slots).toBe(5);
    expect(next(scaleOf(8), { ...seen(8, 1, 3), shards: 6 }, 0).slots).toBe(6);
  });

  it('is within its bounds and those of the shards, grows and falls no sooner than it may, whatever is told', () => {
    const slot = fc.record({
      shards: fc.nat(20),
      load: fc.option(fc.record({ busy: fc.double({ min: 0, max: 1, noNaN: true }), behind: fc.nat(20) }), {
        nil: undefined,
      }),
    });
    const scale = fc.record({
      slots: fc.integer({ min: 1, max: 60 }),
      lowered: fc.boolean(),
      calmIntervals: fc.integer({ min: CALM_INTERVALS, max: CALM_INTERVALS_MAX }),
    });
    const bounds = fc
      .tuple(fc.integer({ min: 1, max: 50 }), fc.nat(50))
      .map(([min, more]) => ({ min, max: min + more }));
    fc.assert(
      fc.property(
        scale,
        fc.array(slot, { maxLength: 60 }),
        fc.nat(100),
        bounds,
        fc.nat(2_000),
        (before, slots, shards, between, passed) => {
          const after = next(before, { shards, slots }, passed, between);
          const most = shards === 0 ? between.min : Math.min(between.max, shards);
          const least = Math.min(between.min, most);
          expect(after.slots).toBeGreaterThanOrEqual(least);
          expect(after.slots).toBeLessThanOrEqual(most);
          if (before.slots < least || before.slots > most) return;
          if (after.slots > before.slots) {
            expect(passed).toBeGreaterThanOrEqual(SETTLING_INTERVALS);
            expect(after.slots).toBeLessThanOrEqual(before.slots + slots.length);
          }
          if (after.slots < before.slots) {
            expect(passed).toBeGreaterThanOrEqual(before.calmIntervals);
            expect(slots.some(({ load }) => (load?.behind ?? 0) > 0)).toBe(false);
          }
        },
      ),
    );
  });
});

describe('over time', () => {
  /** Almost nothing at night; for two hours at noon what takes `peak` slots. */
  const day = (peak: number, shards: number) => (minute: number) => {
    const hours = (minute / HOUR) % 24;
    const share = Math.exp(-((hours - 12) ** 2) / 4);
    return (peak * share + 0.2) / shards;
  };

  it('follows a day with a peak: the backlog stays small, and the night has the least', () => {
    const minutes = minutesOf(100, day(20, 100), BOUNDS, 2 * DAY);
    const slotMinutes = minutes.slice(DAY).reduce((sum, { slots }) => sum + slots, 0);
    expect(Math.max(...minutes.map(({ slots }) => slots))).toBeGreaterThanOrEqual(20);
    expect(minutes[12 * HOUR + DAY]!.slots).toBeGreaterThanOrEqual(20);
    // In what all slots of the moment take.
    expect(Math.max(...minutes.map(({ slots, backlog }) => backlog / slots))).toBeLessThan(3);
    for (const night of [4 * HOUR, 23 * HOUR, 28 * HOUR])
      expect(minutes[night]).toEqual({ slots: 2, backlog: 0 });
    // Of what as many as the peak needs would take all day.
    expect(slotMinutes / (40 * DAY)).toBeLessThan(0.35);
    expect(changesIn(minutes)).toBeLessThan(2 * 40);
  });

  it('comes to rest under any load that lasts, without a backlog where there are slots enough', () => {
    const rates = fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 4 }), (rate, delay) => {
        const minutes = minutesOf(
          rate.length,
          (_, shard) => rate[shard]! / 100,
          { min: 1, max: 30 },
          3 * DAY,
          delay,
        );
        expect(minutes.at(-1)!.backlog).toBeLessThan(rate.length);
        // A try now and then, less and less often.
        expect(changesIn(minutes.slice(DAY, 2 * DAY))).toBeLessThan(20);
        expect(changesIn(minutes.slice(2 * DAY))).toBeLessThan(16);
      }),
      { numRuns: 15 },
    );
  });

  it('is back at the least within a day after any load is over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 100 }), (shards, rate) => {
        const rateOf = (minute: number): number => (minute < 2 * HOUR ? rate / 100 : 0);
        const minutes = minutesOf(shards, rateOf, BOUNDS, 26 * HOUR);
        expect(minutes.at(-1)).toEqual({ slots: Math.min(2, shards), backlog: expect.closeTo(0) });
      }),
      { numRuns: 15 },
    );
  });

  it('does what it can where one shard alone is too much, and stays there', () => {
    const minutes = minutesOf(12, (_, shard) => (shard === 0 ? 1.2 : 0.01), { min: 1, max: 8 }, DAY);
    expect(minutes.at(-1)!.slots).toBe(8);
    expect(changesIn(minutes)).toBeLessThan(16);
  });
});
