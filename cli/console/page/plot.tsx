import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Gap } from '../feed.ts';
import { ticksOf } from './times.ts';

export interface PlotLine {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** It stands beside what the plot is about. */
  readonly isMinor?: boolean;
}

interface PlotProps {
  readonly title: string;
  readonly at: readonly number[];
  /** Over these a curve does not go on; over what was not asked between two answers it does. */
  readonly gaps: readonly Gap[];
  readonly lines: readonly PlotLine[];
  readonly window: { readonly from: number; readonly to: number };
  text(value: number): string;
  /** On the axis, where there is less room. */
  readonly axisText?: (value: number) => string;
  /** What may lie between two lines of the axis. */
  readonly steps: number[];
  /** How far the axis reaches at least: what is small is to look small. */
  readonly least: number;
}

const HEIGHT = 132;
const LABEL = 90;

/** Curves over time. What they say at the cursor, or else at last, stands beside the title. */
export function Plot(props: PlotProps) {
  const { title, at, lines, window, text } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [index, setIndex] = useState<number | null>(null);
  const gaps = useRef(props.gaps);
  gaps.current = props.gaps;
  const shape = lines.map(({ name }) => name).join('\n');
  useEffect(() => {
    const element = box.current!;
    const made = new uPlot(
      optionsOf(props, element.clientWidth, setIndex, () => gaps.current),
      dataOf(props),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = (): void => made.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', redraw);
      made.destroy();
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(props), false), [at, lines]);
  useEffect(
    () => plot.current?.setScale('x', { min: window.from, max: window.to }),
    [window.from, window.to, shape],
  );
  const told = lines.map((line) => ({ ...line, value: valueAt(line.values, index) }));
  const said = told
    .map(({ name, value }) => `${name}: ${value === undefined ? 'not known' : text(value)}`)
    .join(', ');
  return (
    <section class="card plot">
      <div class="heading">
        <h2>{title}</h2>
        <p class="values">
          {told.map(({ name, value, isMinor }) => (
            <span key={name} class={isMinor ? 'minor' : undefined}>
              {lines.length > 1 && <small>{name} </small>}
              {value === undefined ? '–' : text(value)}
            </span>
          ))}
        </p>
      </div>
      <div ref={box} class="box" role="img" aria-label={`${title} over time. ${said}`} />
    </section>
  );
}

function valueAt(values: readonly (number | null)[], index: number | null): number | undefined {
  return (index === null ? values.findLast((value) => value !== null) : values[index]) ?? undefined;
}

const dataOf = ({ at, lines }: PlotProps): uPlot.AlignedData =>
  [at, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;

function optionsOf(
  { lines, steps, least, text, axisText = text, window }: PlotProps,
  width: number,
  onIndex: (index: number | null) => void,
  gapsNow: () => readonly Gap[],
): uPlot.Options {
  const line = { stroke: color('--line'), width: 1 };
  const axis = {
    stroke: color('--muted'),
    font: '11px system-ui, sans-serif',
    grid: line,
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    ms: 1,
    legend: { show: false },
    padding: [8, 10, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'all' }, points: { size: 7 } },
    scales: {
      x: { time: true, min: window.from, max: window.to, auto: false },
      y: { range: (_plot, _min, max) => [0, Math.max(least, (max ?? 0) * 1.08)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        splits: (plot, _axis, min, max) =>
          ticksOf(min, max, plot.width / LABEL)
            .map(({ at }) => at)
            .filter((at) => ((max - at) / (max - min)) * plot.width > LABEL / 4),
        values: (_plot, splits) => textsOf(splits),
      },
      {
        ...axis,
        size: 46,
        gap: 6,
        incrs: steps,
        space: 26,
        values: (_plot, splits) => splits.map((value) => axisText(value)),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, isMinor = false }) => ({
        label: name,
        stroke: color(isMinor ? '--second' : '--first'),
        width: isMinor ? 1.25 : 1.75,
        ...(isMinor ? { dash: [4, 3] } : { fill: color('--first-area') }),
        points: { show: false },
        gaps: (plot: uPlot) => gapsOf(plot, gapsNow()),
      })),
    ],
    hooks: { setCursor: [({ cursor }) => onIndex(cursor.idx ?? null)] },
  };
}

const gapsOf = (plot: uPlot, gaps: readonly Gap[]): [number, number][] =>
  gaps.map(({ from, until }) => [plot.valToPos(from, 'x', true), plot.valToPos(until, 'x', true)]);

function textsOf(splits: readonly number[]): string[] {
  const [first = 0, last = first] = [splits[0], splits.at(-1)];
  const texts = new Map(ticksOf(first, last, Math.max(1, splits.length)).map(({ at, text }) => [at, text]));
  return splits.map((at) => texts.get(at) ?? '');
}

/** As the style sheet has it now, light or dark. */
const color = (name: string) => (): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name);
