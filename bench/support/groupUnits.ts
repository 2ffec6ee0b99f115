/** Whole ticks of the real code on a one-minute schedule, under a clock of its own, and what they ask of the group's table. */
import type { GroupStore } from '../../lib/group/store.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { systemRandom } from '../../lib/runtime.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import type { TickCache } from '../../lib/tick/cache.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { ownCoordination } from '../../lib/tick/coordination/own.ts';
import { tick } from '../../lib/tick/tick.ts';
import { createDice } from '../../local/faults/dice.ts';
import { createManualClock } from '../../test/support/clock.ts';
import { DELIVERY } from '../../test/support/delivery.ts';
import { tickSettings } from '../../test/support/tickSettings.ts';
import type { CountedStore, Units } from './countedStore.ts';

/** What the user's function does, and what of it is noted. */
export interface Delivery {
  name: string;
  identity: 'refused' | 'durable';
  /** Shards whose every batch fails. */
  failing: number;
}

export const HEALTHY: Delivery = { name: 'nothing fails', identity: 'refused', failing: 0 };

export interface GroupOptions {
  shards: number;
  slots: number;
  /** How long it is watched while nothing is written to the stream, and then while every shard gets a record a minute. */
  minutes: { idle: number; busy: number };
  delivery?: Delivery;
}

/** Units a minute. */
export interface GroupUnits {
  idle: Units;
  busy: Units;
  /** Busy, and every sandbox is new. */
  cold: Units;
}

const MINUTE_MS = 60_000;
/** How far apart a schedule starts the functions of one minute. */
const SPREAD_MS = 5_000;
/** Until every slot has the shards that it will have. */
const SETTLING_MINUTES = 4;

/** What a group of its own costs, whose table is `counted`. */
export async function measureGroup(
  { store, usage }: CountedStore,
  { shards, slots, minutes, delivery = HEALTHY }: GroupOptions,
): Promise<GroupUnits> {
  const ids = Array.from({ length: shards }, (_, shard) => String(shard));
  const { source, tickAll, newSandboxes } = createGroup(store, ids, slots, delivery);
  const writeRecords = (): void => {
    for (const id of ids) source.append(id, 'a record of a log');
  };
  const average = async (count: number, beforeEach: () => void = () => {}): Promise<Units> => {
    const start = usage();
    for (let minute = 0; minute < count; minute++) {
      beforeEach();
      await tickAll();
    }
    const end = usage();
    return {
      writeUnits: (end.writeUnits - start.writeUnits) / count,
      readUnits: (end.readUnits - start.readUnits) / count,
      requests: (end.requests - start.requests) / count,
    };
  };
  await average(SETTLING_MINUTES);
  const idle = await average(minutes.idle);
  const busy = await average(minutes.busy, writeRecords);
  const cold = await average(1, () => {
    newSandboxes();
    writeRecords();
  });
  return { idle, busy, cold };
}

/** A group over `store`, on a stream with these shards, and all of its slots. */
export function createGroup(
  store: GroupStore,
  ids: readonly string[],
  slots: number,
  delivery: Delivery = HEALTHY,
) {
  const clock = createManualClock();
  const source = createMemorySource({ shards: ids, now: clock.now });
  const names = Array.from({ length: slots }, (_, slot) => `consumer-${slot}`);
  const sandboxes = new Map(names.map((slot) => [slot, new Map<string, TickCache>()]));
  const settings = settingsOf(delivery);
  // Failures that are meant are not told.
  const write = delivery.failing > 0 ? () => {} : console.error;
  const tools = {
    store,
    source,
    clock,
    random: { next: createDice('bench').next, nonce: systemRandom.nonce },
    logger: createLogger({ level: 'error', write, now: clock.now }),
    coordination: ownCoordination,
    deliver: async ({ shard }: { shard: string }) =>
      Number(shard) < delivery.failing
        ? ({ how: 'failed', error: new Error('no') } as const)
        : ({ how: 'succeeded' } as const),
    deadLetters: { put: async () => 'kept' as const },
  };
  const tickOf = async (slot: string): Promise<void> => {
    const deadline = clock.now() + settings.times.functionTimeoutMs;
    const caches = sandboxes.get(slot)!;
    await tick({ ...tools, caches, endedRuns: new Set<string>() }, settings, { slot, deadline });
  };
  return {
    source,
    names,
    /** A tick of this slot, now. */
    tickOf,
    newSandboxes(): void {
      for (const caches of sandboxes.values()) caches.clear();
    },
    /** One minute of the schedule, one slot after the other. */
    async tickAll(run = tickOf): Promise<void> {
      for (const slot of names) {
        await run(slot);
        clock.advance(SPREAD_MS / slots);
      }
      clock.advance(MINUTE_MS - SPREAD_MS);
    },
  };
}

/** Of a group whose schedule has a period of a minute. */
export const settingsOf = ({ identity }: Delivery): TickSettings =>
  tickSettings({
    group: 'bench',
    stream: 'memory://bench',
    shardsParallelMax: 8,
    delivery: { ...DELIVERY, identity },
  });
