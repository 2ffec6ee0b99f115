import { systemClock as clock } from '../../../lib/runtime.ts';
import type { TickResult } from '../../../lib/tick/result.ts';
import type { FunctionCode } from '../../../local/host/functionCode.ts';
import { type Consumers, startConsumers } from '../../../local/run/consumers.ts';
import { type ConsumedBatch, within } from '../consumed.ts';
import { type Driver, type Environment, start } from '../driver.ts';

/** Somebody who consumes in the group. */
export interface Member {
  /** With SIGKILL. An official worker is gone for good; a slot goes on in a new process with its next tick. */
  kill(): void;
  /** Ends in good order; nothing of it is left. */
  leave(): Promise<void>;
}

export interface Worker extends Member {
  /** Stands still, and notices nothing of it. */
  freeze(): void;
  thaw(): void;
}

export interface MemberOptions {
  consumer: string;
  environment: Environment;
  onBatch(batch: ConsumedBatch): void;
}

/** A process of an official SDK's consumer. */
export function startWorker(driver: Driver, { consumer, environment, onBatch }: MemberOptions): Worker {
  const named = { ...environment, INTEROP_CONSUMER: consumer };
  const { process, ended } = start(driver, 'worker', named, (line) => {
    if ('records' in (line as ConsumedBatch)) onBatch({ ...(line as ConsumedBatch), consumer });
  });
  // Whether it ended well is asked when it is told to leave; it ends badly if it is killed.
  ended.catch(() => {});
  return {
    kill: () => void process.kill('SIGKILL'),
    freeze: () => void process.kill('SIGSTOP'),
    thaw: () => void process.kill('SIGCONT'),
    leave: async () => {
      process.kill('SIGTERM');
      await within(`${consumer} to leave`, ended);
    },
  };
}

export interface SlotOptions extends MemberOptions {
  code: FunctionCode;
  intervalMs: number;
  timeoutMs: number;
  /** Takes its shards from the slot. */
  drain(): Promise<void>;
  /** A tick reached its deadline, as on a busy machine, or was killed: what it had not committed comes again. */
  onCutOff(): void;
  /** A tick failed. */
  onTrouble(trouble: string): void;
}

/** A slot of our function: a schedule, and a sandbox in which its bundle runs. */
export async function startSlot(options: SlotOptions): Promise<Member & { consumers: Consumers }> {
  const { consumer, onBatch, code, environment, intervalMs, timeoutMs } = options;
  const { onCutOff, onTrouble } = options;
  let pid: number | undefined;
  let killed = false;
  let onIdle: () => void = () => {};
  const consumers = await startConsumers({
    slots: [consumer],
    ...{ intervalMs, timeoutMs, code, clock },
    environmentOf: () => environment,
    listener: {
      started: (_slot, started) => {
        pid = started;
      },
      died: () => {},
      ticking: () => {},
      ticked: (_slot, invocation) => {
        if (invocation.outcome === 'answered') {
          if ((invocation.result as TickResult).shards.length === 0) onIdle();
          return;
        }
        const cutOff = invocation.outcome === 'killed' || (killed && invocation.outcome === 'died');
        if (cutOff) onCutOff();
        else onTrouble(`${consumer}: ${JSON.stringify(invocation)}`);
      },
      skipped: () => {},
      event: (_slot, { event, ...told }) => {
        if (event === 'interop.batch') onBatch({ ...(told as unknown as ConsumedBatch), consumer });
      },
      output: () => {},
      failed: (_slot, error) => onTrouble(`${consumer}: ${error}`),
    },
  });
  return {
    consumers,
    kill: () => {
      killed = true;
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    },
    leave: async () => {
      await options.drain();
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve;
      });
      await within(`${consumer} to give up its shards`, idle);
      await consumers.stop();
    },
  };
}
