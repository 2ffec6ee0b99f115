import { describe, expect, it } from 'vitest';
import type { Span } from '../../cli/console/feed.ts';
import { barsOf, deathsOf, marksOf, rowsOf, ticksPath } from '../../cli/console/page/bars.ts';
import { looksOf, sorted } from '../../cli/console/page/slots.ts';
import { ticksOf } from '../../cli/console/page/times.ts';

const window = { from: 1_000, to: 2_000, width: 500 };
let ids = 0;
const owned = (slot: string, from: number, until?: number): Span => ({
  id: ++ids,
  row: { shard: '0' },
  kind: 'owned',
  slot,
  from,
  ...(until !== undefined && { until }),
});
const over = (kind: Span['kind'], from: number, until: number): Span => ({
  id: ++ids,
  row: { shard: '0' },
  kind,
  from,
  until,
});
const dead = (slot: string, from: number): Span => ({ id: ++ids, row: { slot }, kind: 'dead', from });

describe('the bars of a row', () => {
  it('are as long as what they tell of lasted, as far as it is in sight', () => {
    const bars = barsOf([owned('a', 500, 1_200), owned('b', 1_200, 1_600), owned('a', 1_600)], window);
    expect(bars.map(({ x, width }) => [x, width])).toEqual([
      [0, 100],
      [100, 200],
      [300, 200],
    ]);
  });

  it('leave out what is over, or has not begun', () => {
    expect(barsOf([owned('a', 0, 1_000), owned('b', 2_000, 3_000)], window)).toEqual([]);
  });

  it('are to be seen also of a moment, and at the very end', () => {
    const [first, last] = barsOf([owned('a', 1_200, 1_201), owned('b', 1_999, 3_000)], window);
    expect(first!.width).toBe(2);
    expect(last!.x + last!.width).toBe(500);
  });

  it('have those below that others are drawn over', () => {
    const bars = barsOf([over('blocked', 1_100, 1_900), owned('a', 1_050, 2_000)], window);
    expect(bars.map(({ span }) => span.kind)).toEqual(['owned', 'blocked']);
  });
});

describe('what is marked', () => {
  it('is each hand-off, also over a time in which nobody had it', () => {
    const marks = marksOf(
      [owned('a', 0, 10), over('unowned', 10, 20), owned('b', 20, 30), owned('b', 30)],
      new Map(),
    );
    expect(marks).toEqual([{ kind: 'handOff', at: 20, slot: 'b' }]);
  });

  it('is a death, where a slot died that had the shard', () => {
    const deaths = deathsOf([dead('a', 10_500), dead('b', 99_000)]);
    const marks = marksOf([owned('a', 0, 10_000), owned('b', 12_000, 50_000), owned('a', 50_000)], deaths);
    expect(marks.map(({ kind, at }) => [kind, at])).toEqual([
      ['death', 10_000],
      ['handOff', 12_000],
      ['handOff', 50_000],
    ]);
  });
});

describe('rows', () => {
  it('of slots and shards of one name are two', () => {
    const rows = rowsOf([owned('a', 0), { ...dead('0', 5), row: { slot: '0' } }]);
    expect([...rows.keys()]).toEqual(['shard 0', 'slot 0']);
  });

  it('have a line for each heartbeat, but no two in a pixel', () => {
    expect(ticksPath([999, 1_000, 1_000.5, 1_500, 2_000, 2_001], window, 1, 9)).toBe(
      'M0.5 1V9M250.5 1V9M499.5 1V9',
    );
  });
});

describe('the times of an axis', () => {
  it('are round, and not too many', () => {
    const from = Date.UTC(2026, 0, 1, 0, 0, 7);
    expect(ticksOf(from, from + 300_000, 6).map(({ at }) => at - from)).toEqual(
      [53, 113, 173, 233, 293].map((seconds) => seconds * 1_000),
    );
    for (const length of [10_000, 3_600_000, 86_400_000, 30 * 86_400_000])
      expect(ticksOf(from, from + length, 8).length).toBeLessThanOrEqual(9);
  });
});

describe('slots', () => {
  it('are in the order in which a person counts', () => {
    expect(sorted(['consumer-10', 'consumer-2', 'consumer-2'])).toEqual(['consumer-2', 'consumer-10']);
  });

  it('are told apart by a texture where there are more of them than colours', () => {
    const looks = [...looksOf(Array.from({ length: 18 }, (_, index) => `consumer-${index}`)).values()];
    expect(new Set(looks.map(({ color, texture }) => `${color} ${texture}`)).size).toBe(18);
    expect(looks[11]).toEqual({ color: 5, texture: 1, short: '11' });
  });
});
