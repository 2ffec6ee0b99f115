import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../lib/runtime.ts';
import type { Failed, Invocation } from './invocation.ts';
import { type SandboxOptions, type SandboxProcess, startProcess } from './sandboxProcess.ts';

export interface Sandbox {
  /** Starts a process and loads the bundle, unless that is done. What went wrong, if anything; never rejects. */
  load(): Promise<Failed | undefined>;
  /** Calls the handler, in a new process if there is none. One call at a time; never rejects. */
  invoke(event: unknown, options: { timeoutMs: number }): Promise<Invocation>;
  pid(): number | undefined;
  /** Kills the process, whatever it does, and takes in what it had printed. No call may follow. */
  close(): Promise<void>;
}

/** Lambda's own limit for loading a function. */
const LOAD_MS_MAX = 10_000;

/** A place where one function runs as on Lambda: in a process of its own, kept warm, killed at its deadline. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const clock = options.clock ?? systemClock;
  let warm: SandboxProcess | undefined;
  let busy = false;
  let closed = false;

  async function load(): Promise<SandboxProcess | Failed> {
    if (warm?.alive()) return warm;
    const process = startProcess(options, clock);
    warm = process;
    const loaded = await process.reply(LOAD_MS_MAX);
    if (loaded.outcome === 'answered') return process;
    await process.kill();
    if (loaded.outcome === 'died') return loaded;
    const error = loaded.outcome === 'killed' ? `it did not load within ${LOAD_MS_MAX} ms` : loaded.error;
    return { outcome: 'unloadable', error };
  }

  async function invoke(event: unknown, timeoutMs: number): Promise<Invocation> {
    const process = await load();
    if ('outcome' in process) return process;
    const answer = process.reply(timeoutMs);
    process.send({ event, requestId: randomUUID(), deadlineMs: clock.now() + timeoutMs });
    return answer;
  }

  async function alone<T>(action: () => Promise<T>): Promise<T> {
    assert(!busy && !closed, 'a sandbox takes one call at a time, and none once it is closed');
    busy = true;
    try {
      return await action();
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
    close: async () => {
      closed = true;
      await warm?.kill();
    },
  };
}
