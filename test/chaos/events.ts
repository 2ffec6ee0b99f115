import { shardKey } from '../../lib/group/items.ts';
import type { Clock } from '../../lib/runtime.ts';
import type { Times } from '../../lib/times.ts';
import type { Dice } from '../../local/faults/dice.ts';
import type { Faults } from '../../local/faults/faults.ts';
import type { HostFault } from '../../local/faults/list.ts';
import type { Crew } from './crew.ts';
import { drainAndRemove, pauseAWhile } from './operators.ts';
import type { Stage } from './stage.ts';

/** What a chaos event may touch. */
export interface Theatre {
  stage: Stage;
  crew: Crew;
  faults: Faults<HostFault>;
  times: Times;
  clock: Clock;
  /** The whole run is over. */
  signal: AbortSignal;
}

/** One kind of event. It changes something at once, or after a wait; it resolves when it is over. */
export interface ChaosEvent {
  name: string;
  /** How often it is chosen, against the others. */
  weight: number;
  possible(theatre: Theatre): boolean;
  /** Returns what it did, for a person. Must choose before it first waits: afterwards others have chosen, too. */
  happen(theatre: Theatre, dice: Dice): Promise<string>;
}

/** Names that slots may have; whoever joins takes one that nobody has, perhaps had before. */
export const SLOTS = ['consumer-0', 'consumer-1', 'consumer-2', 'consumer-3', 'consumer-4', 'consumer-5'];
const SLOTS_MIN = 2;
const SLOTS_MAX = 5;
const SHARDS_MIN = 2;
const SHARDS_MAX = 10;

const mayLeave = ({ crew }: Theatre): boolean => crew.active().length > SLOTS_MIN;
const mayKill = ({ crew }: Theatre): boolean => crew.active().length > 0;
const maySplit = ({ stage }: Theatre): boolean => stage.openShards().length < SHARDS_MAX;
const mayMerge = ({ stage }: Theatre): boolean =>
  stage.openShards().length > SHARDS_MIN && stage.mergeableShards().length > 0;

export const EVENTS: readonly ChaosEvent[] = [
  {
    name: 'kill',
    weight: 5,
    possible: mayKill,
    happen: async ({ crew, times, clock, signal }, dice) => {
      const slot = dice.pick(crew.active());
      await clock.sleep(dice.between(0, times.intervalMs), signal);
      crew.get(slot)?.kill();
      return slot;
    },
  },
  {
    name: 'killAfterProcess',
    weight: 5,
    possible: mayKill,
    happen: async ({ crew }, dice) => {
      const slot = dice.pick(crew.active());
      crew.get(slot)?.killAfterProcess();
      return slot;
    },
  },
  {
    name: 'killOnClaim',
    weight: 1,
    possible: mayKill,
    happen: async ({ crew }) => {
      for (const slot of crew.active()) crew.get(slot)?.killOn('shard.claimed');
      return 'all';
    },
  },
  {
    name: 'killAll',
    weight: 1,
    possible: mayKill,
    happen: async ({ crew }) => {
      for (const slot of crew.active()) crew.get(slot)?.kill();
      return '';
    },
  },
  {
    name: 'join',
    weight: 6,
    possible: ({ crew }) => SLOTS.filter(crew.has).length < SLOTS_MAX,
    happen: async ({ crew }, dice) => {
      const slot = dice.pick(SLOTS.filter((name) => !crew.has(name)));
      await crew.join(slot);
      return slot;
    },
  },
  {
    name: 'leave',
    weight: 2,
    possible: mayLeave,
    happen: async ({ crew, times, clock, signal }, dice) => {
      const slot = dice.pick(crew.active());
      crew.reserve(slot);
      await clock.sleep(dice.between(0, times.intervalMs), signal);
      await crew.leave(slot);
      return slot;
    },
  },
  { name: 'drain', weight: 2, possible: mayLeave, happen: drainAndRemove },
  { name: 'pause', weight: 1, possible: () => true, happen: pauseAWhile },
  {
    name: 'split',
    weight: 3,
    possible: maySplit,
    happen: async ({ stage }, dice) => {
      const shard = dice.pick(stage.openShards());
      stage.split(shard);
      return shard;
    },
  },
  {
    name: 'merge',
    weight: 2,
    possible: mayMerge,
    happen: async ({ stage }, dice) => {
      const shard = dice.pick(stage.mergeableShards());
      stage.merge(shard);
      return shard;
    },
  },
  {
    name: 'splitAndKill',
    weight: 4,
    possible: maySplit,
    happen: async (theatre, dice) => {
      const shard = dice.pick(theatre.stage.openShards());
      theatre.stage.split(shard);
      return `${shard} ${await killInTheMiddle(theatre, dice, shard)}`;
    },
  },
  {
    name: 'mergeAndKill',
    weight: 3,
    possible: mayMerge,
    happen: async (theatre, dice) => {
      const shard = dice.pick(theatre.stage.mergeableShards());
      theatre.stage.merge(shard);
      return `${shard} ${await killInTheMiddle(theatre, dice, shard)}`;
    },
  },
];

/**
 * A split is over for the group when its parent is done and the children are claimed. In between, the parent's owner is
 * killed or goes for good, at once or when it has read the parent up; or whoever plans dies once the plan is made; or all
 * die when they take a child.
 */
async function killInTheMiddle(theatre: Theatre, dice: Dice, parent: string): Promise<string> {
  const { stage, crew, signal } = theatre;
  const how = dice.pick(['owner leaves', 'owner dies', 'shard.done', 'plan.made', 'shard.claimed']);
  const item = await stage.store.get(shardKey(parent), { consistent: true, signal });
  const owner = crew.active().find((slot) => slot === item?.owner);
  if (how === 'owner leaves' || how === 'owner dies') {
    if (owner === undefined) return 'without owner';
    if (how === 'owner leaves' && mayLeave(theatre)) await crew.leave(owner);
    else crew.get(owner)?.kill();
    return `${how} (${owner})`;
  }
  for (const slot of crew.active()) crew.get(slot)?.killOn(how);
  return `all die on ${how}`;
}
