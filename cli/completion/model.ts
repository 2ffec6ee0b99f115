/** What may come next on the command line, as the scripts of all shells need it. */
import { HELP_OPTION, type OptionSpec } from '../../lib/commandLine/command.ts';
import type { Command } from '../command.ts';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface CompletedOption extends Candidate {
  /** What comes after it: nothing, any text, a file, or one of these. */
  readonly takes: 'nothing' | 'text' | 'file' | readonly string[];
}

/** One command, or the beginning of some: '' is that of all. */
export interface CompletedCommand {
  /** As it is typed. */
  readonly name: string;
  /** Words that make it another command. */
  readonly words: readonly Candidate[];
  readonly options: readonly CompletedOption[];
}

const DESCRIPTION_CHARACTERS_MAX = 60;
const FILES = new Set(['FILE', 'DIR']);

/** In the order in which they are to be tried: what is longer first. */
export async function completionOf(commands: readonly Command[]): Promise<CompletedCommand[]> {
  const texts = await Promise.all(
    commands.map(async ({ name, summary, text }) => {
      const { options = {}, words = [] } = (await text()) ?? {};
      return { name, summary, options, choices: words[0]?.choices ?? [] };
    }),
  );
  const root = { name: '', summary: '', options: {}, choices: [] };
  const completed = [root, ...texts].map(({ name, options, choices }) => ({
    name,
    words: [...wordsAfter(name, texts), ...choices.map((value) => ({ value, description: value }))],
    options: Object.entries({ ...options, help: HELP_OPTION }).map(([option, spec]) =>
      optionOf(option, spec),
    ),
  }));
  return completed.sort((one, other) => other.name.length - one.name.length);
}

/** The next words of all commands that begin so. */
function wordsAfter(begun: string, texts: readonly { name: string; summary: string }[]): Candidate[] {
  const prefix = begun === '' ? '' : `${begun} `;
  const words = new Map<string, string>();
  for (const { name, summary } of texts) {
    if (name === begun || !name.startsWith(prefix)) continue;
    const [word = ''] = name.slice(prefix.length).split(' ');
    if (!words.has(word)) words.set(word, shortened(summary));
  }
  return [...words].map(([value, description]) => ({ value, description }));
}

function optionOf(name: string, { type, value, choices, help }: OptionSpec): CompletedOption {
  const isFile = value !== undefined && FILES.has(value);
  const takes = type === 'boolean' ? 'nothing' : (choices ?? (isFile ? 'file' : 'text'));
  return { value: `--${name}`, description: shortened(help), takes };
}

/** The first part of a sentence, without what a shell would take for something else. */
function shortened(text: string): string {
  const [first = ''] = text.split(/[;(:]|, (?:and|such|where|as) /);
  const words = first.replaceAll(/['"`\\$’]/g, '').trim();
  return words.length <= DESCRIPTION_CHARACTERS_MAX
    ? words
    : `${words.slice(0, DESCRIPTION_CHARACTERS_MAX - 1)}…`;
}
