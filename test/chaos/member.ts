import { rmSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../lib/runtime.ts';
import type { TickResult } from '../../lib/tick/result.ts';
import type { Faults } from '../../local/faults/faults.ts';
import type { HostFault } from '../../local/faults/list.ts';
import type { FunctionCode } from '../../local/host/functionCode.ts';
import type { Invocation } from '../../local/host/invocation.ts';
import type { LogEvent } from '../../local/host/outputLines.ts';
import { type ConsumersListener, startConsumers } from '../../local/run/consumers.ts';

export interface MemberOptions {
  intervalMs: number;
  timeoutMs: number;
  code: FunctionCode;
  temporary: string;
  writable: readonly string[];
  faults: Faults<HostFault>;
  environmentOf(slot: string): Readonly<Record<string, string>>;
  /** The file that tells the slot's user module to die after its next batch. */
  orderFileOf(slot: string): string;
  clock: Clock;
  listener: MemberListener;
}

export interface MemberListener {
  ticking(): void;
  /** The process was killed, by whomever but its host. */
  died(): void;
  /** A tick reached its deadline and was killed there. */
  timedOut(): void;
  /** A tick did not end well: in one shard, or as a whole. */
  interrupted(slot: string, shard?: string): void;
  /** The tick had a batch in work when the shard was somebody else's. */
  lost(slot: string, shard: string): void;
  event(slot: string, event: LogEvent): void;
  output(slot: string, line: string): void;
  /** The run proves nothing any more. */
  failed(error: unknown): void;
}

/** One slot of the group, with a schedule and a sandbox of its own. */
export interface Member {
  /** Ends the schedule for good; a tick at work is killed. */
  stop(): Promise<void>;
  /** `kill -9` of the process, if there is one; the next tick starts another. */
  kill(): void;
  /** The same as soon as the function logs this event. */
  killOn(event: string): void;
  /** The same about when the user's function has succeeded with its next batch. */
  killAfterProcess(): void;
  /** Forgets what a kill is still waiting for. */
  disarm(): void;
}

/** Resolves when the slot's function is loaded and its schedule runs. */
export async function startMember(slot: string, options: MemberOptions): Promise<Member> {
  const { listener, orderFileOf, ...schedule } = options;
  const orderFile = orderFileOf(slot);
  let pid: number | undefined;
  let killOn: string | undefined;

  const kill = (): void => {
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It had just ended.
    }
  };
  const consumersListener: ConsumersListener = {
    ...listener,
    started: (_slot, started) => {
      pid = started;
    },
    died: () => {
      pid = undefined;
      listener.died();
    },
    ticked: (_slot, invocation) => {
      if (invocation.outcome === 'killed') listener.timedOut();
      for (const shard of unfinished(invocation)) listener.interrupted(slot, shard);
      for (const shard of shardsLost(invocation)) listener.lost(slot, shard);
    },
    skipped: () => {},
    event: (_slot, event) => {
      if (event.event === killOn) {
        killOn = undefined;
        kill();
      }
      // What the user's function had done when its time was over is done again.
      if (event.event === 'batch.timedOut') listener.interrupted(slot, String(event.shard));
      if (event.event === 'ledger.failed') listener.failed(new Error(String(event.reason)));
      listener.event(slot, event);
    },
    failed: (_slot, error) => listener.failed(error),
  };
  const consumers = await startConsumers({ ...schedule, slots: [slot], listener: consumersListener });
  return {
    stop: consumers.stop,
    kill,
    killOn: (event) => {
      killOn = event;
    },
    killAfterProcess: () => writeFileSync(orderFile, ''),
    disarm: () => {
      killOn = undefined;
      rmSync(orderFile, { force: true });
    },
  };
}

/** The shards in which the tick may have processed a batch and not known its checkpoint; undefined: in any. */
function unfinished(invocation: Invocation): (string | undefined)[] {
  if (invocation.outcome !== 'answered') return [undefined];
  const { shards } = invocation.result as TickResult;
  return shards
    .filter(
      ({ stopped, cursor }) => stopped === 'storeFailed' || (stopped === 'deadline' && cursor === undefined),
    )
    .map(({ shard }) => shard);
}

function shardsLost(invocation: Invocation): string[] {
  if (invocation.outcome !== 'answered') return [];
  const { shards } = invocation.result as TickResult;
  return shards.filter(({ stopped }) => stopped === 'lost').map(({ shard }) => shard);
}
