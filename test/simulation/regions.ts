import { StoreError } from '../../lib/errors.ts';
import type { ItemKey } from '../../lib/group/items.ts';
import type { Actor } from './host.ts';
import type { Fate } from './requests.ts';
import type { Table } from './table.ts';
import type { World } from './world.ts';

/**
 * A table in two regions with strong consistency, as DynamoDB's "multi-Region strong consistency" has it: a write, and a read that is to be
 * current, go to the other region and back; of two writes to one item at the same time from both, one is rejected and has not happened;
 * any other read may not know yet what the other region has written. Every second slot is in the second region, and people are in the first.
 */
export interface Regions {
  /** With the way to the other region and back. */
  farther(fate: Fate): Fate;
  /** Throws if the other region writes the item at this moment. */
  write<T>(actor: Actor, table: Table, key: ItemKey, perform: () => Promise<T>): Promise<T>;
  /** How old what a region knows of an item may be that the other one wrote. */
  lagMs(actor: Actor, table: Table, key: ItemKey): number;
}

const ROUND_TRIP_MS = { least: 15, most: 150 };
const LAG_MS_MAX = 2_000;
/** Far longer than the service needs to agree on a write, so that it happens at all. */
const COLLIDES_MS = 2_000;

const regionOf = ({ slot }: Actor): number => (slot === undefined ? 0 : Number(slot.slice(1)) % 2);

/** Where the table is in one region, nothing of this happens, and nothing is drawn. */
export function createRegions({ scenario, latency, scheduler, trace, faults }: World): Regions {
  const isOfOther = (actor: Actor, table: Table, key: ItemKey): boolean => {
    const writer = table.lastWrite(key)?.by;
    return scenario.regions && writer !== undefined && regionOf(writer) !== regionOf(actor);
  };
  return {
    farther(fate) {
      if (!scenario.regions) return fate;
      const awayMs = latency.between(ROUND_TRIP_MS.least, ROUND_TRIP_MS.most);
      const effectsMs = fate.effectsMs.map((effectMs) => effectMs + awayMs);
      return { ...fate, effectsMs, answerMs: fate.answerMs + awayMs };
    },
    write(actor, table, key, perform) {
      const age = scheduler.now() - (table.lastWrite(key)?.since ?? 0);
      const collides = age < COLLIDES_MS && isOfOther(actor, table, key) && !faults.hasCeased();
      if (!collides) return perform();
      trace.add(actor.name, () => `${key} is being written in the other region`);
      return Promise.reject(CONFLICT);
    },
    lagMs: (actor, table, key) => (isOfOther(actor, table, key) ? latency.between(0, LAG_MS_MAX) : 0),
  };
}

/** Once the driver has sent it as often as it does. */
const CONFLICT = new StoreError('the item is being written in another region', {
  code: 'ReplicatedWriteConflictException',
  outcome: 'refused',
  retriable: true,
});
