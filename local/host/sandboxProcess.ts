import { fork } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import type { Clock } from '../../lib/runtime.ts';
import { SANDBOX_MAIN } from '../files.ts';
import type { Invocation } from './invocation.ts';
import { lastWordsIn, limitLines } from './lastWords.ts';
import { HEAP_MB, type InvokeMessage, type LastWords, type SandboxMessage } from './messages.ts';
import type { LogEvent } from './outputLines.ts';
import { createLineSplitter, parseLogEvent } from './outputLines.ts';

export interface SandboxOptions {
  functionName: string;
  /** Path of an ES module that exports `handler(event, context)`. */
  bundle: string;
  /** The function's variables; of the host's own it gets only PATH, and TMPDIR unless it is given one. */
  environment: Readonly<Record<string, string>>;
  /** A process was started for the function. */
  onStart?: (pid: number) => void;
  /** The process ended, though not by this sandbox's hand: during a call or between two. Why, as far as it could say; `details`: with its stack. */
  onDeath?: (reason: string, details: string | undefined) => void;
  /** A line the function printed that is a log event. */
  onEvent?: (event: LogEvent) => void;
  /** Any other line it printed; of what a call writes to stderr the beginning. */
  onOutput?: (line: string) => void;
  clock?: Clock;
}

/** One process of a sandbox, from its start to its end. */
export interface SandboxProcess {
  pid: number | undefined;
  alive(): boolean;
  send(message: InvokeMessage): void;
  /** What the process says next, or how it ended; it is killed if it says nothing for `timeoutMs`. */
  reply(timeoutMs: number): Promise<Invocation>;
  /** Resolves when the process is gone and its output was taken in. */
  kill(): Promise<void>;
}

/** How long to wait for the last output of a dead process: a program it had started may hold the pipe open. */
const DRAIN_MS_MAX = 1_000;

/** Starts a process that loads the bundle; its first reply says whether that went well. */
export function startProcess(options: SandboxOptions, clock: Clock): SandboxProcess {
  const child = fork(SANDBOX_MAIN, [options.bundle, options.functionName], {
    env: processEnvironment(options.environment),
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let ending: string | undefined;
  let lastWords: LastWords | undefined;
  let settle: ((invocation: Invocation) => void) | undefined;
  let killing = false;
  const end = async (how: string): Promise<void> => {
    if (ending !== undefined) return;
    ending = how;
    await untilDrained();
    if (lastWords !== undefined) ending = `${how}: ${lastWords.words}`;
    if (!killing) options.onDeath?.(ending, lastWords?.details);
    settle?.({ outcome: 'died', error: ending });
  };
  child.once('exit', (code, signal) => void end(`the process ended with ${signal ?? `code ${code}`}`));
  // No process at all, or a message it could no longer take.
  child.on('error', (error) => void end(`the process failed: ${error.message}`));
  child.on('message', (message: SandboxMessage) => settle?.(invocationOf(message)));
  const onLine = (line: string): void => {
    const event = parseLogEvent(line);
    if (event === undefined) options.onOutput?.(line);
    else options.onEvent?.(event);
  };
  const complaints = limitLines(onLine);
  const onComplaint = (line: string): void => {
    const said = lastWordsIn(line);
    lastWords = said ?? lastWords;
    if (!said?.isOurs) complaints.line(line);
  };
  const drained = Promise.all([
    once(child, 'exit'),
    forwardLines(child.stdout!, onLine),
    forwardLines(child.stderr!, onComplaint).then(complaints.end),
  ]);
  drained.catch(() => {});
  if (child.pid !== undefined) options.onStart?.(child.pid);

  return {
    pid: child.pid,
    alive: () => ending === undefined,
    send: (message) => {
      complaints.end();
      if (child.connected) child.send(message, () => {});
    },
    reply: async (timeoutMs) => {
      if (ending !== undefined) return { outcome: 'died', error: ending };
      const timer = new AbortController();
      const said = new Promise<Invocation>((resolve) => {
        settle = resolve;
      });
      const late = clock.sleep(timeoutMs, timer.signal).then(
        (): Invocation => ({ outcome: 'killed' }),
        () => said,
      );
      const invocation = await Promise.race([said, late]);
      settle = undefined;
      timer.abort();
      if (invocation.outcome === 'killed') await kill();
      return invocation;
    },
    kill,
  };

  async function kill(): Promise<void> {
    killing = true;
    child.kill('SIGKILL');
    await untilDrained();
  }

  async function untilDrained(): Promise<void> {
    const patience = new AbortController();
    await Promise.race([drained, clock.sleep(DRAIN_MS_MAX, patience.signal)]).catch(() => {});
    patience.abort();
  }
}

function invocationOf(message: SandboxMessage): Invocation {
  if (message.kind === 'failed') return { outcome: 'failed', error: message.error };
  return { outcome: 'answered', result: message.kind === 'answered' ? message.result : undefined };
}

/** On Lambda a function sees nothing of whoever deployed it: no profile, no proxy, no Node options. */
function processEnvironment(given: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = '', TMPDIR } = process.env;
  const own = { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull };
  return { PATH, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...own, ...given };
}

async function forwardLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  const lines = createLineSplitter(onLine);
  stream.on('data', (chunk: Buffer) => lines.write(chunk));
  await once(stream, 'close');
  lines.end();
}
