import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endOf } from '../../../local/service/log.ts';
import { loadsOf } from '../../../local/sls/group/balance.ts';
import { commit } from '../../../local/sls/group/checkpoint.ts';
import { type ConsumerGroup, createGroup, refresh } from '../../../local/sls/group/group.ts';
import { heartbeat } from '../../../local/sls/group/heartbeat.ts';
import { encodeCursor } from '../../../local/sls/state/cursor.ts';
import { createLogstore, type Logstore, mergeShards, splitShard } from '../../../local/sls/state/logstore.ts';

/**
 * Any history of well-behaved consumers: they work on what a heartbeat gave them, go on reporting what they were told
 * to give up until they stopped, and do nothing more once they were silent for the timeout.
 */
const TIMEOUT_MS = 60_000;
const CONSUMERS = ['a', 'b', 'c', 'd'];

type Step =
  | { do: 'beat' | 'crash' | 'stopDraining'; who: number }
  | { do: 'wait'; ms: number }
  | { do: 'finish' | 'split' | 'merge'; which: number };

const who = fc.nat(CONSUMERS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constantFrom('beat' as const, 'stopDraining' as const), who }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(70_000) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('finish' as const, 'split' as const, 'merge' as const),
      which: fc.nat(),
    }),
  },
);

interface Worker {
  /** What it works on: granted shards, and those it was told to give up but has not yet. */
  working: Set<number>;
  granted: Set<number>;
  aliveUntilMs: number;
}

function simulate(order: boolean, steps: Step[]) {
  const settings = {
    ttlDays: 1,
    shardCount: 3,
    autoSplit: false,
    maxSplitShard: 64,
    enableTracking: false,
    appendMeta: false,
  };
  const logstore = createLogstore('shop', 'orders', settings, 0);
  const group = createGroup('g', TIMEOUT_MS / 1000, order);
  const workers = new Map<string, Worker>();
  let nowMs = 0;

  const beat = (name: string): void => {
    const worker = workers.get(name) ?? { working: new Set(), granted: new Set(), aliveUntilMs: 0 };
    refresh(group, logstore.shards, nowMs);
    const granted = heartbeat(group, name, [...worker.working], nowMs);
    worker.granted = new Set(granted);
    worker.working = new Set([...worker.working, ...granted]);
    worker.aliveUntilMs = nowMs + TIMEOUT_MS;
    workers.set(name, worker);
  };
  const run = (now: Step): void => {
    if (now.do === 'wait') nowMs += now.ms;
    else if ('which' in now) change(logstore, group, workers, now);
    else {
      const name = CONSUMERS[now.who]!;
      if (now.do === 'beat') beat(name);
      else if (now.do === 'crash') workers.delete(name);
      else {
        const worker = workers.get(name);
        if (worker) worker.working = worker.granted;
      }
    }
    for (const [name, worker] of workers) if (nowMs > worker.aliveUntilMs) workers.delete(name);
  };
  return { logstore, group, workers, beat, steps: steps.map((each) => () => run(each)) };
}

function change(
  logstore: Logstore,
  group: ConsumerGroup,
  workers: Map<string, Worker>,
  now: Extract<Step, { which: number }>,
): void {
  const shard = logstore.shards[now.which % logstore.shards.length]!;
  const id = String(shard.id);
  try {
    if (now.do === 'split' && logstore.shards.length < 20) splitShard(logstore, id, { count: 2 }, 0);
    if (now.do === 'merge') mergeShards(logstore, id, 0);
  } catch {
    // Readonly, or the last one.
  }
  const worker = [...workers.values()].find(({ granted }) => granted.has(shard.id));
  if (now.do !== 'finish' || !worker || shard.status !== 'readonly') return;
  const checkpoint = encodeCursor(endOf(shard));
  commit(group, logstore.shards, { shard: shard.id, checkpoint, consumer: '', force: true }, 0);
  worker.granted.delete(shard.id);
  worker.working.delete(shard.id);
}

function expectSafe({ logstore, group, workers }: ReturnType<typeof simulate>, order: boolean): void {
  const working = [...workers.values()].flatMap((worker) => [...worker.working]);
  expect(new Set(working).size, 'nobody works on the same shard').toBe(working.length);
  if (!order) return;
  for (const id of working) {
    for (const parent of logstore.shards[id]!.parents) {
      expect(group.shards.get(parent)!.allocation.state, `parent ${parent} of ${id}`).toBe('over');
    }
  }
}

test.each([false, true])('no two consumers work on a shard, in order: %s', (order) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const simulation = simulate(order, steps);
      for (const next of simulation.steps) {
        next();
        expectSafe(simulation, order);
      }
    }),
    { numRuns: 500 },
  );
});

test('whatever happened, a few calm rounds later all shards are given out evenly', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), (order, steps) => {
      const { group, workers, beat, steps: all } = simulate(order, steps);
      for (const next of all) next();
      if (workers.size === 0) return;
      // Long enough for the dead to time out, while the living go on.
      for (let round = 0; round < 4; round += 1) {
        for (const [name, worker] of workers) {
          worker.working = worker.granted;
          beat(name);
        }
      }
      const loads = [...loadsOf(group).values()].map((load) => load.length);
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      const living = group.consumers.size === workers.size;
      const states = new Set([...group.shards.values()].map(({ allocation }) => allocation.state));
      expect(states.has('not_alloc')).toBe(false);
      if (living) expect(states.has('transfer')).toBe(false);
    }),
    { numRuns: 500 },
  );
});
