import { describe, expect, it } from 'vitest';
import type { Changes, Span } from '../../../cli/console/feed.ts';
import { EMPTY_HISTORY, LIMITS, withChanges } from '../../../cli/console/history.ts';

const NONE: Changes = { spans: [], ticks: {}, points: [], events: [], gaps: [] };
const with_ = (...all: Partial<Changes>[]) =>
  all.reduce((history, changes) => withChanges(history, { ...NONE, ...changes }), EMPTY_HISTORY);
const span = (id: number, until?: number): Span => ({
  id,
  row: { shard: '0' },
  kind: 'owned',
  from: id,
  ...(until !== undefined && { until }),
});
const counting = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('bars', () => {
  it('that are told again take the place of what was told', () => {
    const { spans } = with_({ spans: [span(1), span(2)] }, { spans: [span(1, 5)] });
    expect(spans).toEqual([span(1, 5), span(2)]);
  });

  it('fall away when there are too many, those first that ended first; what lasts stays', () => {
    const many = counting(LIMITS.spans).map((index) => span(index + 2, index + 3));
    const { spans } = with_({ spans: [span(1)] }, { spans: many }, { spans: [span(100_000)] });
    expect(spans).toHaveLength(LIMITS.spans);
    expect(spans.slice(0, 2)).toEqual([span(1), many[2]]);
    expect(spans.at(-1)).toEqual(span(100_000));
  });
});

it('heartbeats, events and gaps are the latest', () => {
  const events = counting(LIMITS.events + 1).map(
    (at) => ({ id: at, at, kind: 'claimed', tone: 'info', text: '' }) as const,
  );
  const gaps = counting(LIMITS.gaps + 1).map((from) => ({ from, until: from + 1 }));
  const slots = counting(LIMITS.slots + 1).map((slot) => [`slot-${slot}`, [slot]] as const);
  const history = with_(
    { events, gaps, ticks: { a: counting(LIMITS.ticks + 1) } },
    { ticks: Object.fromEntries(slots) },
  );
  expect(history.events).toEqual(events.slice(1));
  expect(history.gaps).toEqual(gaps.slice(1));
  expect(history.ticks.a).toEqual(counting(LIMITS.ticks + 1).slice(1));
  expect(Object.keys(history.ticks)).toHaveLength(LIMITS.slots);
  expect(history.ticks).not.toHaveProperty('slot-1');
});

describe('curves', () => {
  const point = (at: number, shards: readonly string[], positions = at) => ({
    at,
    all: { positions, positionsPerSecond: at },
    shards: Object.fromEntries(shards.map((shard) => [shard, { positions }])),
  });

  it('have a value for each moment, from before they began and after they ended too', () => {
    const { points } = with_({ points: [point(1, ['0']), point(2, ['0', '1']), point(3, ['1'])] });
    expect(points.at).toEqual([1, 2, 3]);
    expect(points.shards['0']).toEqual({
      lagMs: [null, null, null],
      positions: [1, 2, null],
      positionsPerSecond: [null, null, null],
    });
    expect(points.shards['1']!.positions).toEqual([null, 2, 3]);
    expect(points.all).toMatchObject({ positionsPerSecond: [1, 2, 3], deadLetters: [null, null, null] });
  });

  it('become thinner the older they are: the worst stays, and of rates the mean', () => {
    const peak = 17_000;
    const seconds = counting(LIMITS.moments + 1).map((second) => second * 1_000);
    const points = seconds.map((at) => ({
      ...point(at, ['0'], at === peak ? 999_999 : 0),
      all: { positionsPerSecond: at === peak ? 8 : 4 },
    }));
    const thin = with_({ points }).points;
    expect(thin.at.length).toBeLessThan(300);
    const gaps = thin.at.slice(1).map((at, index) => at - thin.at[index]!);
    expect(gaps[1]).toBeGreaterThan(5_000);
    expect(gaps.slice(-50).every((gap) => gap === 1_000)).toBe(true);
    expect(gaps.every((gap) => gap < 20_000)).toBe(true);
    expect(thin.at.at(-1)).toBe(600_000);
    expect(Math.max(...thin.shards['0']!.positions.map(Number))).toBe(999_999);
    const rate = Math.max(...thin.all.positionsPerSecond.map(Number));
    expect(rate).toBeGreaterThan(4);
    expect(rate).toBeLessThan(5);
    for (const values of [...Object.values(thin.all), ...Object.values(thin.shards['0']!)])
      expect(values).toHaveLength(thin.at.length);
  });

  it('reach back for hours, and stay few enough', () => {
    const hours = counting((8 * 3_600) / 5).map((step) => point(step * 5_000, ['0']));
    const { at } = with_({ points: hours }).points;
    expect(at.length).toBeLessThanOrEqual(LIMITS.moments);
    expect(at[0]).toBeLessThan(10 * 60_000);
  });

  it('stay few enough, however many shards there are', () => {
    const shards = counting(1_000).map(String);
    const { points } = with_({ points: counting(150).map((at) => point(at * 1_000, shards)) });
    expect(points.at.length).toBeLessThanOrEqual(LIMITS.momentsOfShards / shards.length);
    expect(points.at.at(-1)).toBe(149_000);
  });

  it('of shards of which nothing is left are gone', () => {
    // Further apart than what is so old may lie: they are not made one, and the oldest fall away.
    const far = counting(800).map((index) => point(1e12 - 1.03 ** (800 - index), [index < 5 ? 'old' : '0']));
    expect(Object.keys(with_({ points: far.slice(0, 9) }).points.shards)).toContain('old');
    const { points } = with_({ points: far });
    expect(points.at.length).toBeLessThanOrEqual(LIMITS.moments);
    expect(Object.keys(points.shards)).not.toContain('old');
  });
});
