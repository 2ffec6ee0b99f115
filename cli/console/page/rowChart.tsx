import { useState } from 'preact/hooks';
import type { Gap, Span } from '../feed.ts';
import { type Bar, barsOf, type Mark, type Window, xOf } from './bars.ts';
import type { SlotLook } from './slots.ts';
import type { Tick } from './times.ts';
import { spanText } from './words.ts';

export const HEIGHT = 26;
const TOP = 7;
const BAR = 14;
/** Narrower than that, a bar has no room for the short name of its slot, or for the whole of it. */
const SHORT_MIN = 14;
const LETTER = 6.4;

export interface RowChartProps {
  readonly label: string;
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
  readonly window: Window;
  readonly grid: readonly Tick[];
  readonly gaps: readonly Gap[];
  readonly looks: ReadonlyMap<string, SlotLook>;
  /** Of a slot: the heartbeats, as a path, and how they look. */
  readonly beats?: { readonly path: string; readonly look: SlotLook | undefined };
  readonly now: number;
  /** Whether the key Tab comes here: to one row of all. */
  readonly isReached: boolean;
  onReach(): void;
  onTip(span: Span | undefined, element?: Element): void;
}

/**
 * The bars of one row. It is a list to choose from: the keys left and right go from bar to bar, up and down from row to row, and what is
 * chosen is told.
 */
export function RowChart(props: RowChartProps) {
  const { label, spans, marks, window, grid, gaps, looks, beats, now, isReached, onReach, onTip } = props;
  const [chosen, setChosen] = useState<number>();
  const bars = barsOf(spans, window);
  const inTime = bars.toSorted((one, other) => one.x - other.x);
  const choose = (list: Element, bar: Bar | undefined): void => {
    setChosen(bar?.span.id);
    onTip(bar?.span, bar && list.querySelector(`#bar-${bar.span.id}`)!);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const list = event.currentTarget as Element;
    const at = inTime.findIndex(({ span }) => span.id === chosen);
    const next = KEYS[event.key]?.(at < 0 ? inTime.length - 1 : at, inTime.length);
    if (next !== undefined) choose(list, inTime[Math.max(0, Math.min(inTime.length - 1, next))]);
    else if (event.key === 'ArrowUp' || event.key === 'ArrowDown')
      goToRow(list, event.key === 'ArrowUp' ? -1 : 1);
    else if (event.key === 'Escape') choose(list, undefined);
    else return;
    event.preventDefault();
  };
  const active = chosen === undefined ? {} : { 'aria-activedescendant': `bar-${chosen}` };
  const isEmpty = bars.length === 0;
  return (
    <svg
      class="chart"
      width={window.width}
      height={HEIGHT}
      role={isEmpty ? 'img' : 'listbox'}
      aria-label={isEmpty ? `${label}: nothing in this time` : label}
      {...active}
      tabIndex={isReached ? 0 : -1}
      onKeyDown={onKeyDown}
      onFocus={({ currentTarget }) => {
        onReach();
        if (currentTarget.matches(':focus-visible')) choose(currentTarget, inTime.at(-1));
      }}
      onBlur={({ currentTarget }) => choose(currentTarget, undefined)}
    >
      <g>
        {gaps
          .filter(({ from, until }) => until > window.from && from < window.to)
          .map(({ from, until }) => (
            <rect
              key={from}
              class="gap"
              x={xOf(window, from)}
              width={xOf(window, until) - xOf(window, from)}
              height={HEIGHT}
            />
          ))}
        <path
          class="grid"
          d={grid.map(({ at }) => `M${Math.round(xOf(window, at)) + 0.5} 0V${HEIGHT}`).join('')}
        />
      </g>
      {bars.map(({ span, x, width }) => (
        <g
          key={span.id}
          id={`bar-${span.id}`}
          class={`bar ${span.kind}${span.id === chosen ? ' chosen' : ''}`}
          role="option"
          aria-selected={span.id === chosen}
          aria-label={spanText(span, now)}
          onPointerEnter={({ currentTarget }) => onTip(span, currentTarget)}
          onPointerLeave={() => onTip(undefined)}
        >
          <BarShape kind={span.kind} slot={span.slot} look={looks.get(span.slot ?? '')} x={x} width={width} />
        </g>
      ))}
      <g class="over">
        {beats && <path class={`beats color${beats.look?.color ?? 0}`} d={beats.path} />}
        {marks
          .filter(({ at }) => at > window.from && at < window.to)
          .map((mark) => (
            <MarkShape key={`${mark.kind} ${mark.at}`} mark={mark} x={xOf(window, mark.at)} />
          ))}
      </g>
    </svg>
  );
}

const KEYS: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: (_at, count) => count - 1,
};

function goToRow(from: Element, step: number): void {
  const charts = [...(from.closest('.rows')?.querySelectorAll<SVGElement>('.chart') ?? [])];
  charts[charts.indexOf(from as SVGElement) + step]?.focus();
}

interface BarShapeProps {
  readonly kind: Span['kind'];
  readonly slot: string | undefined;
  readonly look: SlotLook | undefined;
  readonly x: number;
  readonly width: number;
}

/** Each kind has a form of its own, so that it is known without its colour. */
export function BarShape({ kind, slot = '', look, x, width }: BarShapeProps) {
  const rect = (y: number, height: number, more: object = {}) => (
    <rect x={x} y={y} width={width} height={height} {...more} />
  );
  switch (kind) {
    case 'owned':
      return (
        <g class={`color${look?.color ?? 0}`}>
          {rect(TOP, BAR, { class: 'fill', rx: Math.min(2.5, width / 2) })}
          {look !== undefined && look.texture > 0 && rect(TOP, BAR, { fill: `url(#texture${look.texture})` })}
          {width >= SHORT_MIN && (
            <text x={x + 5} y={TOP + BAR - 3.5}>
              {width > slot.length * LETTER + 12 ? slot : look?.short}
            </text>
          )}
        </g>
      );
    case 'overlap':
      return <g class={`color${look?.color ?? 0}`}>{rect(TOP - 3, 8, { class: 'fill overlapping' })}</g>;
    case 'handOff':
      return <g class={`color${look?.color ?? 0}`}>{rect(TOP + BAR - 4, 4, { class: 'fill' })}</g>;
    case 'failing':
      return rect(TOP + BAR, 4, { fill: 'url(#failing)' });
    case 'unowned':
    case 'done':
      return (
        <>
          {rect(TOP, BAR, { class: 'nothing' })}
          <path class={kind} d={`M${x + 1} ${TOP + BAR / 2}H${x + Math.max(2, width - 1)}`} />
        </>
      );
    case 'session':
      return rect(TOP, BAR, { class: 'session' });
    case 'draining':
      return rect(TOP + BAR - 3, 3, { class: 'draining' });
    default:
      // Who has it is still to be seen below.
      return rect(TOP, kind === 'dead' ? BAR : BAR - 3, {
        class: `veil ${kind}`,
        fill: `url(#${VEILS[kind]})`,
      });
  }
}

const VEILS = {
  dead: 'dead',
  blocked: 'blocked',
  paused: 'paused',
  parents: 'parents',
  unlisted: 'parents',
} as const;

export function MarkShape({ mark: { kind }, x }: { mark: Pick<Mark, 'kind'>; x: number }) {
  const middle = TOP + BAR / 2;
  return kind === 'handOff' ? (
    <path class="handed" d={`M${x} ${TOP - 1}V${TOP + BAR + 1}M${x - 4.5} ${TOP - 6.5}h9l-4.5 6.5z`} />
  ) : (
    <g class="death">
      <circle cx={x} cy={middle} r="6.5" />
      <path d={`M${x - 3} ${middle - 3}l6 6M${x + 3} ${middle - 3}l-6 6`} />
    </g>
  );
}
