import type { TickResult } from '../../lib/tick/result.ts';
import type { LogEvent } from '../host/outputLines.ts';

/** What is known of the running group, from what its ticks answered and logged. */
export interface Board {
  ticking(slot: string): void;
  started(slot: string, pid: number): void;
  ticked(result: TickResult): void;
  event(slot: string, event: LogEvent): void;
  ticks(): number;
  handOffs(): number;
  logService(): LogServiceUsage;
  consumers(): ConsumerState[];
  /** The latest cursor that each shard's owner said it had committed. */
  committed(): ReadonlyMap<string, string>;
}

/** What the functions had of the log service, as they measured it. */
export interface LogServiceUsage {
  requests: number;
  /** Bytes of its answers, as they were transferred. */
  bytes: number;
  /** What was processed of it, decompressed. */
  rawBytes: number;
}

export interface ConsumerState {
  slot: string;
  pid: number | undefined;
  ticks: number;
  /** The shards it owned in its last tick. */
  shards: string[];
}

export function createBoard(slots: readonly string[]): Board {
  const consumers = new Map<string, ConsumerState>(
    slots.map((slot) => [slot, { slot, pid: undefined, ticks: 0, shards: [] }]),
  );
  const committed = new Map<string, string>();
  let handOffs = 0;
  const logService: LogServiceUsage = { requests: 0, bytes: 0, rawBytes: 0 };
  const measured = ({ sourceRequests, sourceBytes, bytes }: LogEvent): void => {
    logService.requests += Number(sourceRequests ?? 0);
    logService.bytes += Number(sourceBytes ?? 0);
    logService.rawBytes += Number(bytes ?? 0);
  };

  return {
    ticking: (slot) => {
      consumers.get(slot)!.ticks += 1;
    },
    started: (slot, pid) => {
      consumers.get(slot)!.pid = pid;
    },
    ticked: ({ slot, outcome, shards }) => {
      if (outcome !== 'worked' && outcome !== 'failed') return;
      const owned = shards.filter(({ cursor }) => cursor !== undefined);
      for (const { shard, cursor } of owned) committed.set(shard, cursor!);
      consumers.get(slot)!.shards = owned.map(({ shard }) => shard).sort(byNumber);
    },
    event: (slot, logged) => {
      const { event, shard, from } = logged;
      if (event === 'tick.metrics' && shard === undefined) measured(logged);
      if (event !== 'shard.claimed' || typeof shard !== 'string') return;
      if (typeof from === 'string' && from !== slot) handOffs += 1;
      for (const consumer of consumers.values()) {
        consumer.shards = consumer.shards.filter((owned) => owned !== shard);
      }
      const owner = consumers.get(slot)!;
      owner.shards = [...owner.shards, shard].sort(byNumber);
    },
    ticks: () => [...consumers.values()].reduce((sum, { ticks }) => sum + ticks, 0),
    handOffs: () => handOffs,
    logService: () => ({ ...logService }),
    consumers: () => [...consumers.values()],
    committed: () => committed,
  };
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
