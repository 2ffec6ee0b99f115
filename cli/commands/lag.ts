import { parseAge, wholeNumber } from '../../lib/commandLine/parse.ts';
import type { Lag, ShardLag } from '../../lib/operations.ts';
import { about, counted } from '../amounts.ts';
import { EXIT_NO } from '../change.ts';
import { defineCommand } from '../command.ts';
import { lagWith, totalOf } from '../look.ts';
import { formatTable } from '../table.ts';
import { findTarget, needService } from '../target.ts';
import { lagColumns, lagLine } from '../view.ts';
import { LOOK_OPTIONS } from './status.ts';

const { 'table-only': _tableOnly, ...OPTIONS } = LOOK_OPTIONS;

interface Limits {
  lagMs: number | undefined;
  positions: number | undefined;
  leftMs: number | undefined;
}

export const lag = defineCommand({
  name: 'lag',
  summary: 'shows how far a group is behind, by shard and over all; with limits, for scripts',
  about: `Asks the log service, or has the deployed function ask it. A shard that cannot be told fails the check: nobody knows.`,
  options: {
    max: {
      type: 'string',
      value: 'D',
      help: 'the check fails if what comes next is older than that, such as 10m',
    },
    'max-behind': {
      type: 'string',
      value: 'N',
      help: 'the check fails if more log groups (SLS) or messages (CLS) are left, over all shards',
    },
    'min-left': {
      type: 'string',
      value: 'D',
      help: 'the check fails if the retention passes a checkpoint earlier than that, such as 12h',
    },
    ...OPTIONS,
  },
  examples: [
    ['npx shardbeat lag', 'the lag of each shard'],
    ['npx shardbeat lag --stage prod --max 10m --min-left 12h || page-somebody', 'a check'],
  ],
  exitCodes: { 1: 'it failed, or a shard could not be told', [EXIT_NO]: 'a limit is passed' },
  run: async ({ options }, world) => {
    const limits: Limits = {
      lagMs: parseAge('--max', options.max),
      positions: countOf('--max-behind', options['max-behind']),
      leftMs: parseAge('--min-left', options['min-left']),
    };
    const retentionMs = parseAge('--retention', options.retention);
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    needService(target);
    const told = await lagWith(await target.open(), retentionMs, signal);
    if (told.retentionError !== undefined) world.say(`not known: the retention: ${told.retentionError}`);
    const total = totalOf(told);
    const passed = passedOf(total, limits);
    if (options.json) world.out(`${JSON.stringify({ group: target.group, ...told, total, passed })}\n`);
    else world.out(`${formatLag(told, world.columns)}${passed.map((line) => `${line}\n`).join('')}`);
    if (passed.length > 0) return EXIT_NO;
    return total.failed > 0 ? 1 : 0;
  },
});

const countOf = (option: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : wholeNumber(option, text, 0, 999_999_999);

/** The limits that are passed, in words. */
function passedOf({ lagMs, positions, leftMs }: ReturnType<typeof totalOf>, limits: Limits): string[] {
  return [
    ...(over(lagMs, limits.lagMs)
      ? [`passed: --max ${about(limits.lagMs!)}, and it is ${about(lagMs!)}`]
      : []),
    ...(over(positions, limits.positions)
      ? [`passed: --max-behind ${counted(limits.positions!)}, and it is ${counted(positions!)}`]
      : []),
    ...(over(limits.leftMs, leftMs)
      ? [`passed: --min-left ${about(limits.leftMs!)}, and it is ${about(leftMs!)}`]
      : []),
  ];
}

const over = (value: number | undefined, limit: number | undefined): boolean =>
  value !== undefined && limit !== undefined && value > limit;

function formatLag(told: Lag, width: number | undefined): string {
  const table = formatTable(
    told.shards,
    [
      { title: 'SHARD', value: ({ shard }) => shard, least: 12, keepsEnd: true },
      ...lagColumns((shard: ShardLag) => shard),
      { title: 'NOT TOLD', value: ({ error }) => error, least: 16 },
    ],
    width,
  );
  return `${table}\n${lagLine(told)}\n`;
}
