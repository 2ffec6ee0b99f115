import type { CommandText } from '../../lib/commandLine/command.ts';
import { helpOf } from '../../lib/commandLine/help.ts';
import { stopOnSignals } from '../../lib/commandLine/stop.ts';
import { SettingsError } from '../../lib/errors.ts';
import { systemClock, systemRandom } from '../../lib/runtime.ts';
import { parseServeClsOptions, SERVE_CLS_TEXT } from '../cls/serve/options.ts';
import { serveCls } from '../cls/serve/serve.ts';
import type { Served } from '../service/serve/serve.ts';
import { parseServeSlsOptions, SERVE_SLS_TEXT } from '../sls/serve/options.ts';
import { serveSls } from '../sls/serve/serve.ts';
import { failed } from './failed.ts';

interface Command {
  readonly text: CommandText;
  /** What its options start. Throws a SettingsError for an option that cannot be used. */
  parse(args: readonly string[]): (() => Promise<Served>) | 'help';
}

const MEANS = { clock: systemClock, random: systemRandom.next };

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  [
    'sls',
    {
      text: SERVE_SLS_TEXT,
      parse: (args) => {
        const options = parseServeSlsOptions(args);
        return options === 'help' ? 'help' : () => serveSls(options, MEANS);
      },
    },
  ],
  [
    'cls',
    {
      text: SERVE_CLS_TEXT,
      parse: (args) => {
        const options = parseServeClsOptions(args);
        return options === 'help' ? 'help' : () => serveCls(options, MEANS);
      },
    },
  ],
]);

const HELP = `shardbeat serve: a log service on this machine, for as long as you need it

${[...COMMANDS.values()].map(({ text }) => `  shardbeat ${text.name} [options]    ${text.summary}`).join('\n')}

  --help after a service lists its options.
`;

const SERVICE_SETTINGS = ['port', 'data'];

/** `shardbeat serve`. Never throws; returns the exit code. */
export async function serve(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  try {
    if (name === '--help' || name === '-h') {
      process.stdout.write(HELP);
      return 0;
    }
    const command = COMMANDS.get(name);
    if (command) return await run(command, rest);
    const names = [...COMMANDS.keys()].join(', ');
    throw new SettingsError('service', name, `the services are: ${names}; see shardbeat serve --help`);
  } catch (error) {
    // The service names its settings, which are options here.
    const isOption = error instanceof SettingsError && SERVICE_SETTINGS.includes(error.field);
    return failed(error, isOption ? '--' : '');
  }
}

async function run(command: Command, args: readonly string[]): Promise<number> {
  const start = command.parse(args);
  if (start === 'help') {
    process.stdout.write(helpOf(command.text));
    return 0;
  }
  const stop = untilStopped();
  const { service, banner } = await start();
  process.stdout.write(banner);
  const reason = await stop;
  await service.close();
  process.stdout.write(`\n${reason}\n`);
  return 0;
}

/** Resolves at the first signal; a second one does not wait for anything. */
function untilStopped(): Promise<string> {
  const { signal } = stopOnSignals();
  // Who reads what this says may leave; the service goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason.message));
  });
}
