/** A group whose schedule starts when the scheduler likes, in virtual time: the real ticks, in sandboxes as the platform gives them, over a table in memory. */
import { createLogger } from '../../lib/observe/logger.ts';
import { systemRandom } from '../../lib/runtime.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import type { TickCache } from '../../lib/tick/cache.ts';
import { ownCoordination } from '../../lib/tick/coordination/own.ts';
import { tick } from '../../lib/tick/tick.ts';
import { deriveTimes, functionTimeoutMsMax } from '../../lib/times.ts';
import { createDice } from '../../local/faults/dice.ts';
import { tickSettings } from '../../test/support/tickSettings.ts';
import { createCountedStore } from './countedStore.ts';
import { createVirtualTime } from './latency/virtualTime.ts';

const MINUTE_MS = 60_000;
/** Until every slot has the shards that it will have. */
const SETTLING_MINUTES = 6;
/** A pull, and the way to the table and back. */
const REQUEST_MS = 20;
const OFFSET_S_MAX = 59;
/** A batch of a backlog, of which there are as many as there is time for. */
const BACKLOG_BATCH_MS = 4_000;
const BACKLOG_BATCHES = 15;

export interface JitterOptions {
  slots: number;
  minutes: number;
  /** Starts are drawn anew from 0 to 59 s of each minute; else each slot has its second. */
  jitters: boolean;
  /** `loaded`: a tick works for up to 40 s. `backlog`: for as long as it may. */
  load: 'idle' | 'loaded' | 'backlog';
  /** As long as it may. */
  lingers: boolean;
}

/** Of all ticks of the group, once it has settled. */
export interface JitterFigures {
  ticks: number;
  /** Refused, so that nothing was done in them. */
  lost: number;
  /** Slots whose schedule went on, and that a plan took for dead. */
  expired: number;
  /** Of a tick: writes to its slot's item, all units, and time that is billed. */
  slotWrites: number;
  writeUnits: number;
  readUnits: number;
  billedMs: number;
  /** Runs at a time, of all slots. */
  runsMax: number;
}

export async function measureJitter(options: JitterOptions): Promise<JitterFigures> {
  const { time, total, usage } = createJitteredGroup(options);
  await time.run(time.clock.now() + SETTLING_MINUTES * MINUTE_MS);
  const before = usage();
  Object.assign(total, NOTHING);
  await time.run(time.clock.now() + options.minutes * MINUTE_MS);
  const after = usage();
  const { ticks, lost, expired, slotWrites, billedMs, runsMax } = total;
  return {
    ...{ ticks, lost, expired, runsMax },
    slotWrites: slotWrites / ticks,
    writeUnits: (after.writeUnits - before.writeUnits) / ticks,
    readUnits: (after.readUnits - before.readUnits) / ticks,
    billedMs: billedMs / ticks,
  };
}

function createJitteredGroup({ slots, jitters, load, lingers }: JitterOptions) {
  const time = createVirtualTime(1_900_000_020_000, 'schedule');
  const { clock } = time;
  const dice = createDice('starts');
  const works = createDice('work');
  const names = Array.from({ length: slots }, (_, slot) => `consumer-${slot}`);
  const shards = names.map((_, shard) => String(shard));
  const stream = createMemorySource({ shards, now: clock.now });
  const counted = createCountedStore('access-log');
  const total = { ...NOTHING };
  const longest = lingers ? { functionTimeoutMs: functionTimeoutMsMax(MINUTE_MS) } : {};
  const settings = tickSettings({
    group: 'access-log',
    stream: 'memory://access-log',
    times: deriveTimes(MINUTE_MS, longest),
    lingerMs: lingers ? Number.POSITIVE_INFINITY : 0,
    countMax: 1,
  });
  const { functionTimeoutMs } = settings.times;
  const tools = {
    store: {
      ...counted.store,
      update: ((key, write, given) => {
        if (key.startsWith('CONSUMER#')) total.slotWrites++;
        return counted.store.update(key, write, given);
      }) as typeof counted.store.update,
    },
    source: {
      ...stream,
      async pull(request: Parameters<typeof stream.pull>[0]) {
        await clock.sleep(REQUEST_MS, request.signal);
        return stream.pull(request);
      },
    },
    clock,
    random: { next: createDice('looks').next, nonce: systemRandom.nonce },
    logger: createLogger({
      level: 'warn',
      write: (line) => {
        if (line.includes('slot.expired')) total.expired++;
      },
      now: clock.now,
    }),
    coordination: ownCoordination,
    deliver: async () => {
      await clock.sleep(load === 'backlog' ? BACKLOG_BATCH_MS : works.between(0, 40_000));
      return { how: 'succeeded' } as const;
    },
    deadLetters: { put: async () => 'kept' as const },
  };
  /** Those that are frozen, the one last used in front: the platform takes it first. */
  const frozen: { caches: Map<string, TickCache>; endedRuns: Set<string> }[] = [];
  let runs = 0;
  const invoke = async (slot: string): Promise<void> => {
    const startedAt = clock.now();
    const sandbox = frozen.shift() ?? { caches: new Map(), endedRuns: new Set() };
    total.runsMax = Math.max(total.runsMax, ++runs);
    const deadline = startedAt + functionTimeoutMs;
    const { outcome } = await tick({ ...tools, ...sandbox }, settings, { slot, deadline });
    runs -= 1;
    frozen.unshift(sandbox);
    total.ticks += 1;
    if (outcome === 'busy') total.lost += 1;
    total.billedMs += clock.now() - startedAt;
  };
  const minute = (slot: string, shard: string, second: number): void => {
    time.after(MINUTE_MS, () => minute(slot, shard, second));
    const offsetS = jitters ? dice.between(0, OFFSET_S_MAX) : second;
    time.after(offsetS * 1_000, () => {
      for (let batches = BATCHES[load]; batches > 0; batches--) stream.append(shard, 'a record');
      void invoke(slot);
    });
  };
  for (const [index, slot] of names.entries()) minute(slot, shards[index]!, index % (OFFSET_S_MAX + 1));
  return { time, total, usage: counted.usage };
}

const NOTHING = { ticks: 0, lost: 0, expired: 0, slotWrites: 0, billedMs: 0, runsMax: 0 };

/** That come in each minute, of each slot. */
const BATCHES: Readonly<Record<JitterOptions['load'], number>> = {
  idle: 0,
  loaded: 1,
  backlog: BACKLOG_BATCHES,
};
