/** A group, as a person reads it. */
import { wrapped } from '../lib/commandLine/help.ts';
import type { Description, ShardLag } from '../lib/operations.ts';
import { about, counted, moment, several } from './amounts.ts';
import { type Look, totalOf } from './look.ts';
import { type Column, formatTable } from './table.ts';
import { cut, plain } from './text.ts';

type Consumer = Description['consumers'][number];
type Shard = Description['shards'][number];

/** Everything in one screen: the group, its slots, its shards. */
export function formatLook(look: Look, width?: number): string {
  const { description, at } = look;
  const { group, consumers, shards } = description;
  const head = headOf(look)
    .flatMap((line) => (width === undefined ? [line] : wrapped(line, width)))
    .map((line) => `${width === undefined ? line : cut(line, width)}\n`);
  if (group === undefined) return head.join('');
  const slotTable = formatTable(consumers, slotColumns(description, at), width);
  const shardTable = formatTable(shards, shardColumns(look), width);
  const reasons = width === undefined ? '' : reasonsOf(look, shardTable, width);
  const tables = [slotTable, shardTable, reasons].filter((table) => table !== '');
  return [head.join(''), ...tables].join('\n');
}

function headOf({ group: name, place, description, lag, deadLetters }: Look): string[] {
  const { status, group, consumers, shards } = description;
  const first = `group ${name}, ${place}`;
  if (group === undefined) return [first, 'absent: the table has no such group; its first tick makes it'];
  const { settings } = group;
  const letters = deadLetters === undefined ? [] : [several(deadLetters, 'dead letter')];
  const wanted = group.scale === undefined ? '' : ` of ${counted(group.scale.slots)} wanted`;
  const counts = [
    `${several(consumers.length, 'slot')}${wanted}`,
    several(shards.length, 'shard'),
    ...letters,
  ];
  return [
    first,
    `${plain(settings.stream)}, interval ${about(settings.intervalMs)}, session timeout ${about(settings.sessionTimeoutMs)}`,
    `${status}: ${counts.join(', ')}`,
    ...(lag === undefined ? [] : [lagLine(lag)]),
  ];
}

/** How far behind, in one line. */
export function lagLine(lag: NonNullable<Look['lag']>): string {
  const { positions, lagMs, leftMs, failed } = totalOf(lag);
  const isReadUp = positions === 0 || (positions === undefined && lagMs === 0);
  const parts = [
    ...(isReadUp ? ['read up'] : []),
    ...(!isReadUp && positions !== undefined
      ? [`${several(positions, lag.unit.replace(/s$/, ''))} behind`]
      : []),
    ...(!isReadUp && lagMs !== undefined ? [`the oldest ${about(lagMs)} old`] : []),
    ...(leftMs === undefined ? [] : [leftText(leftMs)]),
    ...(failed === 0 ? [] : [`${several(failed, 'shard')} not told`]),
  ];
  return `lag: ${parts.length === 0 ? 'not told' : parts.join(', ')}`;
}

const leftText = (leftMs: number): string =>
  leftMs === 0
    ? 'THE RETENTION HAS PASSED A CHECKPOINT'
    : `${about(leftMs)} until the retention passes a checkpoint`;

function slotColumns({ shards }: Description, now: number): Column<Consumer>[] {
  const owned = Map.groupBy(
    shards.filter(({ state, owner }) => state !== 'done' && owner !== undefined),
    ({ owner }) => owner!,
  );
  return [
    { title: 'SLOT', value: ({ slot }) => slot, least: 12, keepsEnd: true },
    {
      title: 'STATE',
      value: ({ live, busy, draining, scaledDown }) =>
        [
          live ? (busy ? 'at work' : 'live') : 'expired',
          ...(draining ? [scaledDown ? 'leaving' : 'draining'] : []),
        ].join(', '),
    },
    { title: 'HEARTBEAT', value: ({ heartbeatAt }) => `${about(now - heartbeatAt)} ago` },
    { title: 'TICKS', value: ({ tick }) => counted(tick), align: 'right' },
    { title: 'ASSIGNED', value: ({ assigned }) => Object.keys(assigned ?? {}).length, align: 'right' },
    { title: 'OWNED', value: ({ slot }) => owned.get(slot)?.length ?? 0, align: 'right' },
  ];
}

function shardColumns(look: Look): Column<Shard>[] {
  const { lag } = look;
  const told = new Map(lag?.shards.map((shard) => [shard.shard, shard]));
  return [
    { title: 'SHARD', value: ({ shard }) => shard, least: 12, keepsEnd: true },
    { title: 'STATE', value: ({ state, givenUpAt }) => (givenUpAt === undefined ? state : 'given up') },
    { title: 'OWNER', value: ({ owner }) => owner, least: 10, keepsEnd: true },
    ...lagColumns<Shard>(({ shard, lagMs }) => (lag === undefined ? { lagMs } : told.get(shard))),
    {
      title: 'FAILURES',
      align: 'right',
      value: ({ pending }) => (pending === undefined || pending.attempts === 0 ? '' : pending.attempts),
    },
    { title: 'CHECKPOINT', value: ({ cursor }) => cursor, least: 9, dispensable: true },
    {
      title: 'WAITS FOR',
      value: (shard) => reasonOf(shard, look),
      least: 16,
    },
  ];
}

/** How far behind what a row is about is, as far as that is `told`. */
export const lagColumns = <T>(
  told: (row: T) => Partial<Pick<ShardLag, 'positions' | 'lagMs' | 'leftMs'>> | undefined,
): Column<T>[] => [
  { title: 'BEHIND', align: 'right', value: (row) => whenKnown(told(row)?.positions, counted) },
  { title: 'LAG', align: 'right', value: (row) => whenKnown(told(row)?.lagMs, about) },
  {
    title: 'LEFT',
    align: 'right',
    value: (row) => whenKnown(told(row)?.leftMs, (ms) => (ms === 0 ? 'PASSED' : about(ms))),
  },
];

const reasonOf = (shard: Shard, { lag, at }: Look): string | undefined =>
  lag?.shards.find((told) => told.shard === shard.shard)?.error ??
  waitText(shard, at) ??
  failedText(shard.pending);

const REASONS_MAX = 12;

/** The reasons that a terminal's table has cut, in full: they name the record, and what was thrown. */
function reasonsOf(look: Look, table: string, width: number): string {
  const told = look.description.shards.flatMap((shard) => {
    const reason = plain(reasonOf(shard, look) ?? '');
    return table.includes(reason) ? [] : [`${shard.shard}: ${reason}`];
  });
  const lines = told.slice(0, REASONS_MAX).flatMap((text) => wrapped(text, width));
  if (told.length > REASONS_MAX)
    lines.push(`and ${several(told.length - REASONS_MAX, 'shard')} more: see --json`);
  return lines.map((line) => `${cut(line, width)}\n`).join('');
}

const whenKnown = (value: number | undefined, text: (value: number) => string): string =>
  value === undefined ? '' : text(value);

/** Of one for which nothing has to go first, though something has failed. */
const failedText = (pending: Shard['pending']): string | undefined =>
  pending?.message === undefined
    ? undefined
    : `nothing; ${partText(pending)} once more, after: ${pending.message}`;

/** Which records are given next, counted from the checkpoint on. */
function partText({ done, count, size = count - done }: NonNullable<Shard['pending']>): string {
  return `${size === 1 ? `record ${counted(done + 1)}` : `records ${counted(done + 1)} to ${counted(done + size)}`} of ${counted(count)}`;
}

/** What a shard waits for, in words. */
export function waitText(
  { waits: wait, pending }: Pick<Shard, 'waits' | 'pending'>,
  now: number,
): string | undefined {
  if (wait === undefined) return undefined;
  const because = (message: string | undefined): string => (message === undefined ? '' : `: ${message}`);
  switch (wait.for) {
    case 'resume':
      return wait.of === 'group' ? 'the group to be resumed' : 'somebody to resume it';
    case 'parents':
      return `its parents, ${wait.shards.join(', ')}, to be done`;
    case 'listing':
      return `the service to list it again, since ${moment(wait.since)}`;
    case 'assignment':
      return 'a plan that gives it to a slot';
    case 'slot':
      return `${wait.slot}, which has not ticked for ${about(now - wait.since)}`;
    case 'handOff':
      return `${wait.slot} to give it up, in ${about(wait.until - now)} at the latest`;
    case 'claim':
      return `the next tick of ${wait.slot}, to claim it`;
    case 'attempt':
      return `its next attempt, in ${about(wait.notBefore - now)}${pending === undefined ? '' : `, of ${partText(pending)}`}${because(wait.message)}`;
    case 'success':
      return `anything to succeed: ${several(wait.records, 'record')} failed as often as is allowed${because(wait.message)}`;
  }
}
