/** A backlog of which each pull takes a while, and a function that takes as long with each batch. */
import assert from 'node:assert/strict';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { systemClock, systemRandom } from '../../lib/runtime.ts';
import type { Source } from '../../lib/sources/source.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import { ownCoordination } from '../../lib/tick/coordination/own.ts';
import { tick } from '../../lib/tick/tick.ts';
import { tickSettings } from '../../test/support/tickSettings.ts';

export interface Backlog {
  parallel: number;
  shards: number;
  /** Of each shard. */
  batches: number;
  pullMs: number;
  userMs: number;
}

const INTERVAL_MS = 60_000;
/** A group waits for its members, plans, and works from then on. */
const TICKS_BEFORE = 3;

/** How long a tick takes to read all of it. */
export async function readBacklog({ parallel, shards, batches, pullMs, userMs }: Backlog): Promise<number> {
  let passedMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
  const names = Array.from({ length: shards }, (_, index) => String(index));
  const memory = createMemorySource({ shards: names, recordsMax: 1, now: clock.now });
  const source: Source = {
    ...memory,
    async pull(request) {
      await clock.sleep(pullMs, request.signal);
      return memory.pull(request);
    },
  };
  const dependencies = {
    source,
    clock,
    random: systemRandom,
    store: createMemoryStore(new Map(), 'orders'),
    coordination: ownCoordination,
    deliver: async () => {
      await clock.sleep(userMs);
      return { how: 'succeeded' } as const;
    },
    deadLetters: { put: async () => 'kept' as const },
    logger: createLogger({ level: 'error', now: clock.now, write: console.error }),
    caches: new Map(),
    endedRuns: new Set<string>(),
  };
  const settings = tickSettings({ shardsParallelMax: parallel });
  const once = () =>
    tick(dependencies, settings, {
      slot: 'consumer-0',
      deadline: clock.now() + settings.times.functionTimeoutMs,
    });
  for (let before = 0; before < TICKS_BEFORE; before++) {
    await once();
    passedMs += INTERVAL_MS;
  }
  for (const name of names) for (let batch = 0; batch < batches; batch++) memory.append(name, 'record');
  const startedAt = performance.now();
  const { shards: read } = await once();
  const wallMs = performance.now() - startedAt;
  assert.deepEqual(
    read.map(({ batches: taken }) => taken),
    names.map(() => batches),
  );
  return wallMs;
}
