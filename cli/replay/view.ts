/** What a replay would read, and what it has done, for people. */
import type { ReplayCount, ReplayRequest, ReplayResult } from '../../lib/operations.ts';
import { counted, moment, several } from '../amounts.ts';
import { formatTable } from '../table.ts';
import { plain } from '../text.ts';

type Range = Pick<ReplayRequest, 'from' | 'to'>;

/** So many shards, and records, that are named. */
const NAMED_MAX = 10;

export function formatCount(count: ReplayCount, range: Range, width: number | undefined): string {
  const { shards, unit, retainedSince = Number.POSITIVE_INFINITY } = count;
  const isKept = retainedSince <= range.from;
  const table = formatTable(
    shards,
    [
      { title: 'SHARD', value: ({ shard }) => shard, least: 8, keepsEnd: true },
      {
        title: unit.toUpperCase(),
        value: ({ positions }) => (positions === undefined ? 'not known' : counted(positions)),
        align: 'right',
      },
      {
        title: 'LEFT SINCE',
        value: ({ keptSince }) => (keptSince === undefined || isKept ? '' : moment(keptSince)),
      },
    ],
    width,
  );
  const known = shards.flatMap(({ positions }) => positions ?? []);
  const sum = known.reduce((total, positions) => total + positions, 0);
  const total = known.length === shards.length ? `${counted(sum)} ${unit}` : 'what is there';
  const of = `received from ${moment(range.from)} on, before ${moment(range.to)}`;
  const lines = missingOf(count, range).map((line) => `${line}\n`);
  return `${table}\n${total} of ${several(shards.length, 'shard')}, ${of}\n${lines.join('')}`;
}

/** What of the range is not there any more. */
export function missingOf({ retainedSince, shards }: ReplayCount, { from }: Range): string[] {
  const late = shards.filter(({ keptSince }) => keptSince !== undefined);
  if (retainedSince !== undefined) {
    if (retainedSince <= from) return [];
    return [
      `what was received before ${moment(retainedSince)} is past the retention, and cannot be read again`,
    ];
  }
  if (late.length === 0) return [];
  const first = Math.min(...late.map(({ keptSince }) => keptSince!));
  return [
    `${several(late.length, 'shard')} ${late.length === 1 ? 'has' : 'have'} nothing before ${moment(first)}: it is past the retention, or nothing was received from ${moment(from)} on until then`,
  ];
}

export function formatResult(result: ReplayResult, unit: string, { to }: Range): string {
  const { stopped, records, batches, givenUp, expired, goOnFrom, shards } = result;
  const head = {
    done: 'replayed',
    stuck: 'stopped, since nothing that is left succeeds',
    interrupted: 'stopped',
  };
  const lines = [
    `${head[stopped]}: ${several(records, 'record')} in ${several(batches, 'batch', 'batches')}`,
  ];
  if (givenUp.count > 0) {
    lines.push(`${several(givenUp.count, 'record')} given up, and not to be had from here again:`);
    for (const { id, attempts, message } of givenUp.first)
      lines.push(`  ${id}, after ${several(attempts, 'attempt')}: ${plain(message)}`);
    if (givenUp.count > givenUp.first.length)
      lines.push(`  and ${counted(givenUp.count - givenUp.first.length)} more`);
  }
  const standing = stopped === 'stuck' ? shards.filter(({ failing }) => failing !== undefined) : [];
  for (const { shard, failing } of standing.slice(0, NAMED_MAX))
    lines.push(`shard ${shard} stands: ${plain(failing!.message) || 'its records may not be given up'}`);
  if (stopped === 'stuck' && result.error !== undefined) lines.push(plain(result.error));
  const gone = shards.filter(({ state }) => state === 'gone').map(({ shard }) => shard);
  if (gone.length > 0)
    lines.push(
      `the log service no longer lists ${gone.slice(0, NAMED_MAX).join(', ')}: the rest was not read`,
    );
  if (expired > 0)
    lines.push(`${counted(expired)} ${unit} were past the retention before they could be read`);
  if (goOnFrom !== undefined) {
    const times = `--from ${new Date(Math.floor(goOnFrom)).toISOString()} --to ${new Date(to).toISOString()}`;
    lines.push(`to go on: npx shardbeat replay ${times}, and what else was given; some of it comes again`);
  }
  return `${lines.join('\n')}\n`;
}
