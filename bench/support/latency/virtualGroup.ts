/** A group on a schedule of one minute in virtual time: the real ticks, over a table and a stream in memory that answer as slowly as real ones. */
import type { GroupStore } from '../../../lib/group/store.ts';
import { createLogger } from '../../../lib/observe/logger.ts';
import { systemRandom } from '../../../lib/runtime.ts';
import type { Source } from '../../../lib/sources/source.ts';
import { createMemorySource } from '../../../lib/testing/memorySource.ts';
import type { TickCache } from '../../../lib/tick/cache.ts';
import { ownCoordination } from '../../../lib/tick/coordination/own.ts';
import { tick } from '../../../lib/tick/tick.ts';
import { deriveTimes, functionTimeoutMsMax, type Times } from '../../../lib/times.ts';
import { createDice } from '../../../local/faults/dice.ts';
import { tickSettings } from '../../../test/support/tickSettings.ts';
import { createCountedStore, type Units } from '../countedStore.ts';
import { createVirtualTime } from './virtualTime.ts';

export const MINUTE_MS = 60_000;
/** A group settles, and is then watched while nothing comes, and while records come. */
const SETTLING_MINUTES = 6;

/** What stands for the network and the platform; as measured within a region, and rounded up. */
const STORE_MS = 8;
const PULL_MS = 25;
const USER_MS = 5;
/** From the schedule's event to the handler, in a sandbox that is warm. */
const START_MS = 60;
/** A schedule starts its function within so long. */
const JITTER_MS = 1_000;

export interface VirtualOptions {
  lingerMs: number;
  /** Every record rings, too. */
  doorbell: boolean;
  shards: number;
  slots: number;
  idleMinutes: number;
  busyMinutes: number;
  /** Of each shard, on average, one record in so long. */
  recordEveryMs: number;
}

export interface VirtualFigures {
  /** From put to the user's function, ascending. */
  latenciesMs: number[];
  /** A minute. */
  idle: Units & Billed;
  busy: Units & Billed;
}

interface Billed {
  ticks: number;
  refused: number;
  billedMs: number;
}

/** With as long a timeout as the plugin gives it. */
export const timesOf = (lingerMs: number): Times =>
  deriveTimes(
    MINUTE_MS,
    lingerMs === Number.POSITIVE_INFINITY ? { functionTimeoutMs: functionTimeoutMsMax(MINUTE_MS) } : {},
  );

export async function measureVirtually(options: VirtualOptions): Promise<VirtualFigures> {
  const group = createGroup(options);
  await group.pass(SETTLING_MINUTES);
  // Only now: what is compared has the same beginnings.
  group.settings.lingerMs = options.lingerMs;
  const idle = await group.over(options.idleMinutes);
  group.putRecords(options.busyMinutes);
  const busy = await group.over(options.busyMinutes);
  // What came last is read by the next tick.
  await group.pass(2);
  return { latenciesMs: group.latenciesMs.toSorted((a, b) => a - b), idle, busy };
}

function createGroup({ lingerMs, doorbell, shards, slots, recordEveryMs }: VirtualOptions) {
  const time = createVirtualTime(1_900_000_020_000, 'latency');
  const { clock } = time;
  const dice = createDice('when records come');
  // Of its own: how often a group polls must not move its schedule.
  const jitter = createDice('schedule');
  const ids = Array.from({ length: shards }, (_, shard) => String(shard));
  const names = Array.from({ length: slots }, (_, slot) => `consumer-${slot}`);
  const stream = createMemorySource({ shards: ids, now: clock.now });
  const counted = createCountedStore('access-log');
  const latenciesMs: number[] = [];
  const total: Billed = { ticks: 0, refused: 0, billedMs: 0 };
  const settings = tickSettings({
    group: 'access-log',
    stream: 'memory://access-log',
    times: timesOf(lingerMs),
    shardsParallelMax: 16,
    doorbell,
  });
  const { functionTimeoutMs } = settings.times;
  const tools = {
    store: slowStore(counted.store, clock),
    source: slowSource(stream, clock),
    clock,
    random: { next: createDice('polls').next, nonce: systemRandom.nonce },
    logger: createLogger({ level: 'error', write: console.error, now: clock.now }),
    coordination: ownCoordination,
    deliver: async ({ records }: { records: Iterable<{ get(field: string): string | undefined }> }) => {
      for (const record of records) latenciesMs.push(clock.now() - Number(record.get('content')));
      await clock.sleep(USER_MS);
      return { how: 'succeeded' } as const;
    },
    deadLetters: { put: async () => 'kept' as const },
    endedRuns: new Set<string>(),
  };
  const memory = new Map(names.map((slot) => [slot, new Map<string, TickCache>()]));

  const invoke = async (slot: string, rung = false): Promise<void> => {
    await clock.sleep(START_MS);
    const startedAt = clock.now();
    const dependencies = { ...tools, caches: memory.get(slot)! };
    const deadline = startedAt + functionTimeoutMs;
    const result = await tick(dependencies, settings, { slot, deadline, rung });
    total.ticks++;
    if (result.outcome === 'busy' && !result.folded) total.refused++;
    total.billedMs += clock.now() - startedAt;
  };
  const schedule = (slot: string, dueMs: number): void =>
    time.after(Math.max(0, dueMs + jitter.next() * JITTER_MS - clock.now()), () => {
      schedule(slot, dueMs + MINUTE_MS);
      void invoke(slot);
    });
  for (const [index, slot] of names.entries()) schedule(slot, clock.now() + index * 1_000);

  const put = (shard: string, until: number): void =>
    time.after(-Math.log(1 - dice.next()) * recordEveryMs, () => {
      if (clock.now() >= until) return;
      stream.append(shard, String(clock.now()));
      if (doorbell) void invoke(names[Number(shard) % slots]!, true);
      put(shard, until);
    });
  const pass = (minutes: number): Promise<void> => time.run(clock.now() + minutes * MINUTE_MS);
  const state = () => ({ ...counted.usage(), ...total });
  return {
    settings,
    latenciesMs,
    pass,
    putRecords(minutes: number): void {
      for (const shard of ids) put(shard, clock.now() + minutes * MINUTE_MS);
    },
    /** What is used meanwhile, a minute. */
    async over(minutes: number): Promise<Units & Billed> {
      const before = state();
      await pass(minutes);
      const after = state();
      const names = Object.keys(after) as (keyof typeof after)[];
      return Object.fromEntries(
        names.map((name) => [name, (after[name] - before[name]) / minutes]),
      ) as unknown as Units & Billed;
    },
  };
}

type VirtualClock = ReturnType<typeof createVirtualTime>['clock'];

function slowStore(store: GroupStore, clock: VirtualClock): GroupStore {
  const slowly = <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    (async (...given: A) => {
      await clock.sleep(STORE_MS);
      return call(...given);
    }) as never;
  return {
    get: slowly(store.get),
    readAll: slowly(store.readAll),
    update: slowly(store.update),
    remove: slowly(store.remove),
  };
}

function slowSource(source: Source, clock: VirtualClock): Source {
  return {
    ...source,
    async pull(request) {
      await clock.sleep(PULL_MS, request.signal);
      return source.pull(request);
    },
  };
}
