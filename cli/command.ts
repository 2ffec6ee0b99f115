import type { CommandText, Options } from '../lib/commandLine/command.ts';
import { helpOf } from '../lib/commandLine/help.ts';
import { type Parsed, parseCommand } from '../lib/commandLine/parse.ts';
import type { World } from './world.ts';

/** A command of `shardbeat`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Returns the exit code. `args`: what follows the command's name. */
  run(args: readonly string[], world: World): Promise<number>;
  /** All that is said of it; undefined where that belongs to a package which is not installed. */
  text(): Promise<CommandText | undefined>;
}

/**
 * A command: its text, from which help and completion are made, and what it does with what was given. It stands in a file of its own
 * in commands/, and in the list of commands.ts.
 */
export function defineCommand<const O extends Options>(
  text: CommandText<O> & { run(given: Parsed<O>, world: World): Promise<number> },
): Command {
  const { name, summary, run } = text;
  return {
    name,
    summary,
    text: async () => text,
    run: async (args, world) => {
      const given = parseCommand<O>(text, args);
      if (given !== 'help') return run(given, world);
      world.out(helpOf(text));
      return 0;
    },
  };
}
