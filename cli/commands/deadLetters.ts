import { wholeNumber } from '../../lib/commandLine/parse.ts';
import { writeLetter } from '../../lib/delivery/deadLetters/letterText.ts';
import { SettingsError } from '../../lib/errors.ts';
import type { KeptLetter, LetterFilter, OpenGroup } from '../../lib/operations.ts';
import { about, several } from '../amounts.ts';
import { ASKING_OPTIONS, agreed, EXIT_NO } from '../change.ts';
import { defineCommand } from '../command.ts';
import { describeLetter, FILTER_OPTIONS, filterOf } from '../letters.ts';
import { formatTable } from '../table.ts';
import { findTarget, TARGET_OPTIONS } from '../target.ts';

const LIMIT = 100;
const LIMIT_MAX = 1_000_000;

export const deadLetters = defineCommand({
  name: 'dead-letters',
  summary: 'lists the records that were given up',
  about: `Records that the function did not take, however often it was tried, and those that were too old. They stay until they are redriven or dropped.`,
  options: {
    limit: { type: 'string', value: 'N', default: String(LIMIT), help: `no more than so many (${LIMIT})` },
    json: { type: 'boolean', default: false, help: 'as JSON, for programs: with their records' },
    ...FILTER_OPTIONS,
    ...TARGET_OPTIONS,
  },
  examples: [
    ['npx shardbeat dead-letters', 'all of the local run, or of the group of serverless.yml'],
    [
      'npx shardbeat dead-letters --stage prod --error TypeError --younger-than 1d',
      'some of a deployed group',
    ],
  ],
  run: async ({ options }, world) => {
    const limit = wholeNumber('--limit', options.limit, 1, LIMIT_MAX);
    const filter = filterOf(options);
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    const group = await target.open();
    const letters = await some(group, filter, limit, signal);
    const all = await group.countDeadLetters({ signal });
    if (options.json) {
      const written = letters.map((letter) => JSON.parse(writeLetter(letter)) as object);
      world.out(`${JSON.stringify({ group: target.group, all, letters: written })}\n`);
      return 0;
    }
    world.out(`group ${target.group}, ${target.place}: ${several(all, 'dead letter')}\n`);
    if (letters.length > 0) world.out(`\n${listOf(letters, world.clock.now(), world.columns)}`);
    if (letters.length === limit) world.say(`there may be more: --limit ${limit} was reached`);
    return 0;
  },
});

async function some(
  group: OpenGroup,
  filter: LetterFilter,
  limit: number,
  signal: AbortSignal,
): Promise<KeptLetter[]> {
  const letters: KeptLetter[] = [];
  for await (const letter of group.deadLetters(filter, { signal })) {
    letters.push(letter);
    if (letters.length >= limit) break;
  }
  return letters;
}

function listOf(letters: readonly KeptLetter[], now: number, width: number | undefined): string {
  return formatTable(
    letters,
    [
      { title: 'ID', value: ({ id }) => id },
      { title: 'GIVEN UP', value: ({ givenUpAt }) => `${about(now - givenUpAt)} ago` },
      { title: 'WHY', value: ({ reason }) => reason },
      { title: 'ATTEMPTS', align: 'right', value: ({ attempts }) => attempts },
      { title: 'REDRIVES', align: 'right', value: ({ redrives }) => (redrives === 0 ? '' : redrives) },
      { title: 'MESSAGE', value: ({ message, redriveMessage }) => redriveMessage ?? message, least: 16 },
    ],
    width,
  );
}

export const showDeadLetter = defineCommand({
  name: 'dead-letters show',
  summary: 'shows one of them, with its record',
  words: [{ name: 'ID', help: 'as dead-letters lists it' }],
  options: { json: { type: 'boolean', default: false, help: 'as JSON, for programs' }, ...TARGET_OPTIONS },
  examples: [['npx shardbeat dead-letters show 3/1795735286/70', 'what is known of it, and its fields']],
  run: async ({ words: [id = ''], options }, world) => {
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    const [letter] = await some(await target.open(), { id }, 1, signal);
    if (letter === undefined) {
      throw new SettingsError('ID', id, 'there is no such dead letter (any more): dead-letters lists them');
    }
    world.out(options.json ? `${writeLetter(letter)}\n` : describeLetter(letter));
    return 0;
  },
});

export const dropDeadLetters = defineCommand({
  name: 'dead-letters drop',
  summary: 'removes them without giving them to anybody',
  about: `There is no way back: it asks. Say which, or --all. One that a redrive has in work stays.`,
  options: {
    all: { type: 'boolean', default: false, help: 'all that there are' },
    ...FILTER_OPTIONS,
    ...ASKING_OPTIONS,
  },
  examples: [
    ['npx shardbeat dead-letters drop --older-than 30d --dry-run', 'how many that would be'],
    ['npx shardbeat dead-letters drop --id 3/1795735286/70 --yes', 'one, without a question'],
  ],
  exitCodes: { [EXIT_NO]: 'some stay, since a redrive has them, or you did not agree' },
  run: async ({ options }, world) => {
    const filter = filterOf(options);
    const isSome = Object.keys(filter).length > 0;
    if (isSome === options.all) {
      const remedy = 'say which, by --id, --shard, --error, --older-than or --younger-than, or --all';
      throw new SettingsError('--all', options.all || undefined, `${remedy}${isSome ? ', not both' : ''}`);
    }
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    const group = await target.open();
    const dryRun = options['dry-run'];
    if (dryRun || !options.yes) {
      let found = 0;
      for await (const _letter of group.deadLetters(filter, { signal })) found++;
      const what = `${several(found, 'dead letter')} of group ${target.group}, ${target.place}`;
      if (dryRun) {
        const json = JSON.stringify({ group: target.group, dryRun, found });
        world.out(options.json ? `${json}\n` : `${what}, would be dropped\n`);
        return 0;
      }
      if (!(await agreed(world, options, `Drop ${what}? There is no way back.`))) return EXIT_NO;
    }
    const { dropped, skipped } = await group.dropDeadLetters(isSome ? filter : 'all', { signal });
    const stay = skipped === 0 ? '' : `; ${several(skipped, 'of them', 'of them')} stay: a redrive has them`;
    if (options.json) world.out(`${JSON.stringify({ group: target.group, dryRun, dropped, skipped })}\n`);
    else world.out(`dropped: ${several(dropped, 'dead letter')}${stay}\n`);
    return skipped === 0 ? 0 : EXIT_NO;
  },
});
