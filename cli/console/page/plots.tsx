import { useMemo } from 'preact/hooks';
import { counted, about as duration } from '../../amounts.ts';
import { Plot, type PlotLine } from './plot.tsx';
import type { Seen } from './seen.ts';

interface PlotsProps {
  readonly seen: Seen;
  readonly window: { readonly from: number; readonly to: number };
  /** The one that is looked at, if any: its curves stand beside those of all. */
  readonly shard: string | undefined;
}

const SECOND = 1_000;
const DURATIONS = [
  1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, 172_800,
  604_800,
].map((seconds) => seconds * SECOND);
const COUNTS = [1, 2, 5]
  .flatMap((digit) => Array.from({ length: 12 }, (_, power) => digit * 10 ** power))
  .toSorted((one, other) => one - other);
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** How far behind, and how fast, over the time that the timeline shows. */
export function Plots({ seen: { history, about, state }, window, shard }: PlotsProps) {
  const { at, all, shards } = history.points;
  const curves = shard === undefined ? undefined : shards[shard];
  const unit = state?.unit ?? 'positions';
  const lag = useMemo<PlotLine[]>(
    () => [
      { name: 'worst', values: all.lagMs },
      ...(curves === undefined ? [] : [{ name: `shard ${shard}`, values: curves.lagMs, isMinor: true }]),
    ],
    [all, curves],
  );
  const rate = useMemo<PlotLine[]>(
    () => [
      about.isLocal
        ? { name: 'records/s', values: all.recordsPerSecond }
        : { name: `${unit}/s`, values: all.positionsPerSecond },
      ...(curves === undefined || about.isLocal
        ? []
        : [{ name: `shard ${shard}`, values: curves.positionsPerSecond, isMinor: true }]),
    ],
    [all, curves],
  );
  const behind = useMemo<PlotLine[]>(
    () => [
      { name: 'all', values: all.positions },
      ...(curves === undefined ? [] : [{ name: `shard ${shard}`, values: curves.positions, isMinor: true }]),
    ],
    [all, curves],
  );
  return (
    <div class="plots">
      <Plot
        title="Lag"
        at={at}
        gaps={history.gaps}
        lines={lag}
        window={window}
        text={duration}
        steps={DURATIONS}
        least={10 * SECOND}
      />
      <Plot
        title={`Behind, ${unit}`}
        at={at}
        gaps={history.gaps}
        lines={behind}
        window={window}
        text={counted}
        axisText={compact.format}
        steps={COUNTS}
        least={10}
      />
      <Plot
        title={about.isLocal ? 'Records processed a second' : `Throughput, ${unit} a second`}
        at={at}
        gaps={history.gaps}
        lines={rate}
        window={window}
        text={(value) => counted(Math.round(value))}
        axisText={compact.format}
        steps={COUNTS}
        least={10}
      />
    </div>
  );
}
