import { counted, about as duration } from '../../amounts.ts';
import type { SlotState } from '../feed.ts';
import { RowChart, type RowChartProps } from './rowChart.tsx';
import type { SlotLook } from './slots.ts';

interface SlotRowProps {
  readonly slot: string;
  /** Undefined: it is gone. */
  readonly state: SlotState | undefined;
  readonly look: SlotLook | undefined;
  readonly chart: RowChartProps;
}

export function SlotRow({ slot, state, look, chart }: SlotRowProps) {
  return (
    <div class={`row slot${state?.live === false ? ' is-dead' : ''}`}>
      <div class="name">
        <Swatch look={look} />
        <span class="text" title={slot}>
          {slot}
        </span>
        <span class="standing">{standingOf(state)}</span>
      </div>
      <RowChart {...chart} />
      <span class="facts">
        <span>
          <span class="hidden">heartbeat </span>
          {state && duration(wholeSeconds(chart.now - state.heartbeatAt))}
        </span>
        <span>
          {state && counted(state.ticks)}
          <span class="hidden"> ticks</span>
        </span>
        <span>
          {state && (state.owned === state.assigned ? state.owned : `${state.owned}/${state.assigned}`)}
          <span class="hidden"> shards</span>
        </span>
      </span>
    </div>
  );
}

/** A heartbeat is told by the second, or it would never stand still. */
const wholeSeconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

function standingOf(state: SlotState | undefined): string {
  if (state === undefined) return 'removed';
  if (!state.live) return 'dead';
  return state.draining ? 'draining' : '';
}

const Swatch = ({ look }: { look: SlotLook | undefined }) => (
  <svg class={`swatch color${look?.color ?? 0}`} width="12" height="12" aria-hidden="true">
    <rect class="fill" width="12" height="12" rx="3" />
    {look !== undefined && look.texture > 0 && (
      <rect width="12" height="12" fill={`url(#texture${look.texture})`} />
    )}
  </svg>
);
