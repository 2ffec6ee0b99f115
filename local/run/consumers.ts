import type { Clock } from '../../lib/runtime.ts';
import type { LogEvent } from '../host/outputLines.ts';
import { createSandbox, type Invocation } from '../host/sandbox.ts';
import { startScheduler } from '../host/scheduler.ts';

export interface ConsumersOptions {
  slots: readonly string[];
  intervalMs: number;
  /** When a tick is killed, counted from its start. */
  timeoutMs: number;
  /** The function's bundle. */
  bundle: string;
  environmentOf(slot: string): Readonly<Record<string, string>>;
  clock: Clock;
  listener: ConsumersListener;
}

export interface ConsumersListener {
  /** A process was started for the slot. */
  started(slot: string, pid: number): void;
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

/** Starts the schedule: a sandbox a slot, ticked once per interval with the event `{ slot }`. */
export function startConsumers(options: ConsumersOptions): Consumers {
  const { slots, intervalMs, timeoutMs, bundle, environmentOf, clock, listener } = options;
  const sandboxes = new Map(
    slots.map((slot) => {
      const sandbox = createSandbox({
        functionName: 'shardbeat-consume',
        bundle,
        environment: environmentOf(slot),
        onStart: (pid) => listener.started(slot, pid),
        onEvent: (event) => listener.event(slot, event),
        onOutput: (line) => listener.output(slot, line),
        clock,
      });
      return [slot, sandbox] as const;
    }),
  );
  let stopped = false;
  const scheduler = startScheduler({
    slots,
    intervalMs,
    clock,
    invoke: async (slot) => {
      listener.ticking(slot);
      const invocation = await sandboxes.get(slot)!.invoke({ slot }, { timeoutMs });
      if (!stopped) listener.ticked(slot, invocation);
    },
    onSkipped: listener.skipped,
    onError: (slot, error) => {
      if (!stopped) listener.failed(slot, error);
    },
  });
  return {
    stop: async () => {
      stopped = true;
      scheduler.stop();
      await Promise.all([...sandboxes.values()].map((sandbox) => sandbox.close()));
    },
  };
}
