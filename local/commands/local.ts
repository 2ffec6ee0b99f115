import { helpOf } from '../../lib/commandLine/help.ts';
import type { OpenPage } from '../../lib/commandLine/page.ts';
import { EXIT_INTERRUPTED, stopOnSignals } from '../../lib/commandLine/stop.ts';
import { systemClock } from '../../lib/runtime.ts';
import { runLocal } from '../run/run.ts';
import { createScreen } from '../run/screen.ts';
import { exitCodeOf, formatSummary } from '../run/summary.ts';
import { failed } from './failed.ts';
import { LOCAL_TEXT, type LocalOptions, parseLocalOptions } from './options.ts';

/** Once all is said and closed, nothing may keep this process; if something does, it is not waited for. */
const EXIT_MS_MAX = 2_000;

/** What the command line does for a run; an earlier one does nothing. */
export interface Means {
  readonly openPage: OpenPage;
}

/** `shardbeat local`. Never throws; returns the exit code. */
export async function local(args: readonly string[], means?: Means): Promise<number> {
  try {
    const options = parseLocalOptions(args, process.stdout.isTTY ?? false);
    if (options === 'help') {
      process.stdout.write(helpOf(LOCAL_TEXT));
      return 0;
    }
    return await run(options, means);
  } catch (error) {
    return failed(error);
  } finally {
    setTimeout(() => process.exit(), EXIT_MS_MAX).unref();
  }
}

async function run(options: LocalOptions, means?: Means): Promise<number> {
  const stop = untilStopped();
  const screen = createScreen(options.json ? process.stderr : process.stdout, systemClock.now);
  try {
    const { stdin } = process;
    const world = { stdin, screen, clock: systemClock, signal: stop, openPage: means?.openPage };
    const result = await runLocal(options, world);
    screen.close();
    (options.json ? process.stderr : process.stdout).write(`\n${formatSummary(result)}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(result.summary)}\n`);
    return exitCodeOf(result);
  } catch (error) {
    screen.close();
    if (stop.aborted && error === stop.reason) return EXIT_INTERRUPTED;
    throw error;
  }
}

/** The first signal ends the run; a second one does not wait for it. A reader of stdout that went away ends it, too. */
function untilStopped(): AbortSignal {
  const stop = stopOnSignals();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => stop.abort(error));
  }
  return stop.signal;
}
