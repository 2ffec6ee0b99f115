import { defineCompletion } from './commands/completion.ts';
import { consoleCommand } from './commands/console.ts';
import { cost } from './commands/cost.ts';
import { deadLetters, dropDeadLetters, showDeadLetter } from './commands/deadLetters.ts';
import { deleteGroup } from './commands/delete.ts';
import { doctor } from './commands/doctor.ts';
import { drain, undrain } from './commands/drain.ts';
import { init } from './commands/init.ts';
import { lag } from './commands/lag.ts';
import { local, serve, serveCls, serveSls } from './commands/local.ts';
import { pause, resume } from './commands/pause.ts';
import { redrive } from './commands/redrive.ts';
import { remove } from './commands/remove.ts';
import { replay } from './commands/replay.ts';
import { seek } from './commands/seek.ts';
import { status } from './commands/status.ts';
import { watch } from './commands/watch.ts';
import type { Sections } from './run.ts';

/** A new command is a file in commands/ and a word here. */
const SECTIONS: Sections = [
  { heading: 'Look at a group', commands: [status, watch, lag, consoleCommand] },
  { heading: 'Change it', commands: [pause, resume, seek, drain, undrain, remove, deleteGroup] },
  { heading: 'Dead letters', commands: [deadLetters, showDeadLetter, dropDeadLetters, redrive] },
  { heading: 'Read the past again', commands: [replay] },
  { heading: 'Check it, and reckon', commands: [doctor, cost] },
  { heading: 'Begin, and try', commands: [init, local, serve, serveSls, serveCls] },
];

/** Every command, under the headings of the help. */
export const COMMANDS: Sections = [
  ...SECTIONS,
  {
    heading: 'Type less',
    commands: [defineCompletion(SECTIONS.flatMap(({ commands }) => commands))],
  },
];
