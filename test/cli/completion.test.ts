/** Scripts of shells, in the shells, where they are installed. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { runCommandLine } from '../../cli/run.ts';
import { createWorld } from './world.ts';

const directory = mkdtempSync(join(tmpdir(), 'completion-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function scriptOf(shell: string): Promise<string> {
  const world = createWorld();
  expect(await runCommandLine(COMMANDS, ['completion', shell], world)).toBe(0);
  return world.written();
}

const isMissing = (shell: string): boolean => spawnSync(shell, ['--version']).status !== 0;

/** What the shell offers after the words, the last of which may be empty. */
async function offered(shell: 'bash' | 'zsh' | 'fish', lines: readonly string[]): Promise<string[]> {
  const script = join(directory, `completion.${shell}`);
  writeFileSync(script, await scriptOf(shell));
  const quoted = (line: string): string => `'${line}'`;
  const drivers = {
    bash: `source ${script}
      t() { COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMPREPLY=(); _shardbeat; echo "\${COMPREPLY[*]}"; }
      ${lines.map((line) => `t ${line.split(' ').map(quoted).join(' ')}`).join('\n')}`,
    zsh: `compdef() { :; }; found=()
      _describe() { found+=(\${\${(P)@[-1]}%%:*}); }
      _files() { found+=(files); }
      compadd() { shift; found+=("$@"); }
      source ${script}
      t() { found=(); words=("$@"); CURRENT=$#; _shardbeat; print -r -- "$found"; }
      ${lines.map((line) => `t ${line.split(' ').map(quoted).join(' ')}`).join('\n')}`,
    fish: `source ${script}
      ${lines.map((line) => `echo (complete -C ${quoted(line)} | string replace -r '\\t.*' '')`).join('\n')}`,
  };
  const driver = join(directory, `driver.${shell}`);
  writeFileSync(driver, drivers[shell]);
  const { stdout, stderr } = spawnSync(shell, [driver], { encoding: 'utf8', cwd: directory });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

const LINES = [
  'shardbeat ',
  'shardbeat dead-letters drop --a',
  'shardbeat serve ',
  'shardbeat local --source ',
  'shardbeat status --group ',
  'shardbeat completion ',
];

describe.each(['bash', 'zsh', 'fish'] as const)('the completion of %s', (shell) => {
  it('has every command with every option', async () => {
    const script = await scriptOf(shell);
    for (const command of COMMANDS.flatMap(({ commands }) => commands)) {
      const text = await command.text();
      for (const word of command.name.split(' ')) expect(script).toContain(word);
      for (const option of Object.keys(text?.options ?? {})) {
        expect(script).toContain(shell === 'fish' ? `-l '${option}'` : `--${option}`);
      }
    }
  });

  it.skipIf(isMissing(shell))('offers commands, options, and the values that there are', async () => {
    const [commands, option, service, source, group, shells] = await offered(shell, LINES);
    expect(commands!.split(' ')).toEqual(expect.arrayContaining(['status', 'dead-letters', 'redrive']));
    expect(option).toContain('--all');
    expect(service!.split(' ')).toEqual(expect.arrayContaining(['sls', 'cls']));
    expect(source!.split(' ').sort()).toEqual(['cls', 'sls']);
    expect(group).toBe('');
    expect(shells!.split(' ')).toEqual(expect.arrayContaining(['bash', 'fish', 'zsh']));
  });

  it.skipIf(isMissing(shell))('runs nothing of what was typed', async () => {
    await offered(shell, ['shardbeat status $(touch ran) ', 'shardbeat $(touch ran)']);
    expect(existsSync(join(directory, 'ran'))).toBe(false);
  });
});

it('completion is of shells that are known', async () => {
  const world = createWorld();
  expect(await runCommandLine(COMMANDS, ['completion', 'tcsh'], world)).toBe(2);
  expect(world.said()).toBe('SHELL: "tcsh" cannot be used: choose bash or zsh or fish');
});
