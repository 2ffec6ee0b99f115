import type { Values } from '../../lib/commandLine/command.ts';
import { parsePosition } from '../../lib/config/position.ts';
import { AGE_MS_MAX, parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import type { SeekRequest, Sought } from '../../lib/operations.ts';
import { ASKING_OPTIONS, agreed, EXIT_NO } from '../change.ts';
import { defineCommand } from '../command.ts';
import { formatTable } from '../table.ts';
import { findTarget, needService } from '../target.ts';

const OPTIONS = {
  to: {
    type: 'string',
    value: 'WHERE',
    help: 'begin, end, or the time at which the service received a record: 2026-01-31T12:00:00Z, or Unix seconds',
  },
  ago: { type: 'string', value: 'D', help: 'to so long ago, such as 90m or 2d' },
  cursor: {
    type: 'string',
    value: 'CURSOR',
    help: 'to a cursor, of one shard; the log service is not asked',
  },
  ...ASKING_OPTIONS,
} as const;

export const seek = defineCommand({
  name: 'seek',
  summary: 'moves the checkpoint of a shard, or of all: its records come again, or are passed over',
  about: `A batch at work is not committed any more. What is noted of failures is gone, and so is the wait: to have a shard tried at once, seek it to the cursor at which it stands. A shard that is done is not sought: its children may have begun. It asks, and says where each shard stood: with --cursor you can go back there.`,
  words: [{ name: 'SHARD', help: 'its id, or all' }],
  options: OPTIONS,
  examples: [
    ['npx shardbeat seek all --ago 1d --dry-run', 'where yesterday is in each shard'],
    ['npx shardbeat seek 3 --to end --stage prod', 'pass over what one shard holds'],
    [
      'npx shardbeat seek 3 --cursor MTc5NTczNTI4NjY0ODAwMDAwMQ== --yes',
      'back to a checkpoint, without a question',
    ],
  ],
  exitCodes: { [EXIT_NO]: 'a shard was not sought, or you did not agree' },
  run: async ({ words: [shard = ''], options }, world) => {
    const to = whereOf(shard, options, world.clock.now());
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    if (!('cursor' in to)) needService(target);
    const group = await target.open();
    const show = (sought: readonly Sought[], dryRun: boolean): void => {
      if (options.json) world.out(`${JSON.stringify({ group: target.group, dryRun, shards: sought })}\n`);
      else world.out(formatSought(sought, dryRun, world.columns));
    };
    const wouldBe = await group.seek({ shard, to, dryRun: true }, { signal });
    const isPossible = wouldBe.some(({ sought }) => sought);
    if (options['dry-run'] || !isPossible) {
      show(wouldBe, true);
      return wouldBe.every(({ sought }) => sought) ? 0 : EXIT_NO;
    }
    if (!options.yes) world.say(formatSought(wouldBe, true, world.columns));
    if (!(await agreed(world, options, `Move checkpoints of group ${target.group}, ${target.place}?`)))
      return EXIT_NO;
    const sought = await group.seek({ shard, to }, { signal });
    show(sought, false);
    return sought.every(({ sought }) => sought) ? 0 : EXIT_NO;
  },
});

function whereOf(
  shard: string,
  { to, ago, cursor }: Pick<Values<typeof OPTIONS>, 'to' | 'ago' | 'cursor'>,
  now: number,
): SeekRequest['to'] {
  const given = Object.entries({ '--to': to, '--ago': ago, '--cursor': cursor });
  const [, second] = given.filter(([, value]) => value !== undefined);
  const one = 'give one of --to, --ago and --cursor';
  if (second !== undefined) throw new SettingsError(...second, `${one}, not more`);
  if (cursor !== undefined) {
    if (!/^[^\s…]+$/.test(cursor)) {
      throw new SettingsError('--cursor', cursor, 'write all of it, as npx shardbeat status | cat has it');
    }
    if (shard === 'all') throw new SettingsError('--cursor', cursor, 'it belongs to one shard: name that');
    return { cursor };
  }
  if (ago !== undefined) return { at: 'time', unixMs: now - parseDuration('--ago', ago, AGE_MS_MAX) };
  if (to === undefined) throw new SettingsError('--to', to, one);
  return parsePosition('--to', to);
}

const WHY = { done: 'it is done, its children may have begun', absent: 'the group has no such shard' };

function formatSought(sought: readonly Sought[], isDry: boolean, width: number | undefined): string {
  return formatTable(
    sought,
    [
      { title: 'SHARD', value: ({ shard }) => shard, least: 8, keepsEnd: true },
      { title: 'FROM', value: (answer) => (answer.sought ? answer.from : '') },
      { title: isDry ? 'WOULD BE' : 'NOW', value: (answer) => (answer.sought ? answer.cursor : '') },
      { title: 'NOT SOUGHT', value: (answer) => (answer.sought ? '' : WHY[answer.reason]), least: 12 },
    ],
    width,
  );
}
