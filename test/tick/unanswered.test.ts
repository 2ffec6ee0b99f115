import { describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createDice } from '../../local/faults/dice.ts';
import { createWaitingClock } from '../http/support.ts';
import { createMemorySource } from '../support/memorySource.ts';
import { createGroup } from '../support/world.ts';

const SEEDS = Array.from({ length: 30 }, (_, seed) => seed);
const ERRORS_SHARE = 0.4;

/** Four of ten writes are answered with an error; every other one of these was carried out. */
function failing(store: GroupStore, seed: number): GroupStore {
  const dice = createDice(`failing ${seed}`);
  const perhaps = async <T>(write: () => Promise<T>): Promise<T> => {
    if (!dice.chance(ERRORS_SHARE)) return write();
    if (dice.chance(0.5)) await write();
    throw new StoreError('InternalServerError', {
      code: 'InternalServerError',
      outcome: 'unknown',
      retriable: true,
    });
  };
  return {
    ...store,
    update: (key, write, options) => perhaps(() => store.update(key, write, options)),
    remove: (key, condition, options) => perhaps(() => store.remove(key, condition, options)),
  };
}

describe('a table that fails at four of ten writes', () => {
  it('does not keep a group from its plan, nor its shards from being read', async () => {
    const rounds = await Promise.all(SEEDS.map((seed) => roundsUntilRead(seed)));
    expect(Math.max(...rounds)).toBeLessThanOrEqual(5);
    expect(rounds.filter((count) => count <= 3).length).toBeGreaterThan(SEEDS.length / 2);
  });
});

/** The first interval waits for members, the second plans, and in the third the new assignment is read. */
async function roundsUntilRead(seed: number): Promise<number> {
  const shards = ['0', '1', '2', '3'];
  const clock = createWaitingClock();
  const source = createMemorySource(shards);
  const world = createGroup({ clock, source });
  for (const shard of shards) source.append(shard, 'record');
  const store = failing(world.store, seed);
  for (let round = 1; round <= 8; round++) {
    for (const slot of ['a', 'b']) {
      await world.tick(slot, slot, { store }).catch(() => {});
      clock.advance(1_000);
    }
    clock.advance(58_000);
    if (new Set(world.delivered).size === shards.length) return round;
  }
  return Number.POSITIVE_INFINITY;
}
