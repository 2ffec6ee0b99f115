import { EXIT_INTERRUPTED, isStop } from '../lib/commandLine/stop.ts';
import { SettingsError, ShardbeatError } from '../lib/errors.ts';
import { nearestOf } from '../lib/nearest.ts';
import { explain } from '../lib/observe/plainError.ts';
import type { Command } from './command.ts';
import { ownVersion } from './ownVersion.ts';
import { remedyFor } from './remedies.ts';
import type { World } from './world.ts';

export type Sections = readonly { heading: string; commands: readonly Command[] }[];

/** Runs what was typed. Returns the exit code; never throws: what failed is said, and what is to be done. */
export async function runCommandLine(
  sections: Sections,
  args: readonly string[],
  world: World,
): Promise<number> {
  try {
    const [first, ...others] = args;
    const commands = sections.flatMap(({ commands }) => commands);
    if (first === undefined) {
      world.say(overview(sections));
      return 2;
    }
    if (first === '--version' || first === '-v') {
      world.out(`${await ownVersion()}\n`);
      return 0;
    }
    const isHelp = first === '--help' || first === '-h' || first === 'help';
    if (isHelp && others.length === 0) {
      world.out(overview(sections));
      return 0;
    }
    const { command, rest } = find(commands, isHelp ? others : args);
    return await command.run(isHelp ? ['--help'] : rest, world);
  } catch (error) {
    return failed(error, world);
  }
}

/** The command whose name begins what was typed: `serve sls` before `serve`. */
function find(commands: readonly Command[], args: readonly string[]) {
  const found = commands
    .map((command) => ({ command, length: command.name.split(' ').length }))
    .filter(({ command, length }) => args.slice(0, length).join(' ') === command.name)
    .sort((one, other) => other.length - one.length)[0];
  if (found !== undefined) return { command: found.command, rest: args.slice(found.length) };
  const [typed = ''] = args;
  const names = commands.map(({ name }) => name);
  // Short ones are near to anything.
  const nearest = typed.length > 3 ? nearestOf(typed, names) : undefined;
  const remedy = nearest === undefined ? `the commands are: ${names.join(', ')}` : `${nearest} is one`;
  throw new SettingsError('command', typed, `${remedy}; see shardbeat --help`);
}

function overview(sections: Sections): string {
  const widest = Math.max(...sections.flatMap(({ commands }) => commands.map(({ name }) => name.length)));
  const listed = sections.map(({ heading, commands }) => {
    const lines = commands.map(({ name, summary }) => `  shardbeat ${name.padEnd(widest)}   ${summary}\n`);
    return `${heading}\n${lines.join('')}`;
  });
  return `shardbeat: consumer groups for log streams, with no process to keep alive

${listed.join('\n')}
--help after a command says all of it, with examples. Those that run something on this machine come with the package
shardbeat-local.
`;
}

function failed(error: unknown, world: World): number {
  if (isStop(error)) return EXIT_INTERRUPTED;
  if (!(error instanceof ShardbeatError)) {
    world.say(explain(error));
    return 1;
  }
  if (error instanceof SettingsError) {
    world.say(error.message);
    return 2;
  }
  const remedy = remedyFor(error);
  world.say(remedy === undefined ? error.message : `${error.message}\n${remedy}`);
  return 1;
}
