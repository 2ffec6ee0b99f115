import { describe, expect, it } from 'vitest';
import { consumerKey } from '../../lib/group/items.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import { createManualClock } from '../support/clock.ts';
import { letTimePass } from '../support/letTimePass.ts';
import { createGroup, INTERVAL_MS } from '../support/world.ts';

type Group = Pick<ReturnType<typeof createGroup>, 'clock' | 'tick' | 'store'>;

const SLOTS = { slots: ['a', 'b'], slotsMin: 1 };

/** What the slot's item tells of the tick before, after a tick of it. */
async function told(world: Group, slot = 'a', sandbox = slot): Promise<unknown> {
  await letTimePass(world.clock, world.tick(slot, sandbox));
  world.clock.advance(INTERVAL_MS);
  const signal = new AbortController().signal;
  return (await world.store.get(consumerKey(slot), { signal, consistent: true }))?.load;
}

/** A batch takes so long. */
const taking = (world: Group, durationMs: number) => (): Promise<void> => world.clock.sleep(durationMs);

async function settled(given: object = SLOTS, ...shards: string[]) {
  const clock = createManualClock();
  const source = createMemorySource({ shards: shards.length > 0 ? shards : ['0'], now: clock.now });
  const world = createGroup({ clock, source }, { ...given, shardsParallelMax: 1 });
  for (let round = 0; round < 4; round++) await world.round('a');
  return world;
}

describe('how the tick before went', () => {
  it('is told by the next heartbeat: the share of its time that it took until all was read', async () => {
    const world = await settled();
    const workMs = world.times.functionTimeoutMs - world.times.reserveMs;
    world.eachBatch = taking(world, workMs / 4);
    world.source.append('0', 'one');
    expect(await told(world)).toEqual({ busy: 0, behind: 0 });
    expect(await told(world)).toEqual({ busy: 0.25, behind: 0 });
    expect(await told(world)).toEqual({ busy: 0, behind: 0 });
  });

  it.each([1, 3])(
    'counts the shards that were left by the deadline, more than an interval behind: %i',
    async (count) => {
      const shards = ['0', '1', '2'].slice(0, count);
      const world = await settled({ ...SLOTS, countMax: 1 }, ...shards);
      world.eachBatch = taking(world, 20_000);
      // The last one a moment ago, the others minutes apart.
      for (let record = 5; record >= 0; record--) {
        for (const shard of shards) world.source.append(shard, `r${record}`);
        world.clock.advance(2 * INTERVAL_MS * Math.sign(record));
      }
      await told(world);
      expect(await told(world)).toMatchObject({ behind: count });
      for (let tick = 0; tick < 3 * count; tick++) await told(world);
      expect(await told(world)).toMatchObject({ behind: 0 });
    },
  );

  it('stays as it was told while nobody remembers, and takes no write of its own', async () => {
    const world = await settled();
    world.eachBatch = taking(world, 20_000);
    world.source.append('0', 'one');
    await told(world);
    const { busy } = (await told(world)) as { busy: number };
    expect(await told(world, 'a', 'another')).toMatchObject({ busy });
    world.store.requests.length = 0;
    expect(await told(world, 'a', 'another')).toMatchObject({ busy: 0 });
    expect(world.store.requests.filter((request) => request.startsWith('update C'))).toHaveLength(1);
  });

  it('leaves out what a tick that lingers waits for', async () => {
    const world = await settled();
    world.settings.lingerMs = Number.POSITIVE_INFINITY;
    const ticking = world.tick('a');
    await letTimePass(world.clock, new Promise<never>(() => {}), { durationMs: 10_000 });
    world.eachBatch = () => world.clock.sleep(9_000);
    world.source.append('0', 'late');
    await letTimePass(world.clock, ticking);
    world.clock.advance(INTERVAL_MS);
    world.settings.lingerMs = 0;
    expect(await told(world)).toEqual({ busy: 0.2, behind: 0 });
  });

  it('is told by nobody where there are always all slots', async () => {
    const world = await settled({ slots: ['a', 'b'] });
    expect(await told(world)).toBeUndefined();
  });
});
