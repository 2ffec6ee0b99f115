import { useState } from 'preact/hooks';
import type { Gap, Span } from '../feed.ts';
import { type Bar, barsOf, type Mark, ticksPath, type Window, xOf } from './bars.ts';
import { useNear } from './near.ts';
import { BarShape, HEIGHT, MarkShape } from './shapes.tsx';
import type { SlotLook } from './slots.ts';
import type { Tick } from './times.ts';
import { spanText } from './words.ts';

export interface RowChartProps {
  readonly label: string;
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
  readonly window: Window;
  readonly grid: readonly Tick[];
  readonly gaps: readonly Gap[];
  readonly looks: ReadonlyMap<string, SlotLook>;
  /** Of a slot: when its heartbeats came, and how they look. */
  readonly beats?: { readonly times: readonly number[]; readonly look: SlotLook | undefined };
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
  const { label, spans, window, looks, now, isReached, onReach, onTip } = props;
  const [chosen, setChosen] = useState<number>();
  const [isNear, ref] = useNear<SVGSVGElement>();
  const bars = isNear ? barsOf(spans, window) : [];
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
      ref={ref}
      width={window.width}
      height={HEIGHT}
      role={isEmpty ? 'img' : 'listbox'}
      aria-label={isEmpty && isNear ? `${label}: nothing in this time` : label}
      {...active}
      tabIndex={isReached ? 0 : -1}
      onKeyDown={onKeyDown}
      onFocus={({ currentTarget }) => {
        onReach();
        if (currentTarget.matches(':focus-visible')) choose(currentTarget, inTime.at(-1));
      }}
      onBlur={({ currentTarget }) => choose(currentTarget, undefined)}
    >
      {isNear && <Ground {...props} />}
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
      {isNear && <Over {...props} />}
    </svg>
  );
}

/** Below the bars: when nobody looked, and round times. */
function Ground({ gaps, grid, window }: RowChartProps) {
  const inSight = gaps.filter(({ from, until }) => until > window.from && from < window.to);
  return (
    <g>
      {inSight.map(({ from, until }) => (
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
  );
}

/** What happened at a moment. */
function Over({ beats, marks, window }: RowChartProps) {
  return (
    <g class="over">
      {beats && (
        <path class={`beats color${beats.look?.color ?? 0}`} d={ticksPath(beats.times, window, 9, 19)} />
      )}
      {marks
        .filter(({ at }) => at > window.from && at < window.to)
        .map((mark) => (
          <MarkShape key={`${mark.kind} ${mark.at}`} mark={mark} x={xOf(window, mark.at)} />
        ))}
    </g>
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
