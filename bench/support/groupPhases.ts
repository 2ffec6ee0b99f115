/** What a group asks of its table from its first minute on, phase by phase, and how long the ticks of its slots take. */
import { drain } from '../../lib/group/operations.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import type { Units } from './countedStore.ts';
import { createGroup } from './groupUnits.ts';
import { median } from './report.ts';

const { signal } = new AbortController();

/** In their order, and how many minutes of the schedule each takes. */
const MINUTES = { joins: 1, 'first plan': 1, claims: 1, idle: 4, busy: 2, 'hand-off': 3 } as const;

export type PhaseName = keyof typeof MINUTES;

/** Of all slots together. */
export interface Phase extends Units {
  name: PhaseName;
  minutes: number;
  /** Of this process, where the table may be in another one. */
  cpuMs: number;
  /** Of each tick, all others being still. */
  tickMs: { median: number; most: number };
}

export interface WatchedGroup {
  store: GroupStore;
  usage(): Units | Promise<Units>;
  shards: number;
  slots: number;
}

/**
 * All slots join; the first one plans, then all claim; nothing comes; records come; the last slot is drained, and the others take its
 * shards.
 */
export async function measurePhases({ store, usage, shards, slots }: WatchedGroup): Promise<Phase[]> {
  const ids = Array.from({ length: shards }, (_, shard) => String(shard));
  const group = createGroup(store, ids, slots);
  const [planner, leaver] = [group.names[0], group.names.at(-1)!];
  const tally = createTally(usage);
  const minutes = async (name: PhaseName, of = (_slot: string | undefined) => name): Promise<void> => {
    for (let minute = 0; minute < MINUTES[name]; minute++) {
      if (name === 'busy') for (const id of ids) group.source.append(id, 'a record of a log');
      await group.tickAll((slot) => tally.add(of(slot), () => group.tickOf(slot)));
    }
  };
  await minutes('joins');
  await minutes('first plan', (slot) => (slot === planner ? 'first plan' : 'claims'));
  await minutes('claims');
  await minutes('idle');
  await minutes('busy');
  await drain(store, leaver, { signal });
  await minutes('hand-off');

  const { shards: items } = await store.readAll({ signal, consistent: true });
  const owners = new Set([...items.values()].map(({ owner }) => owner));
  if (items.size !== shards || owners.size !== slots - 1 || owners.has(leaver) || owners.has(undefined))
    throw new Error(`${items.size} shards are in the hands of ${[...owners]}, after ${leaver} was drained`);
  return tally.phases();
}

function createTally(usage: WatchedGroup['usage']) {
  const kept = new Map<PhaseName, Omit<Phase, 'name' | 'minutes' | 'tickMs'> & { ticksMs: number[] }>();
  return {
    /** A tick, which belongs to this phase. */
    async add(name: PhaseName, tick: () => Promise<void>): Promise<void> {
      const phase = kept.get(name) ?? { requests: 0, writeUnits: 0, readUnits: 0, cpuMs: 0, ticksMs: [] };
      kept.set(name, phase);
      const before = await usage();
      const cpu = process.cpuUsage();
      const startedAt = performance.now();
      await tick();
      phase.ticksMs.push(performance.now() - startedAt);
      const { user, system } = process.cpuUsage(cpu);
      phase.cpuMs += (user + system) / 1_000;
      const after = await usage();
      phase.requests += after.requests - before.requests;
      phase.writeUnits += after.writeUnits - before.writeUnits;
      phase.readUnits += after.readUnits - before.readUnits;
    },
    phases: (): Phase[] =>
      [...kept].map(([name, { ticksMs, ...sums }]) => ({
        name,
        minutes: MINUTES[name],
        ...sums,
        tickMs: { median: median(ticksMs), most: Math.max(...ticksMs) },
      })),
  };
}
