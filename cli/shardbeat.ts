#!/usr/bin/env node
import { COMMANDS } from './commands.ts';
import { runCommandLine } from './run.ts';
import { processWorld } from './world.ts';

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2), processWorld());
