#!/usr/bin/env node
import { COMMANDS } from './commands.ts';
import { runCommandLine } from './run.ts';
import { processWorld } from './world.ts';

const code = await runCommandLine(COMMANDS, process.argv.slice(2), processWorld());
// A module of the user's, such as one with a pool of connections, would keep the process for ever.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => void stream.write('', () => resolve()));
}
process.exit(code);
