/** Which dead letters a command means, and how a person reads one. */
import { isUtf8 } from 'node:buffer';
import type { Values } from '../lib/commandLine/command.ts';
import { parseAge } from '../lib/commandLine/parse.ts';
import { SettingsError } from '../lib/errors.ts';
import type { KeptLetter, LetterFilter } from '../lib/operations.ts';
import { moment } from './amounts.ts';
import { plain } from './text.ts';

const section = 'Which dead letters';

export const FILTER_OPTIONS = {
  id: { type: 'string', value: 'ID', section, help: 'the one with this id, as dead-letters lists it' },
  shard: { type: 'string', value: 'ID', section, help: 'those of this shard' },
  error: {
    type: 'string',
    value: 'TEXT',
    section,
    help: 'those in whose message this stands; capital letters do not matter',
  },
  'older-than': {
    type: 'string',
    value: 'D',
    section,
    help: 'given up longer ago than that, such as 1h or 30d',
  },
  'younger-than': { type: 'string', value: 'D', section, help: 'given up no longer ago than that' },
} as const;

/** Without what was not given. */
export function filterOf(options: Values<typeof FILTER_OPTIONS>): LetterFilter {
  const age = (name: 'older-than' | 'younger-than') => parseAge(`--${name}`, options[name]);
  const { id, shard, error } = options;
  // A variable of a script that is not set must not mean others.
  for (const [name, text] of Object.entries({ id, shard, error }))
    if (text === '') throw new SettingsError(`--${name}`, text, 'write a text, or leave it out');
  const filter = { id, shard, error, olderThanMs: age('older-than'), youngerThanMs: age('younger-than') };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

const WHY: Readonly<Record<KeptLetter['reason'], string>> = {
  failed: 'the function failed each time',
  timedOut: 'the function took too long each time',
  died: 'its run died each time',
  tooOld: 'it was too old, and was not given any more',
};

/** Why one was given up. */
export const reasonText = (reason: KeptLetter['reason']): string => WHY[reason];

/** All that is known of a letter, a line for each. */
export function describeLetter(letter: KeptLetter): string {
  const { record, redrives, redriveMessage } = letter;
  const lines: [string, string][] = [
    ['id', letter.id],
    ['given up', `${moment(letter.givenUpAt)}: ${reasonText(letter.reason)}`],
    ['attempts', `${letter.attempts}, from ${moment(letter.firstAt)} to ${moment(letter.lastAt)}`],
    ['message', letter.message],
    [
      'redrives',
      redrives === 0
        ? '0'
        : `${redrives}${redriveMessage === undefined ? '' : `, at last: ${redriveMessage}`}`,
    ],
    ['stream', Object.values(letter.stream).join('/')],
    ['shard', letter.shard],
    ['range', `${letter.from} to ${letter.to}, record ${letter.index + 1}`],
    ['time', moment(letter.timeMs)],
    ...(letter.functionVersion === undefined
      ? []
      : ([['version', letter.functionVersion]] as [string, string][])),
  ];
  const head = lines.map(([name, text]) => `${name.padEnd(10)}${plain(text)}\n`).join('');
  if (record === undefined) {
    return `${head}\nIts record was too large to be kept: a redrive reads it from the stream, as long as that has it.\n`;
  }
  const { topic, source, tags, pairs } = record;
  const tagged = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
  const origin = `topic ${topic || '(none)'}, source ${source || '(none)'}${tagged.map((tag) => `, ${tag}`).join('')}`;
  const fields = pairs.map(([key, value]) => `  ${textOf(key)}: ${textOf(value)}\n`);
  return `${head}\n${plain(origin)}\n${fields.join('')}`;
}

/** Of what is no UTF-8, its length. */
const textOf = (bytes: Uint8Array): string =>
  isUtf8(bytes)
    ? plain(Buffer.from(bytes).toString())
    : `(${bytes.length} bytes that are no UTF-8: see --json)`;
