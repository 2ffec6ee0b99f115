import { describe, expect, it } from 'vitest';
import { createCountedStore } from '../../bench/support/countedStore.ts';
import { createSoakWorld, GROUP } from '../../bench/support/soakWorld.ts';
import { createMemoryDeadLetters, type MemoryLetters } from '../../lib/delivery/deadLetters/memory.ts';

describe('the group that is watched for a day', () => {
  it('takes every record, and keeps what nobody takes, however much comes and goes', async () => {
    const { store } = createCountedStore(GROUP);
    const letters: MemoryLetters = new Map();
    const world = createSoakWorld(3, ({ now }) => ({
      store,
      deadLetters: createMemoryDeadLetters({ letters, lettersMax: 100, now }),
    }));
    for (let minute = 0; minute < 70; minute++) await world.minute('churn');
    const { records, taken } = world.told();
    expect(taken).toBeGreaterThan(1_000);
    expect(taken).toBeLessThanOrEqual(records);
    for (let minute = 0; minute < 40; minute++) await world.minute('calm');
    for (let minute = 0; minute < 5; minute++) await world.minute('quiet');
    const told = world.told();
    expect(told).toMatchObject({ taken: told.records, poisonous: 2, deadLetters: 2 });
    // Slots stood still for twenty minutes.
    expect(told.ticks).toBe(3 * 115 - 20);
  });
});
