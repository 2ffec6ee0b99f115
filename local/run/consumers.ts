import { ShardbeatError } from '../../lib/errors.ts';
import type { Clock } from '../../lib/runtime.ts';
import { createDice } from '../faults/dice.ts';
import { createFaults, type Faults } from '../faults/faults.ts';
import { type HostFault, hostRates } from '../faults/list.ts';
import type { FunctionCode } from '../host/functionCode.ts';
import type { Invocation } from '../host/invocation.ts';
import type { LogEvent } from '../host/outputLines.ts';
import { createPlatform } from '../host/platform.ts';
import { createPool } from '../host/pool.ts';
import { createSandbox, type Sandbox } from '../host/sandbox.ts';
import { startScheduler } from '../host/scheduler.ts';

export interface ConsumersOptions {
  slots: readonly string[];
  intervalMs: number;
  /** When a tick is killed, counted from its start. */
  timeoutMs: number;
  code: FunctionCode;
  /** Where the folders for temporary files are made; this machine's own, unless set. */
  temporary?: string;
  /** What the function may write to besides, for the sake of whoever looks on. */
  writable?: readonly string[];
  environmentOf(slot: string): Readonly<Record<string, string>>;
  /** What goes wrong on the platform; nothing unless set. */
  faults?: Faults<HostFault> | undefined;
  clock: Clock;
  listener: ConsumersListener;
}

export interface ConsumersListener {
  /** A process was started for the slot. */
  started(slot: string, pid: number): void;
  /** The slot's process ended by itself, or somebody killed it. `details`: why, with its stack, if it could say. */
  died(slot: string, reason: string, details: string | undefined): void;
  /** A tick begins. */
  ticking(slot: string): void;
  /** The tick is over. */
  ticked(slot: string, invocation: Invocation): void;
  /** A tick did not take place, because the one before still ran. */
  skipped(slot: string): void;
  event(slot: string, event: LogEvent): void;
  output(slot: string, line: string): void;
  /** The host itself could not start a tick. */
  failed(slot: string, error: unknown): void;
}

export interface Consumers {
  /** No tick starts any more, and those that run are killed; resolves when no process is left. */
  stop(): Promise<void>;
}

/** Of a host on which all goes well. */
const NONE = createFaults(hostRates(0), createDice(''));

/**
 * Starts a sandbox for each slot, and then the schedule: each is ticked once per interval with the event `{ slot }`.
 *
 * @throws ShardbeatError if the function cannot be loaded
 */
export async function startConsumers(options: ConsumersOptions): Promise<Consumers> {
  const { slots, intervalMs, timeoutMs, clock, listener, faults = NONE } = options;
  const pools = new Map(slots.map((slot) => [slot, createPool(() => createSlotSandbox(slot, options))]));
  await using started = new AsyncDisposableStack();
  const closeAll = async (): Promise<void> => {
    await Promise.all([...pools.values()].map((pool) => pool.close()));
  };
  started.defer(closeAll);
  // All of them before the first tick: a tick that begins late ends late, and the next one would find its slot taken.
  const loaded = await Promise.all(
    [...pools.values()].map(async (pool) => {
      const sandbox = pool.take();
      const failure = await sandbox.load();
      await pool.giveBack(sandbox);
      return failure;
    }),
  );
  // Somebody may have killed one already; that is for its next tick to put right.
  const failed = loaded.find((failure) => failure?.outcome === 'unloadable');
  if (failed !== undefined) {
    throw new ShardbeatError(`the function cannot be loaded: ${failed.error}`, { retriable: false });
  }

  const stopped = new AbortController();
  const { signal } = stopped;
  const scheduler = startScheduler({
    slots,
    intervalMs,
    clock,
    invoke: createPlatform({
      ...{ intervalMs, timeoutMs, clock, faults, signal },
      poolOf: (slot) => pools.get(slot)!,
      onSkipped: listener.skipped,
      run: async (slot, sandbox) => {
        listener.ticking(slot);
        const invocation = await sandbox.invoke({ slot }, { timeoutMs });
        if (!signal.aborted) listener.ticked(slot, invocation);
        return invocation;
      },
    }),
    onError: (slot, error) => {
      if (!signal.aborted) listener.failed(slot, error);
    },
  });
  started.move();
  return {
    stop: () => {
      stopped.abort();
      scheduler.stop();
      return closeAll();
    },
  };
}

function createSlotSandbox(slot: string, options: ConsumersOptions): Sandbox {
  const { code, temporary, writable, environmentOf, faults = NONE, clock, listener } = options;
  return createSandbox({
    functionName: 'shardbeat-consume',
    code,
    environment: environmentOf(slot),
    freezes: faults.happens('freeze'),
    ...(temporary !== undefined && { temporary }),
    ...(writable !== undefined && { writable }),
    onStart: (pid) => listener.started(slot, pid),
    onDeath: (reason, details) => listener.died(slot, reason, details),
    onEvent: (event) => listener.event(slot, event),
    onOutput: (line) => listener.output(slot, line),
    clock,
  });
}
