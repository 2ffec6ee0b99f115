import { useMemo, useRef, useState } from 'preact/hooks';
import { counted } from '../../amounts.ts';
import type { Span } from '../feed.ts';
import { deathsOf, keyOf, marksOf, rowsOf, type Window, xOf } from './bars.ts';
import { Legend } from './legend.tsx';
import { shardGroupsOf } from './order.ts';
import { RANGES, type Range } from './range.ts';
import type { Seen } from './seen.ts';
import { ShardRow } from './shardRow.tsx';
import { SlotRow } from './slotRow.tsx';
import { type SlotLook, sorted } from './slots.ts';
import { ticksOf, zoneOf } from './times.ts';
import { Tip, type Tipped } from './tip.tsx';
import { useWidth } from './width.ts';

export interface TimelineProps {
  readonly seen: Seen;
  readonly looks: ReadonlyMap<string, SlotLook>;
  readonly window: { readonly from: number; readonly to: number };
  readonly range: Range;
  readonly shard: string | undefined;
  readonly now: number;
  onRange(range: Range): void;
  onShard(shard: string | undefined): void;
}

/** A label of the axis takes so many pixels. */
const LABEL = 90;

/** Who had which shard when: a row for each slot, with its heartbeats, and one for each shard. */
export function Timeline(props: TimelineProps) {
  const { seen, looks, range, shard, now, onRange, onShard } = props;
  const { history, state } = seen;
  const [width, widthRef] = useWidth<HTMLDivElement>();
  const [tip, setTip] = useState<Tipped>();
  const [reached, setReached] = useState<string>();
  const rows = useMemo(() => rowsOf(history.spans), [history.spans]);
  const deaths = useMemo(() => deathsOf(history.spans), [history.spans]);
  const section = useRef<HTMLElement>(null);
  const window: Window = { ...props.window, width };
  const grid = ticksOf(window.from, window.to, Math.max(2, width / LABEL));
  const slots = sorted([...(state?.slots.map(({ slot }) => slot) ?? []), ...Object.keys(history.ticks)]);
  const groups = shardGroupsOf(state?.shards ?? []);
  const first = keyOf({ slot: slots[0] ?? '' });
  const chart = (row: { slot: string } | { shard: string }, label: string) => {
    const key = keyOf(row);
    const spans = rows.get(key) ?? [];
    const marks =
      'slot' in row
        ? (deaths.get(row.slot) ?? []).map((at) => ({ kind: 'death' as const, at, slot: row.slot }))
        : marksOf(spans, deaths);
    return {
      label,
      spans,
      marks,
      window,
      grid,
      gaps: history.gaps,
      looks,
      now,
      isReached: key === (reached ?? first),
      onReach: () => setReached(key),
      onTip: (span: Span | undefined, element?: Element) =>
        setTip(span && element ? { span, at: element.getBoundingClientRect() } : undefined),
    };
  };
  return (
    <section class="card timeline" aria-labelledby="timeline" ref={section}>
      <div class="heading">
        <h2 id="timeline">Who has which shard</h2>
        <RangeChoice range={range} onRange={onRange} />
      </div>
      <div
        class={`rows${(state?.shards.length ?? 0) > 12 ? ' many' : ''}`}
        onScroll={() => setTip(undefined)}
      >
        <div class="row axis">
          <span class="zone">{zoneOf(now)}</span>
          <div class="measured" ref={widthRef}>
            <svg class="axis" width={width} height="18" aria-hidden="true">
              {grid
                .map(({ at, text }) => ({ text, x: xOf(window, at) }))
                .filter(({ x }) => x > LABEL / 4 && x < width - LABEL / 4)
                .map(({ x, text }) => (
                  <text key={text} x={x} y="12">
                    {text}
                  </text>
                ))}
            </svg>
          </div>
          <Columns names={['heartbeat', 'ticks', 'shards']} />
        </div>
        {slots.map((slot) => (
          <SlotRow
            key={slot}
            slot={slot}
            state={state?.slots.find((one) => one.slot === slot)}
            look={looks.get(slot)}
            chart={{
              ...chart({ slot }, `Slot ${slot}`),
              beats: { times: history.ticks[slot] ?? [], look: looks.get(slot) },
            }}
          />
        ))}
        <div class="row between">
          <h3>{counted(state?.shards.length ?? 0)} shards</h3>
          <span />
          <Columns names={['behind', 'lag', 'left']} />
        </div>
        {groups.map(({ heading, shards }) => (
          <div key={heading ?? ''} class="group">
            {heading !== undefined && <h4>{heading}</h4>}
            {shards.map((one) => (
              <ShardRow
                key={one.shard}
                state={one}
                isOpen={one.shard === shard}
                onToggle={() => onShard(one.shard === shard ? undefined : one.shard)}
                chart={chart({ shard: one.shard }, `Shard ${one.shard}`)}
              />
            ))}
          </div>
        ))}
      </div>
      <Legend />
      <Tip tip={tip} now={now} />
    </section>
  );
}

const Columns = ({ names }: { names: readonly string[] }) => (
  <span class="facts heads" aria-hidden="true">
    {names.map((name) => (
      <span key={name}>{name}</span>
    ))}
  </span>
);

const RANGE_NAMES: Readonly<Record<Range, string>> = { '5m': '5 minutes', '1h': '1 hour', all: 'all' };

const RangeChoice = ({ range, onRange }: Pick<TimelineProps, 'range' | 'onRange'>) => (
  <fieldset class="choice">
    <legend class="hidden">Range of time</legend>
    {RANGES.map((one) => (
      <label key={one}>
        <input type="radio" name="range" checked={one === range} onChange={() => onRange(one)} />
        <span>{RANGE_NAMES[one]}</span>
      </label>
    ))}
  </fieldset>
);
