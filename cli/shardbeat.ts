#!/usr/bin/env node
import { SettingsError } from '../lib/errors.ts';
import { local } from './local.ts';
import { serve } from './serve.ts';

const HELP = `shardbeat: consumer groups for log streams, with no process to keep alive

  shardbeat local [options]        run a stream and its consumer group on this machine
  shardbeat serve sls [options]    run Alibaba Cloud SLS on this machine

  --help after a command lists its options.
`;

const [command, ...args] = process.argv.slice(2);

switch (command) {
  case 'local':
    process.exitCode = await local(args);
    break;
  case 'serve':
    process.exitCode = await serve(args);
    break;
  case '--help':
  case '-h':
    process.stdout.write(HELP);
    break;
  default: {
    const error = new SettingsError('command', command ?? '', 'the commands are: local, serve');
    process.stderr.write(`${error.message}\n\n${HELP}`);
    process.exitCode = 2;
  }
}
