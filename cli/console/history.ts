/** The history of a group that is observed, bounded. The server and the page add what is new by the same function. */
import type { Changes, Curves, History, Point, Points, PointValues, Span } from './feed.ts';

/** What is kept. Beyond that the oldest falls away, and of points the older ones become fewer. */
export const LIMITS = {
  spans: 10_000,
  /** Of each slot. */
  ticks: 2_000,
  slots: 500,
  events: 2_000,
  gaps: 200,
  /** Moments of the curves; fewer where there are so many shards that all values are too many. */
  moments: 600,
  momentsMin: 60,
  momentsOfShards: 120_000,
} as const;

export const EMPTY_HISTORY: History = {
  spans: [],
  ticks: {},
  points: {
    at: [],
    all: { lagMs: [], positions: [], positionsPerSecond: [], recordsPerSecond: [], deadLetters: [] },
    shards: {},
  },
  events: [],
  gaps: [],
};

/** The history with what is new. */
export function withChanges(history: History, changes: Changes): History {
  return {
    spans: withSpans(history.spans, changes.spans),
    ticks: withTicks(history.ticks, changes.ticks),
    points: changes.points.reduce(withPoint, history.points),
    events: latest([...history.events, ...changes.events], LIMITS.events),
    gaps: latest([...history.gaps, ...changes.gaps], LIMITS.gaps),
  };
}

const latest = <T>(all: readonly T[], most: number): readonly T[] =>
  all.length > most ? all.slice(-most) : all;

/** Those that last stay, however long ago they began. */
function withSpans(spans: readonly Span[], changed: readonly Span[]): readonly Span[] {
  if (changed.length === 0) return spans;
  const byId = new Map([...spans, ...changed].map((span) => [span.id, span]));
  let tooMany = byId.size - LIMITS.spans;
  return [...byId.values()].filter(({ until }) => until === undefined || tooMany-- <= 0);
}

function withTicks(ticks: History['ticks'], more: History['ticks']): History['ticks'] {
  const slots = Object.keys(more);
  if (slots.length === 0) return ticks;
  const added = slots.map(
    (slot) => [slot, latest([...(ticks[slot] ?? []), ...more[slot]!], LIMITS.ticks)] as const,
  );
  const all = Object.entries({ ...ticks, ...Object.fromEntries(added) });
  if (all.length <= LIMITS.slots) return Object.fromEntries(all);
  const newestFirst = all.toSorted(([, one], [, other]) => (other.at(-1) ?? 0) - (one.at(-1) ?? 0));
  return Object.fromEntries(newestFirst.slice(0, LIMITS.slots));
}

type Values = readonly (number | null)[];

function withPoint(points: Points, { at, all, shards }: Point): Points {
  const { length } = points.at;
  const curves = <C extends Curves>(before: C | undefined, value: PointValues): C =>
    ({
      ...NO_CURVES,
      ...mapped(before ?? NO_CURVES, (values, name) => push(values, length, value, name)),
    }) as C;
  const names = new Set([...Object.keys(points.shards), ...Object.keys(shards)]);
  const more: Points = {
    at: [...points.at, at],
    all: curves(points.all, all),
    shards: Object.fromEntries(
      [...names].map((shard) => [shard, curves(points.shards[shard], shards[shard] ?? {})]),
    ),
  };
  const most = Math.floor(LIMITS.momentsOfShards / Math.max(1, names.size));
  return more.at.length <= Math.max(LIMITS.momentsMin, Math.min(LIMITS.moments, most)) ? more : thinned(more);
}

const NO_CURVES: Curves = { lagMs: [], positions: [], positionsPerSecond: [] };

/** A curve that begins later has nulls before. */
function push(values: Values, length: number, of: PointValues, name: string): Values {
  const value = (of as Readonly<Record<string, number | undefined>>)[name];
  const before = values.length === length ? values : new Array<null>(length).fill(null);
  return [...before, value ?? null];
}

const mapped = <C extends object>(curves: C, change: (values: Values, name: string) => Values): C =>
  Object.fromEntries(
    Object.entries(curves).map(([name, values]) => [name, change(values as Values, name)]),
  ) as C;

/** Of the older half, two moments each become one. */
function thinned({ at, all, shards }: Points): Points {
  const pairs = Math.floor(at.length / 4);
  const thin = (values: Values, name: string): Values => [
    ...Array.from({ length: pairs }, (_, pair) => merged(values[2 * pair]!, values[2 * pair + 1]!, name)),
    ...values.slice(2 * pairs),
  ];
  const left = Object.entries(shards)
    .map(([shard, curves]) => [shard, mapped(curves, thin)] as const)
    .filter(([, curves]) =>
      Object.values(curves).some((values: Values) => values.some((value) => value !== null)),
    );
  return {
    at: at.filter((_, index) => index >= 2 * pairs || index % 2 === 1),
    all: mapped(all, thin),
    shards: Object.fromEntries(left),
  };
}

/** A peak must stay to be seen; of a rate it is the mean that tells how much it came to. */
function merged(one: number | null, other: number | null, name: string): number | null {
  if (one === null || other === null) return one ?? other;
  return name.endsWith('PerSecond') ? (one + other) / 2 : Math.max(one, other);
}
