import { SettingsError, ShardbeatError } from '../lib/errors.ts';
import { systemClock, systemRandom } from '../lib/runtime.ts';
import { parseServeSlsOptions, SERVE_SLS_HELP } from '../local/sls/serve/options.ts';
import { serveSls } from '../local/sls/serve/serve.ts';

const HELP = `shardbeat serve: a log service on this machine, for as long as you need it

  shardbeat serve sls [options]    Alibaba Cloud SLS

  --help after a service lists its options.
`;

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const EXIT_INTERRUPTED = 130;
const SERVICE_SETTINGS = ['port', 'data'];

/** `shardbeat serve`. Never throws; returns the exit code. */
export async function serve(args: readonly string[]): Promise<number> {
  const [service, ...rest] = args;
  try {
    switch (service) {
      case 'sls':
        return await runSls(rest);
      case '--help':
      case '-h':
        process.stdout.write(HELP);
        return 0;
      default:
        throw new SettingsError(
          'service',
          service ?? '',
          'the services are: sls; see shardbeat serve --help',
        );
    }
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return error instanceof SettingsError ? 2 : 1;
  }
}

async function runSls(args: readonly string[]): Promise<number> {
  const options = parseServeSlsOptions(args);
  if (options === 'help') {
    process.stdout.write(SERVE_SLS_HELP);
    return 0;
  }
  const stop = untilStopped();
  const { service, banner } = await serveSls(options, { clock: systemClock, random: systemRandom.next });
  process.stdout.write(banner);
  const reason = await stop;
  await service.close();
  process.stdout.write(`\n${reason}\n`);
  return 0;
}

/** Resolves at the first signal; a second one does not wait for anything. */
function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of STOP_SIGNALS) {
      process.on(signal, () => {
        if (isStopping) process.exit(EXIT_INTERRUPTED);
        isStopping = true;
        resolve(`stopped by ${signal}`);
      });
    }
    // Who reads what this says may leave; the service goes on.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  });
}

/** What went wrong: for a person where it is theirs to put right, with its origin where it is ours. */
function messageOf(error: unknown): string {
  // The service names its settings, which are options here.
  if (error instanceof SettingsError && SERVICE_SETTINGS.includes(error.field)) return `--${error.message}`;
  if (error instanceof ShardbeatError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
