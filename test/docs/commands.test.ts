/** Whatever a page types, the command line knows. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { HELP_OPTION, type Options } from '../../lib/commandLine/command.ts';

const ROOT = join(import.meta.dirname, '../..');
const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
const PAGES = ['README.md', ...docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];
const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8').replaceAll('\\\n', ' ');

const commands = await Promise.all(
  COMMANDS.flatMap((section) => section.commands).map(async (command) => ({
    name: command.name,
    options: ((await command.text())?.options ?? {}) as Options,
  })),
);

/** The longest name that the line begins with. */
const commandOf = (line: string) =>
  commands
    .filter(({ name }) => `${line} `.startsWith(`${name} `))
    .sort((one, other) => other.name.length - one.name.length)[0];

describe('a command line in the documentation', () => {
  const typed = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\bnpx shardbeat ([^`\n|#]*)/g)].map(([, line = '']) => ({
      page,
      line: line.trim(),
    })),
  );

  it('is of a command that there is, with options that it has', () => {
    expect(typed.length).toBeGreaterThan(30);
    for (const { page, line } of typed) {
      if (/^--(help|version)\b/.test(line)) continue;
      const command = commandOf(line.replaceAll(/[.,:;)]+(?=\s|$)/g, ''));
      expect(command, `${page}: npx shardbeat ${line}`).toBeDefined();
      const names = [...line.matchAll(/(?<=\s)--([a-z][a-z-]*)/g)].map(([, name]) => name!);
      const known = Object.keys({ ...command!.options, help: HELP_OPTION });
      expect(known, `${page}: npx shardbeat ${line}`).toEqual(expect.arrayContaining(names));
    }
  });

  it('is there for every command', () => {
    const page = read('docs/cli.md');
    for (const { name } of commands) {
      if (name === 'serve') continue;
      expect(page, name).toMatch(new RegExp(`\`[^\`]*${name}\\b|shardbeat ${name}\\b`));
    }
  });
});
