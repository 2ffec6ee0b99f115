/** Whenever an outage ends, nothing of it is given up: what fails with everything else is not to blame. */
import { describe, expect, it } from 'vitest';
import type { BatchContext } from '../../lib/delivery/userModule.ts';
import { longestWaitMs } from '../../lib/delivery/waits.ts';
import { mortal } from '../support/mortal.ts';
import {
  deliveredOf,
  itemOf,
  lettersOf,
  note,
  numbered,
  rounds,
  spend,
  working,
} from '../support/working.ts';
import { INTERVAL_MS, type World } from '../support/world.ts';

const hang = (world: World, context: BatchContext) => spend(world, context, Number.POSITIVE_INFINITY);

describe.each([[['0']], [['0', '1']]])('an outage in which everything hangs, in shards %j', (shards) => {
  it.each(Array.from({ length: 30 }, (_, index) => index + 8))(
    'and which ends after %i ticks',
    async (ticks) => {
      let isDown = true;
      const { world } = await working(
        async (_contents, context) => {
          if (isDown) await hang(world, context);
        },
        { shards },
      );
      for (const shard of shards) world.source.append(shard, ...numbered(3));
      await rounds(world, ticks);
      isDown = false;
      await rounds(world, 20);
      expect(lettersOf(world)).toEqual([]);
      for (const shard of shards) expect(deliveredOf(world, shard)).toEqual(numbered(3));
      expect(await itemOf(world)).not.toHaveProperty('pending');
    },
  );
});

// What a run dies of cannot be tried again in that run: where the outage ends before the next one, it looks like the one to blame.
it.each([[['0']], [['0', '1', '2']]])(
  'an outage of which every run dies ends with a dead letter at worst, and mostly without, in shards %j',
  async (shards) => {
    const letters: string[][] = [];
    for (let ticks = 8; ticks < 43; ticks++) {
      let isDown = true;
      const { world, rounds: ticksOf } = await mortal({ shards, kills: () => isDown });
      for (const shard of shards) world.source.append(shard, ...numbered(3));
      await ticksOf(ticks);
      isDown = false;
      await ticksOf(20);
      letters.push(lettersOf(world));
      for (const shard of shards) expect(await itemOf(world, shard)).not.toHaveProperty('pending');
    }
    expect(Math.max(...letters.map(({ length }) => length))).toBe(1);
    expect(letters.flat().length).toBeLessThanOrEqual(5 * shards.length);
  },
);

it('what waits for longer than it ever does, as of an interval that was longer, is tried at once', async () => {
  const { world } = await working();
  world.source.append('0', 'good');
  const noted = { to: '1', count: 1, done: 0, size: 1, attempts: 3, firstAt: 1, lastAt: 1 };
  const at = world.clock.now();
  const longest = longestWaitMs(INTERVAL_MS);
  await note(world, { ...noted, notBefore: at + longest });
  await rounds(world, 1, { cold: true });
  expect(deliveredOf(world)).toEqual([]);
  await note(world, { ...noted, notBefore: world.clock.now() + longest + 1 });
  await rounds(world, 1, { cold: true, first: 1 });
  expect(deliveredOf(world)).toEqual(['good']);
});

describe('a record of which runs die beside a shard in which all goes well', () => {
  const beside = async (ticks: number, onPoison: 'deadLetter' | 'block' = 'deadLetter') => {
    const { world, rounds: ticksOf, begun } = await mortal({ shards: ['0', '1'] });
    world.settings.delivery = { ...world.settings.delivery, onPoison };
    await ticksOf(2);
    world.source.append('0', 'kill');
    for (let tick = 0; tick < ticks; tick++) {
      world.source.append('1', 'good');
      await ticksOf(1);
    }
    return { world, begun: begun.filter((id) => id.startsWith('orders/0/')) };
  };

  it('is given up by what had succeeded in the run that died last', async () => {
    const { world, begun } = await beside(25);
    expect(lettersOf(world)).toEqual(['kill']);
    // The first one is noticed by nobody.
    expect(begun).toHaveLength(6);
    expect(await itemOf(world)).not.toHaveProperty('pending');
  });

  it('is not given up where nothing is', async () => {
    const { world, begun } = await beside(60, 'block');
    expect(lettersOf(world)).toEqual([]);
    expect(begun.length).toBeGreaterThan(8);
    expect(world.events.filter(({ event }) => event === 'shard.blocked').length).toBeGreaterThan(20);
  });
});
