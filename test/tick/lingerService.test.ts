import { afterEach, describe, expect, it } from 'vitest';
import { consumerKey } from '../../lib/group/items.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createManualClock } from '../support/clock.ts';
import { letTimePass } from '../support/letTimePass.ts';
import { createGroup, INTERVAL_MS } from '../support/world.ts';
import { clsStage } from './stages/cls.ts';
import { slsStage } from './stages/sls.ts';
import type { ServiceStage, StageOptions } from './stages/stage.ts';

const read = { signal: new AbortController().signal, consistent: true };

const STAGES: [service: string, start: (options: StageOptions) => Promise<ServiceStage>][] = [
  ['SLS', slsStage],
  ['CLS', clsStage({})],
];

let stage: ServiceStage | undefined;
afterEach(() => stage?.close());

describe.each(STAGES)('a slot that lingers where %s assigns the shards', (_service, start) => {
  it('gives up within the tick what the service wants somebody else to have', async () => {
    const clock = createManualClock();
    stage = await start({ clock, shards: 2 });
    const { source, serviceGroup } = stage;
    const world = createGroup({ clock, source, serviceGroup }, {});
    const heldBy = async (slot: string): Promise<number> =>
      Object.keys((await world.store.get(consumerKey(slot), read))?.assigned ?? {}).length;
    for (let round = 0; round < 4; round++) await world.round('a');
    expect(await heldBy('a')).toBe(2);
    world.settings.lingerMs = Number.POSITIVE_INFINITY;
    const first = world.tick('a');
    await letTimePass(clock, new Promise<never>(() => {}), { durationMs: 2_000 });
    // It joins, and waits for what the service takes from the other one.
    const second = world.tick('b');
    await letTimePass(clock, new Promise<never>(() => {}), { durationMs: 25_000 });
    expect(await heldBy('a')).toBe(1);
    // In either shard: who has given one up reads no more of it, and who has it does.
    for (const [index, key] of ['0', 'c'].entries()) await stage.put(key, `late ${index}`);
    for (const ticking of [first, second]) await letTimePass(clock, ticking, { durationMs: INTERVAL_MS });
    const results = [await first, await second];
    for (const { outcome, shards } of results) {
      expect(outcome).toBe('worked');
      expect(shards.filter(({ records }) => records > 0)).toHaveLength(1);
    }
    expect(world.delivered).toHaveLength(2);
  });
});

describe.each(STAGES)('a ring where %s assigns the shards', (_service, start) => {
  it('that finds a run at work has it poll once more, and take what came meanwhile', async () => {
    const clock = createManualClock();
    stage = await start({ clock, shards: 1 });
    const { source, serviceGroup } = stage;
    const world = createGroup({ clock, source, serviceGroup }, { doorbell: true });
    for (let round = 0; round < 4; round++) await world.round('a');
    const at = (await world.store.get(consumerKey('a'), read))!;
    expect(at.busyUntil).toBeLessThan(at.heartbeatAt);
    await stage.put('0', 'first');
    let isRung = false;
    const store: GroupStore = {
      ...world.store,
      async update(key, write, options) {
        // Its last write: what it has pulled is done.
        if (write.set !== undefined && 'busyUntil' in write.set && !('copy' in write) && !isRung) {
          isRung = true;
          await stage!.put('0', 'late');
          expect(await world.tick('a', 'other', {}, undefined, { rung: true })).toMatchObject({
            folded: true,
          });
        }
        return world.store.update(key, write, options);
      },
    };
    expect(await world.tick('a', 'a', { store })).toMatchObject({ ringsAnswered: 1 });
    expect(world.delivered).toHaveLength(2);
    expect(world.delivered.at(-1)).toMatch(/late$/);
  });
});
