import { counted, about as duration } from '../../amounts.ts';
import type { Seen } from './seen.ts';

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly of?: string;
  readonly tone?: 'bad' | 'warning' | undefined;
}

/** How it stands in numbers. */
export function Figures({ seen }: { seen: Seen }) {
  if (seen.state === undefined) return null;
  return (
    <dl class="figures">
      {figuresOf(seen, seen.state).map(({ name, value, of, tone }) => (
        <div key={name} class={tone}>
          <dt>{name}</dt>
          <dd>
            {value}
            {of !== undefined && <small> {of}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const UNKNOWN = '–';
/** The log service is asked more seldom than the table: an answer that old is said to be. */
const OLD_MS = 90_000;

function figuresOf({ history, about }: Seen, state: NonNullable<Seen['state']>): Figure[] {
  const { slots, shards, total, unit = 'positions', deadLetters, lagAt } = state;
  const live = slots.filter((slot) => slot.live).length;
  const open = shards.filter((shard) => shard.state !== 'done');
  const known = (value: number | undefined, text: (value: number) => string): string =>
    value === undefined ? UNKNOWN : text(value);
  const isReadUp = lagAt !== undefined && total.lagMs === 0;
  const rate = about.isLocal ? history.points.all.recordsPerSecond : history.points.all.positionsPerSecond;
  return [
    {
      name: 'Slots live',
      value: counted(live),
      of: `of ${counted(slots.length)}`,
      tone: live < slots.length ? 'warning' : undefined,
    },
    {
      name: 'Shards',
      value: counted(open.length),
      ...(open.length < shards.length && { of: `and ${counted(shards.length - open.length)} done` }),
    },
    { name: 'Behind', value: known(total.positions, counted), of: unit },
    {
      name: 'Lag',
      value: known(total.lagMs, (ms) => (ms === 0 ? 'none' : duration(ms))),
      ...(lagAt !== undefined && state.at - lagAt > OLD_MS && { of: `${duration(state.at - lagAt)} ago` }),
    },
    {
      name: 'Until records are lost',
      value: isReadUp && total.leftMs === undefined ? 'none waits' : known(total.leftMs, duration),
      tone: total.leftMs === 0 ? 'bad' : undefined,
    },
    {
      name: 'Throughput',
      value: known(rate.findLast((value) => value !== null) ?? undefined, (value) =>
        counted(Math.round(value)),
      ),
      of: `${about.isLocal ? 'records' : unit}/s`,
    },
    {
      name: 'Dead letters',
      value: known(deadLetters, counted),
      tone: (deadLetters ?? 0) > 0 ? 'warning' : undefined,
    },
  ];
}
