import { counted, about as duration } from '../../amounts.ts';
import type { ShardState } from '../feed.ts';
import { Icon } from './icon.tsx';
import { severityOf } from './order.ts';
import { RowChart, type RowChartProps } from './rowChart.tsx';
import { ShardDetail } from './shardDetail.tsx';

interface ShardRowProps {
  readonly state: ShardState;
  readonly isOpen: boolean;
  onToggle(): void;
  readonly chart: RowChartProps;
}

/** A shard: who had it, how far behind it is, and what it waits for; opened, all that is known of it. */
export function ShardRow({ state, isOpen, onToggle, chart }: ShardRowProps) {
  const { shard, positions, lagMs, leftMs, waits } = state;
  const severity = severityOf(state);
  const known = (value: number | undefined, text: (value: number) => string): string =>
    value === undefined ? '' : text(value);
  return (
    <div
      class={`row shard severity${Math.max(0, severity)}${isOpen ? ' is-open' : ''}`}
      id={`shard-${shard}`}
    >
      <div class="name">
        <button
          type="button"
          class="opens"
          aria-expanded={isOpen}
          onClick={onToggle}
          title={`Shard ${shard}`}
        >
          <Icon name="open" />
          <span class="hidden">shard </span>
          <span class="text">{shard}</span>
        </button>
        <span class="standing">{STANDINGS[state.state] ?? (state.paused ? 'paused' : '')}</span>
      </div>
      <RowChart {...chart} />
      <span class="facts">
        <span>{known(positions, counted)}</span>
        <span>{known(lagMs, (ms) => (ms === 0 ? '0' : duration(ms)))}</span>
        <span class={leftMs === 0 ? 'bad' : undefined}>
          {known(leftMs, (ms) => (ms === 0 ? 'passed' : duration(ms)))}
        </span>
      </span>
      {waits !== undefined && severity > 0 && !isOpen && <p class="waits">waits for {waits}</p>}
      {isOpen && <ShardDetail state={state} />}
    </div>
  );
}

const STANDINGS: Readonly<Partial<Record<ShardState['state'], string>>> = {
  closing: 'closing',
  done: 'done',
  givenUp: 'given up',
};
