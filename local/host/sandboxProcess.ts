import { spawn } from 'node:child_process';
import { devNull } from 'node:os';
import { join, sep } from 'node:path';
import { allowedNodeEnvironmentFlags, execPath, platform } from 'node:process';
import type { Clock } from '../../lib/runtime.ts';
import { SANDBOX_MAIN } from '../files.ts';
import { arnOf, environmentOf } from './environment.ts';
import type { FunctionCode } from './functionCode.ts';
import type { Failed, Invocation } from './invocation.ts';
import { limitMemory } from './memoryLimit.ts';
import { thawWhenOrphaned } from './orphans.ts';
import { type OutputListener, takeOutput } from './output.ts';
import { type RuntimeFailure, type RuntimeInvocation, type Said, startRuntimeApi } from './runtimeApi.ts';

export interface SandboxOptions extends OutputListener {
  functionName: string;
  code: FunctionCode;
  /** The function's variables, besides those of Lambda; of the host's own it gets only PATH. */
  environment: Readonly<Record<string, string>>;
  /** 512 unless set, as the plugin has it. */
  memoryMb?: number;
  /** Where its folder for temporary files is made; this machine's own, unless set. */
  temporary?: string;
  /** Folders and files that the function may write to, besides its own folder for temporary files: what nobody has on Lambda. */
  writable?: readonly string[];
  /** Its process stands still between two invocations, where the system knows how. */
  freezes?: boolean;
  /** Another runtime than ours: a program of Node. */
  runtime?: string;
  /** A process was started for the function. */
  onStart?: (pid: number) => void;
  /** The process ended, though not by this sandbox's hand: during a call or between two. Why, as far as it could say; `details`: with its stack. */
  onDeath?: (reason: string, details: string | undefined) => void;
  clock?: Clock;
}

/** One process of a sandbox, from its start to its end. */
export interface SandboxProcess {
  pid: number | undefined;
  alive(): boolean;
  send(signal: NodeJS.Signals): void;
  /** Resolves when the runtime has loaded the function: with what went wrong, if anything. */
  loaded(timeoutMs: number): Promise<Failed | undefined>;
  /** What came of an invocation, or how the process ended; it is killed if it is not done after `timeoutMs`. */
  invoke(invocation: RuntimeInvocation, timeoutMs: number): Promise<Invocation>;
  /** Resolves when the process is gone and its output was taken in. */
  kill(): Promise<void>;
}

const MEMORY_MB = 512;
const MEMORY_LOOK_MS = 50;
/** How long to wait for the last output of a dead process: a program it had started may hold the pipe open. */
const DRAIN_MS_MAX = 1_000;

/** Starts a process that loads the function. `temporary`: its folder for temporary files. */
export async function startProcess(
  options: SandboxOptions,
  temporary: string,
  clock: Clock,
): Promise<SandboxProcess> {
  const { functionName, code, memoryMb = MEMORY_MB, environment: given } = options;
  const freezes = options.freezes === true && platform !== 'win32';
  let ending: string | undefined;
  let killing = false;
  /** What the runtime said since it was given an invocation, or started. */
  let said: Invocation | undefined;
  let posted: RuntimeFailure | undefined;
  let settle: (how: 'next' | 'ended') => void = () => {};

  const onSaid = (what: Said): void => {
    if (what.kind === 'answered') {
      said = { outcome: 'answered', result: what.result };
    } else if (what.kind === 'next') {
      posted = undefined;
      if (freezes) child.kill('SIGSTOP');
      settle('next');
    } else {
      posted = what.error;
      said = { outcome: what.kind === 'failed' ? 'failed' : 'unloadable', error: what.error.details };
      if (what.kind === 'initFailed') settle('next');
    }
  };
  const api = await startRuntimeApi({ functionArn: arnOf(functionName), onSaid });
  const variables = { functionName, code, memoryMb, temporary, runtimeApi: api.address, given };
  const child = spawn(execPath, argumentsOf(options, memoryMb, temporary), {
    cwd: code.taskRoot,
    env: environmentOf(variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const limit = limitMemory(child.pid, memoryMb, {
    lookMs: MEMORY_LOOK_MS,
    onExceeded: () => child.kill('SIGKILL'),
  });
  const output = takeOutput(child, options);

  const end = async (how: string): Promise<void> => {
    if (ending !== undefined) return;
    ending = how;
    api.close();
    await untilDrained();
    limit.release();
    const memory = limit.wasExceeded() ? `it had more than ${memoryMb} MB of memory` : undefined;
    const why = posted?.message ?? memory ?? output.fatalError();
    if (why !== undefined) ending = `${how}: ${why}`;
    if (!killing) options.onDeath?.(ending, posted?.details);
    settle('ended');
  };
  child.once('exit', (code, signal) => void end(`the process ended with ${signal ?? `code ${code}`}`));
  child.once('error', (error) => void end(`the process failed: ${error.message}`));
  if (child.pid !== undefined) options.onStart?.(child.pid);
  if (child.pid !== undefined && freezes) thawWhenOrphaned(child.pid);

  async function until(timeoutMs: number): Promise<'next' | 'ended' | 'late'> {
    if (ending !== undefined) return 'ended';
    const timer = new AbortController();
    const settled = new Promise<'next' | 'ended'>((resolve) => {
      settle = resolve;
    });
    const late = clock.sleep(timeoutMs, timer.signal).then(
      () => 'late' as const,
      () => settled,
    );
    const how = await Promise.race([settled, late]);
    timer.abort();
    if (how === 'late') await kill();
    return how;
  }

  async function kill(): Promise<void> {
    killing = true;
    child.kill('SIGKILL');
    await untilDrained();
    api.close();
  }

  async function untilDrained(): Promise<void> {
    const patience = new AbortController();
    await Promise.race([output.drained, clock.sleep(DRAIN_MS_MAX, patience.signal)]).catch(() => {});
    patience.abort();
  }

  return {
    pid: child.pid,
    alive: () => ending === undefined,
    send: (signal) => void child.kill(signal),
    loaded: async (timeoutMs) => {
      const how = await until(timeoutMs);
      if (said?.outcome === 'unloadable') return said;
      if (how === 'next') return undefined;
      const isLate = how === 'late';
      return isLate
        ? { outcome: 'unloadable', error: `it did not load within ${timeoutMs} ms` }
        : { outcome: 'died', error: ending! };
    },
    invoke: async (invocation, timeoutMs) => {
      output.begin();
      said = undefined;
      const done = until(timeoutMs);
      if (freezes) child.kill('SIGCONT');
      api.give(invocation);
      const how = await done;
      // An answer is one, whatever becomes of the process thereafter.
      if (said !== undefined && (how === 'next' || (said as Invocation).outcome === 'answered')) return said;
      if (how === 'late') return { outcome: 'killed' };
      return how === 'ended' ? { outcome: 'died', error: ending! } : WORDLESS;
    },
    kill,
  };
}

const WORDLESS: Failed = { outcome: 'failed', error: 'the runtime went on without an answer' };

/** How much of its memory Lambda leaves to JavaScript. */
const HEAP_SHARE = 0.9;

/** Node's, and the runtime. Of what the function may do, it lacks what it lacks on Lambda: to write anywhere but to its temporary files. */
function argumentsOf(
  { writable = [], runtime }: SandboxOptions,
  memoryMb: number,
  temporary: string,
): string[] {
  const allowed = ['addons', 'child-process', 'net', 'wasi', 'worker'].map((what) => `--allow-${what}`);
  return [
    `--max-old-space-size=${Math.floor(memoryMb * HEAP_SHARE)}`,
    '--permission',
    '--disable-warning=SecurityWarning',
    ...allowed.filter((flag) => allowedNodeEnvironmentFlags.has(flag)),
    '--allow-fs-read=*',
    ...[join(temporary, sep), devNull, ...writable].map((path) => `--allow-fs-write=${path}`),
    runtime ?? SANDBOX_MAIN,
  ];
}
