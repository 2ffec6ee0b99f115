import { fork } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import type { Clock } from '../../lib/runtime.ts';
import { SANDBOX_MAIN } from '../files.ts';
import type { Invocation } from './invocation.ts';
import type { InvokeMessage, SandboxMessage } from './messages.ts';
import type { LogEvent } from './outputLines.ts';
import { createLineSplitter, parseLogEvent } from './outputLines.ts';

export interface SandboxOptions {
  functionName: string;
  /** Path of an ES module that exports `handler(event, context)`. */
  bundle: string;
  /** The function's variables; of the host's own it gets only PATH and TMPDIR. */
  environment: Readonly<Record<string, string>>;
  /** A process was started for the function. */
  onStart?: (pid: number) => void;
  /** The process ended, though not by this sandbox's hand: during a call or between two. */
  onDeath?: (reason: string) => void;
  /** A line the function printed that is a log event. */
  onEvent?: (event: LogEvent) => void;
  /** Any other line it printed. */
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
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let ending: string | undefined;
  let settle: ((invocation: Invocation) => void) | undefined;
  let killing = false;
  const end = (error: string): void => {
    if (ending !== undefined) return;
    ending = error;
    if (!killing) options.onDeath?.(error);
    settle?.({ outcome: 'died', error });
  };
  child.once('exit', (code, signal) => end(`the process ended with ${signal ?? `code ${code}`}`));
  // No process at all, or a message it could no longer take.
  child.on('error', (error) => end(`the process failed: ${error.message}`));
  child.on('message', (message: SandboxMessage) => settle?.(invocationOf(message)));
  const drained = Promise.all([
    once(child, 'exit'),
    forwardLines(child.stdout!, options),
    forwardLines(child.stderr!, options),
  ]);
  drained.catch(() => {});
  if (child.pid !== undefined) options.onStart?.(child.pid);

  return {
    pid: child.pid,
    alive: () => ending === undefined,
    send: (message) => {
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

async function forwardLines(stream: NodeJS.ReadableStream, options: SandboxOptions): Promise<void> {
  const lines = createLineSplitter((line) => {
    const event = parseLogEvent(line);
    if (event === undefined) options.onOutput?.(line);
    else options.onEvent?.(event);
  });
  stream.on('data', (chunk: Buffer) => lines.write(chunk));
  await once(stream, 'close');
  lines.end();
}
