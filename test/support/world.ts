import type { DeadLetter } from '../../lib/delivery/deadLetters/deadLetters.ts';
import { deliverBatches } from '../../lib/delivery/eachBatch.ts';
import type { Batch, BatchContext, BatchOutcome } from '../../lib/delivery/userModule.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { createLogger, type Fields } from '../../lib/observe/logger.ts';
import type { ServiceGroup } from '../../lib/sources/serviceGroup.ts';
import type { Source } from '../../lib/sources/source.ts';
import type { TickCache } from '../../lib/tick/cache.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { ownCoordination } from '../../lib/tick/coordination/own.ts';
import { serviceCoordination } from '../../lib/tick/coordination/service.ts';
import type { TickResult } from '../../lib/tick/result.ts';
import { type Invocation, type TickDependencies, tick } from '../../lib/tick/tick.ts';
import { createCountingRandom, createManualClock, type ManualClock } from './clock.ts';
import { createMemorySource } from './memorySource.ts';
import { tickSettings } from './tickSettings.ts';

export const INTERVAL_MS = 60_000;

/** One group on a memory store: slots tick when the test says so, and everything that happens is written down. */
export function createWorld(shards: readonly string[], given: Partial<TickSettings> = {}) {
  const clock = createManualClock();
  return createGroup({ clock, source: createMemorySource(shards) }, given);
}

/** The same over any source, and a service that assigns the shards. */
export function createGroup<S extends Source>(
  {
    clock,
    source,
    serviceGroup,
    table = createMemoryStore(new Map(), 'orders'),
  }: { clock: ManualClock; source: S; serviceGroup?: ServiceGroup | undefined; table?: GroupStore },
  given: Partial<TickSettings> = {},
) {
  const coordination = serviceGroup === undefined ? ownCoordination : serviceCoordination(serviceGroup);
  const store = countingStore(table);
  const random = createCountingRandom();
  const events: (Fields & { event: string })[] = [];
  const delivered: string[] = [];
  const sandboxes = new Map<string, Sandbox>();
  const settings = tickSettings(given);
  const { times } = settings;
  const logger = createLogger({
    level: 'debug',
    now: clock.now,
    write: (line) => events.push(JSON.parse(line)),
  });
  const world = {
    clock,
    source,
    store,
    events,
    settings,
    times,
    /** `shard:content` of every record, in the order in which `eachBatch` saw them. */
    delivered,
    /** Those that were put aside, in order. */
    deadLetters: [] as DeadLetter[],
    /** What the table's service says of the clock. */
    skewMs: 0,
    /** Replace it to have no room, or to fail. */
    letterBox: {
      async put(letters: readonly DeadLetter[]): Promise<'kept' | 'full'> {
        world.deadLetters.push(...letters);
        return 'kept';
      },
    },
    /** Replace it to see a batch, or to fail. */
    async eachBatch(_batch: Batch, _context: BatchContext): Promise<Awaited<BatchOutcome>> {},
    /** A tick of `slot`, in its usual sandbox or another one. */
    async tick(
      slot: string,
      sandbox = slot,
      replaced: Partial<TickDependencies> = {},
      deadline = clock.now() + times.functionTimeoutMs,
      more: Pick<Invocation, 'signal' | 'rung'> = {},
    ): Promise<TickResult> {
      const memory = sandboxes.get(sandbox) ?? { caches: new Map(), endedRuns: new Set() };
      sandboxes.set(sandbox, memory);
      const eachBatch = async (batch: Batch, context: BatchContext) => {
        const outcome = await world.eachBatch(batch, context);
        for (const record of batch.records) delivered.push(`${batch.shard}:${record.get('content')}`);
        return outcome;
      };
      const skewMs = () => world.skewMs;
      const dependencies = {
        store,
        source,
        coordination,
        deliver: deliverBatches(eachBatch),
        deadLetters: world.letterBox,
        clock,
        skewMs,
        random,
        logger,
        ...memory,
      };
      return tick({ ...dependencies, ...replaced }, settings, { slot, deadline, ...more });
    },
    /** Every slot ticks once, a second apart; then the interval passes. */
    async round(...slots: string[]): Promise<TickResult[]> {
      const results: TickResult[] = [];
      for (const slot of slots) {
        results.push(await world.tick(slot));
        clock.advance(1_000);
      }
      clock.advance(INTERVAL_MS - slots.length * 1_000);
      return results;
    },
  };
  return world;
}

interface Sandbox {
  caches: Map<string, TickCache>;
  endedRuns: Set<string>;
}

export type World = ReturnType<typeof createWorld>;

export interface CountingStore extends GroupStore {
  requests: string[];
}

/** Notes every request as `verb key`. */
function countingStore(store: GroupStore): CountingStore {
  const requests: string[] = [];
  const noted = <A extends unknown[], R>(verb: string, call: (...given: A) => R) => {
    return (...given: A): R => {
      requests.push(typeof given[0] === 'string' ? `${verb} ${given[0]}` : verb);
      return call(...given);
    };
  };
  return {
    requests,
    get: noted('get', store.get) as unknown as GroupStore['get'],
    readAll: noted('readAll', store.readAll),
    update: noted('update', store.update) as unknown as GroupStore['update'],
    remove: noted('remove', store.remove) as unknown as GroupStore['remove'],
  };
}
