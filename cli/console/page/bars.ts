/** Where the spans of a row are drawn, and what is marked between them. */
import type { Row, Span } from '../feed.ts';

/** A part of time, drawn so many pixels wide. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

export const xOf = ({ from, to, width }: Window, at: number): number =>
  ((Math.min(to, Math.max(from, at)) - from) / (to - from)) * width;

export interface Bar {
  readonly span: Span;
  readonly x: number;
  readonly width: number;
}

/** What lasted a moment is still to be seen. */
const WIDTH_MIN = 2;
/** What lies below, without gaps; everything else is drawn over it. */
const BASE: ReadonlySet<Span['kind']> = new Set(['owned', 'unowned', 'done', 'session', 'dead']);
const isBase = ({ kind }: Span): boolean => BASE.has(kind);

/** Those in sight: what lies below first, each in the order of time. */
export function barsOf(spans: readonly Span[], window: Window): Bar[] {
  return spans
    .filter(({ from, until = window.to }) => until > window.from && from < window.to)
    .toSorted((one, other) => Number(isBase(other)) - Number(isBase(one)) || one.from - other.from)
    .map((span) => {
      const [x, end] = [xOf(window, span.from), xOf(window, span.until ?? window.to)];
      const width = Math.max(WIDTH_MIN, end - x);
      return { span, x: Math.min(x, window.width - width), width };
    });
}

/** Something that happened between two spans of a row. */
export interface Mark {
  readonly kind: 'handOff' | 'death';
  readonly at: number;
  /** Who has it from then on; of a death, who is dead. */
  readonly slot: string;
}

/** Two moments this far apart may have been told of one and the same thing: what is seen is seen by looking now and then. */
const SAME_MS = 1_500;

/** `deaths`: when each slot's session was over. */
export function marksOf(spans: readonly Span[], deaths: ReadonlyMap<string, readonly number[]>): Mark[] {
  const marks: Mark[] = [];
  let owner: string | undefined;
  const owned = spans.filter(({ kind }) => kind === 'owned').toSorted((one, other) => one.from - other.from);
  for (const { from, until, slot } of owned) {
    if (slot === undefined) continue;
    if (owner !== undefined && owner !== slot) marks.push({ kind: 'handOff', at: from, slot });
    owner = slot;
    const hasDied = (deaths.get(slot) ?? []).some((at) => Math.abs(at - (until ?? Infinity)) <= SAME_MS);
    if (until !== undefined && hasDied) marks.push({ kind: 'death', at: until, slot });
  }
  return marks;
}

/** When each slot's session was over. */
export function deathsOf(spans: readonly Span[]): ReadonlyMap<string, readonly number[]> {
  const dead = spans.filter(({ kind, row }) => kind === 'dead' && 'slot' in row);
  const bySlot = Map.groupBy(dead, ({ row }) => ('slot' in row ? row.slot : ''));
  return new Map([...bySlot].map(([slot, some]) => [slot, some.map(({ from }) => from)]));
}

export const keyOf = (row: Row): string => ('shard' in row ? `shard ${row.shard}` : `slot ${row.slot}`);

/** By row, as `keyOf` names it. */
export const rowsOf = (spans: readonly Span[]): ReadonlyMap<string, readonly Span[]> =>
  Map.groupBy(spans, ({ row }) => keyOf(row));

/** The path of a line at each moment, one for each pixel at most. */
export function ticksPath(times: readonly number[], window: Window, top: number, bottom: number): string {
  const columns = new Set(
    times
      .filter((at) => at >= window.from && at <= window.to)
      .map((at) => Math.min(window.width - 1, Math.round(xOf(window, at)))),
  );
  return [...columns].map((x) => `M${x + 0.5} ${top}V${bottom}`).join('');
}
