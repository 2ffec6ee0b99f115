import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/runtime.ts';
import type { Failed, Invocation } from './invocation.ts';
import { type SandboxOptions, type SandboxProcess, startProcess } from './sandboxProcess.ts';

export interface Sandbox {
  /** Starts a process and loads the bundle, unless that is done. What went wrong, if anything; never rejects. */
  load(): Promise<Failed | undefined>;
  /** Calls the handler, in a new process if there is none. One call at a time; never rejects. */
  invoke(event: unknown, options: { timeoutMs: number }): Promise<Invocation>;
  pid(): number | undefined;
  /** Sends its process a signal, if it has one. */
  send(signal: NodeJS.Signals): void;
  /** Kills the process, whatever it does, takes in what it had printed, and removes its files. No call may follow. */
  close(): Promise<void>;
}

/** Lambda's own limit for loading a function. */
const LOAD_MS_MAX = 10_000;

/**
 * A place where one function runs as on Lambda: in a process of its own behind the Runtime API, kept warm, killed at its deadline, with a folder for
 * temporary files that stays when the process has to be started anew.
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  const clock = options.clock ?? systemClock;
  let warm: SandboxProcess | undefined;
  let busy = false;
  let working: Promise<unknown> = Promise.resolve();
  let closed = false;
  let temporary: string | undefined;

  async function load(): Promise<SandboxProcess | Failed> {
    if (warm?.alive()) return warm;
    temporary ??= await realpath(await mkdtemp(join(options.temporary ?? tmpdir(), 'sandbox-')));
    const process = await startProcess(options, temporary, clock);
    warm = process;
    // Somebody closed it meanwhile.
    if (closed) await process.kill();
    const failure = await process.loaded(LOAD_MS_MAX);
    if (failure === undefined) return process;
    await process.kill();
    return failure;
  }

  async function invoke(event: unknown, timeoutMs: number): Promise<Invocation> {
    const process = await load();
    if ('outcome' in process) return process;
    const invocation = { event, requestId: randomUUID(), deadlineMs: clock.now() + timeoutMs };
    return process.invoke(invocation, timeoutMs);
  }

  async function alone<T>(action: () => Promise<T>): Promise<T> {
    assert(!busy && !closed, 'a sandbox takes one call at a time, and none once it is closed');
    busy = true;
    try {
      const done = action();
      working = done.catch(() => {});
      return await done;
    } finally {
      busy = false;
    }
  }

  return {
    load: () =>
      alone(async () => {
        const process = await load();
        return 'outcome' in process ? process : undefined;
      }),
    invoke: (event, { timeoutMs }) => alone(() => invoke(event, timeoutMs)),
    pid: () => (warm?.alive() ? warm.pid : undefined),
    send: (signal) => {
      if (warm?.alive()) warm.send(signal);
    },
    close: async () => {
      closed = true;
      await warm?.kill();
      await working;
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
