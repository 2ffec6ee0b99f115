#!/usr/bin/env node
import { SettingsError } from '../lib/errors.ts';
import { explain } from '../lib/observe/plainError.ts';
import { init } from './init/init.ts';
import { loadLocalPackage } from './localPackage.ts';

const HELP = `shardbeat: consumer groups for log streams, with no process to keep alive

  shardbeat init DIR [options]         write a project: a module, its test, its deployment
  shardbeat local [options]            run a stream and its consumer group on this machine
  shardbeat serve sls|cls [options]    run a log service on this machine: Alibaba Cloud SLS, or Tencent Cloud CLS

  --help after a command lists its options. The last two come with the package shardbeat-local.
`;

/** What was asked for. Returns the exit code. Throws a SettingsError for a command that there is not. */
async function run([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case 'init':
      await init(args);
      return 0;
    case 'local':
    case 'serve':
      return (await loadLocalPackage(command))[command](args);
    case '--help':
    case '-h':
      process.stdout.write(HELP);
      return 0;
    default:
      throw new SettingsError(
        'command',
        command ?? '',
        'the commands are: init, local, serve; see shardbeat --help',
      );
  }
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const isSettings = error instanceof SettingsError;
  process.stderr.write(`${isSettings ? error.message : explain(error)}\n`);
  process.exitCode = isSettings ? 2 : 1;
}
