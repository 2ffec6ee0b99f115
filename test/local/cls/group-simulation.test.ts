import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HandOver, loadsOf } from '../../../local/cls/group/balance.ts';
import { createGroup, keyOf, type PartitionId, refresh } from '../../../local/cls/group/group.ts';
import { heartbeat } from '../../../local/cls/group/heartbeat.ts';

/**
 * Any history of well-behaved consumers: they work on what a heartbeat gave them, go on reporting what they were told to
 * give up until they stopped, and do nothing more once they were silent for the timeout.
 */
const TIMEOUT_MS = 60_000;
const CONSUMERS = ['a', 'b', 'c', 'd'];

type Step =
  | { do: 'beat' | 'crash' | 'stopDraining'; who: number }
  | { do: 'wait'; ms: number }
  | { do: 'add' | 'remove'; which: number };

const who = fc.nat(CONSUMERS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constantFrom('beat' as const, 'stopDraining' as const), who }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(70_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('add' as const, 'remove' as const), which: fc.nat() }),
  },
);

interface Worker {
  /** What it works on: granted partitions, and those it was told to give up but has not yet. */
  working: Set<string>;
  granted: Set<string>;
  aliveUntilMs: number;
}

function simulate(handOver: HandOver, steps: Step[]) {
  const partitions: PartitionId[] = [1, 2, 3].map((id) => ({ topicId: 't', id }));
  const group = createGroup('g', TIMEOUT_MS / 1000, ['t']);
  const workers = new Map<string, Worker>();
  let nowMs = 0;
  let added = 3;

  const beat = (name: string): void => {
    const worker = workers.get(name) ?? { working: new Set(), granted: new Set(), aliveUntilMs: 0 };
    refresh(group, partitions, nowMs);
    const granted = heartbeat(group, name, worker.working, { nowMs, handOver }).map(keyOf);
    worker.granted = new Set(granted);
    worker.working = new Set([...worker.working, ...granted]);
    worker.aliveUntilMs = nowMs + TIMEOUT_MS;
    workers.set(name, worker);
  };
  const change = (now: Extract<Step, { which: number }>): void => {
    if (now.do === 'add') {
      added += 1;
      partitions.push({ topicId: 't', id: added });
      return;
    }
    const [gone] = partitions.splice(now.which % Math.max(partitions.length, 1), 1);
    for (const { working } of workers.values()) if (gone) working.delete(keyOf(gone));
  };
  const run = (now: Step): void => {
    if (now.do === 'wait') nowMs += now.ms;
    else if ('which' in now) change(now);
    else {
      const name = CONSUMERS[now.who]!;
      const worker = workers.get(name);
      if (now.do === 'beat') beat(name);
      else if (now.do === 'crash') workers.delete(name);
      else if (worker) worker.working = new Set([...worker.working].filter((key) => worker.granted.has(key)));
    }
    for (const [name, worker] of workers) if (nowMs > worker.aliveUntilMs) workers.delete(name);
  };
  return { group, partitions, workers, beat, steps: steps.map((each) => () => run(each)) };
}

test('where hand-over is cooperative, no two consumers work on a partition', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { workers, steps: all } = simulate('cooperative', steps);
      for (const next of all) {
        next();
        const working = [...workers.values()].flatMap((worker) => [...worker.working]);
        expect(new Set(working).size).toBe(working.length);
      }
    }),
    { numRuns: 500 },
  );
});

test('no two consumers are assigned a partition, however it is handed over', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<HandOver>('cooperative', 'immediate'),
      fc.array(step, { maxLength: 60 }),
      (handOver, steps) => {
        const { group, steps: all } = simulate(handOver, steps);
        for (const next of all) {
          next();
          const assigned = [...loadsOf(group).values()].flat().map(keyOf);
          expect(new Set(assigned).size).toBe(assigned.length);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('whatever happened, a few calm rounds later all partitions are given out evenly', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<HandOver>('cooperative', 'immediate'),
      fc.array(step, { maxLength: 60 }),
      (handOver, steps) => {
        const { group, partitions, workers, beat, steps: all } = simulate(handOver, steps);
        for (const next of all) next();
        if (workers.size === 0) return;
        for (let round = 0; round < 4; round += 1) {
          for (const [name, worker] of workers) {
            worker.working = worker.granted;
            beat(name);
          }
        }
        const loads = [...loadsOf(group).values()].map((load) => load.length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        expect(loads.reduce((sum, load) => sum + load, 0)).toBe(partitions.length);
        if (group.consumers.size > workers.size) return;
        const states = new Set([...group.partitions.values()].map(({ allocation }) => allocation.state));
        expect(states.has('moving')).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});

test('while nobody joins or leaves, nothing moves', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 12 }), (consumers, count) => {
      const { group, partitions, beat } = simulate('immediate', []);
      partitions.splice(0, 3, ...Array.from({ length: count }, (_, id) => ({ topicId: 't', id })));
      const names = CONSUMERS.slice(0, consumers);
      for (const name of names) beat(name);
      const before = structuredClone(group.partitions);
      for (const name of names) beat(name);
      expect(group.partitions).toEqual(before);
    }),
  );
});
