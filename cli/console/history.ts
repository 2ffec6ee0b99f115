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
  const ofShards = Math.floor(LIMITS.momentsOfShards / Math.max(1, names.size));
  const most = Math.max(LIMITS.momentsMin, Math.min(LIMITS.moments, ofShards));
  return more.at.length <= most ? more : thinned(more, most);
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

/** How many times as old as it is wide a moment is, of those that were made one. */
const AGE_PER_WIDTH = 75;

/** The older moments are, the further apart they may lie: those that are closer become one. If that is not enough, the oldest fall away. */
function thinned({ at, all, shards }: Points, most: number): Points {
  const groups = groupsOf(at).slice(-Math.ceil(most * 0.95));
  const thin = (values: Values, name: string): Values =>
    groups.map((group) => merged(values, at, group, name));
  const left = Object.entries(shards)
    .map(([shard, curves]) => [shard, mapped(curves, thin)] as const)
    .filter(([, curves]) => Object.values(curves).some(isKnown));
  return {
    at: groups.map(({ last }) => at[last]!),
    all: mapped(all, thin),
    shards: Object.fromEntries(left),
  };
}

const isKnown = (values: Values): boolean => values.some((value) => value !== null);

interface Group {
  readonly first: number;
  readonly last: number;
}

function groupsOf(at: readonly number[]): Group[] {
  const now = at.at(-1)!;
  const groups: Group[] = [];
  for (const [index, time] of at.entries()) {
    const group = groups.at(-1);
    const isClose = group !== undefined && time - at[group.first]! <= (now - time) / AGE_PER_WIDTH;
    if (isClose) groups[groups.length - 1] = { first: group.first, last: index };
    else groups.push({ first: index, last: index });
  }
  return groups;
}

/** A peak must stay to be seen; of a rate it is the mean that tells how much it came to. */
function merged(values: Values, at: readonly number[], { first, last }: Group, name: string): number | null {
  let [sum, weights, worst] = [0, 0, Number.NEGATIVE_INFINITY];
  for (let index = first; index <= last; index++) {
    const value = values[index]!;
    if (value === null) continue;
    const weight = index === 0 ? 1 : Math.max(1, at[index]! - at[index - 1]!);
    sum += value * weight;
    weights += weight;
    worst = Math.max(worst, value);
  }
  if (weights === 0) return null;
  return name.endsWith('PerSecond') ? Math.round((sum / weights) * 100) / 100 : worst;
}
