import { stopOnSignals } from '../lib/commandLine/stop.ts';
import { systemClock } from '../lib/runtime.ts';
import { askOn } from './question.ts';

/** What a command sees of the process that it runs in. */
export interface World {
  /** To stdout: what was asked for. */
  out(text: string): void;
  /** To stderr: what is said besides. */
  say(line: string): void;
  /** Of a terminal; undefined where stdout is none, and nothing need fit. */
  readonly columns: number | undefined;
  /** The same of its height. */
  readonly rows: number | undefined;
  /** Asks a person; undefined where there is nobody. Rejects at Ctrl-C, as one that was stopped. */
  ask(question: string): Promise<string | undefined>;
  readonly environment: NodeJS.ProcessEnv;
  /** Where the command was typed. */
  readonly directory: string;
  readonly clock: { now(): number; sleep(durationMs: number, signal?: AbortSignal): Promise<void> };
  /** From when it is called on, it aborts at the first Ctrl-C; a second one does not wait for anything. */
  untilStopped(): AbortSignal;
}

/** This process. */
export function processWorld(): World {
  return {
    out: (text) => void process.stdout.write(text),
    say: (line) => void process.stderr.write(`${line}\n`),
    get columns() {
      return process.stdout.isTTY ? process.stdout.columns : undefined;
    },
    get rows() {
      return process.stdout.isTTY ? process.stdout.rows : undefined;
    },
    ask,
    environment: process.env,
    directory: process.cwd(),
    clock: systemClock,
    untilStopped,
  };
}

async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return askOn(process.stdin, process.stderr, question);
}

function untilStopped(): AbortSignal {
  const { signal } = stopOnSignals();
  // Whoever reads what this says may leave, as `head` does.
  process.stdout.on('error', () => process.exit(0));
  return signal;
}
