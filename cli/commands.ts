import type { Command } from './command.ts';
import { init } from './commands/init.ts';
import { lag } from './commands/lag.ts';
import { local, serve, serveCls, serveSls } from './commands/local.ts';
import { status } from './commands/status.ts';
import { watch } from './commands/watch.ts';

/** Every command, under the headings of the help. A new one is a file in commands/ and a word here. */
export const COMMANDS: readonly { heading: string; commands: readonly Command[] }[] = [
  { heading: 'Look at a group', commands: [status, watch, lag] },
  { heading: 'Begin, and try', commands: [init, local, serve, serveSls, serveCls] },
];
