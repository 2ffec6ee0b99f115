import { describe, expect, it } from 'vitest';
import { createLifecycle } from '../../lib/delivery/lifecycle.ts';
import { StoreError } from '../../lib/errors.ts';
import { consumerKey } from '../../lib/group/items.ts';
import { pause } from '../../lib/group/operations.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { letTimePass } from '../support/letTimePass.ts';
import { createWorld, INTERVAL_MS, type World } from '../support/world.ts';

const read = { signal: new AbortController().signal, consistent: true };
const LEASE_MS = 48_000 + 3_000;

/** A group of one slot that has settled, and whose last tick began a moment ago. */
async function settled(given: Parameters<typeof createWorld>[1] = {}) {
  const world = createWorld(['0'], given);
  for (let round = 0; round < 4; round++) await world.round('a');
  world.store.requests.length = 0;
  return world;
}

const itemOf = (world: World) => world.store.get(consumerKey('a'), read);
const writes = ({ store }: World) => store.requests.filter((request) => request === 'update CONSUMER#a');

/** A slot that gives its lease back, since somebody came too early to wait. */
async function unsettled(given: Parameters<typeof createWorld>[1] = {}) {
  const world = await settled(given);
  await world.tick('a');
  world.clock.advance(2_000);
  expect(await world.tick('a')).toMatchObject({ outcome: 'busy' });
  world.clock.advance(INTERVAL_MS - 2_000);
  return world;
}

/** Its user's function is at work for so long with a record. */
function worksFor(world: World, durationMs: number): void {
  world.source.append('0', `record of ${world.clock.now()}`);
  world.eachBatch = () => world.clock.sleep(durationMs);
}

/** Of the tick that is at work. */
const passes = (world: World, durationMs: number) =>
  letTimePass(world.clock, new Promise<never>(() => {}), { durationMs });

describe('a run that comes while the one before holds its lease', () => {
  it('waits for the end of that, if it has time left then', async () => {
    const world = await settled();
    await world.tick('a');
    const startedAt = world.clock.now();
    world.clock.advance(20_000);
    const result = await letTimePass(world.clock, world.tick('a'));
    expect(result).toMatchObject({ outcome: 'worked' });
    expect(world.clock.now() - startedAt - LEASE_MS).toBeGreaterThan(0);
    expect(world.clock.now() - startedAt - LEASE_MS).toBeLessThan(500);
  });

  it('leaves at once where it has not, and notes that it came', async () => {
    const world = await settled();
    await world.tick('a');
    world.clock.advance(2_000);
    world.store.requests.length = 0;
    expect(await world.tick('a')).toMatchObject({ outcome: 'busy' });
    expect(await itemOf(world)).toMatchObject({ earlyAt: world.clock.now() });
    expect(writes(world)).toHaveLength(2);
    await world.tick('a');
    expect(writes(world)).toHaveLength(3);
  });

  it('that the end of its own time overtakes leaves', async () => {
    const world = await unsettled();
    worksFor(world, 40_000);
    const ticking = world.tick('a');
    await passes(world, 1_000);
    const second = world.clock.now() + 20_000;
    const result = await letTimePass(world.clock, world.tick('a', 'other', {}, second));
    expect(result).toMatchObject({ outcome: 'busy' });
    expect(second - world.clock.now()).toBeGreaterThan(3_000);
    await letTimePass(world.clock, ticking);
  });

  it('looks whether a slot that is given back is free, and takes it then', async () => {
    const world = await unsettled();
    worksFor(world, 20_000);
    const first = world.tick('a');
    await passes(world, 1_000);
    world.store.requests.length = 0;
    const second = world.tick('a', 'other');
    expect(await letTimePass(world.clock, first)).toMatchObject({ outcome: 'worked' });
    const endedAt = world.clock.now();
    expect(await letTimePass(world.clock, second)).toMatchObject({ outcome: 'worked', tick: 7 });
    expect(world.clock.now() - endedAt).toBeLessThan(3_000);
    const looks = world.store.requests.filter((request) => request === 'get CONSUMER#a');
    expect(looks.length).toBeGreaterThan(5);
    expect(looks.length).toBeLessThan(15);
  });
});

describe('a slot', () => {
  it('pays nothing while its schedule is regular, within the margin for clocks', async () => {
    const world = await settled();
    for (const lateMs of [0, 3_000, 0, 3_000, 0]) {
      await world.tick('a');
      world.clock.advance(INTERVAL_MS + lateMs - (3_000 - lateMs));
    }
    expect(writes(world)).toHaveLength(5);
    expect(await itemOf(world)).not.toHaveProperty('earlyAt');
  });

  it('that was asked for early gives its lease back, and its next run need not wait', async () => {
    const world = await unsettled();
    expect(await world.tick('a')).toMatchObject({ outcome: 'worked' });
    const item = (await itemOf(world))!;
    expect(item.busyUntil).toBe(item.heartbeatAt - world.times.skewMarginMs);
    world.clock.advance(1_000);
    expect(await world.tick('a')).toMatchObject({ outcome: 'worked', warm: true });
    // It came early itself.
    expect(await itemOf(world)).toMatchObject({ earlyAt: world.clock.now() });
  });

  it('keeps it again when nobody has come early for sixty intervals', async () => {
    const world = await unsettled();
    for (let minute = 0; minute < 59; minute++) await world.round('a');
    world.store.requests.length = 0;
    await world.round('a');
    expect(writes(world)).toHaveLength(2);
    world.store.requests.length = 0;
    await world.round('a');
    await world.round('a');
    expect(writes(world)).toHaveLength(2);
  });

  it('that is rung gives it back in any case', async () => {
    const world = await settled({ doorbell: true });
    await world.tick('a');
    world.clock.advance(100);
    expect(await world.tick('a')).toMatchObject({ outcome: 'worked' });
    world.clock.advance(100);
    expect(await world.tick('a', 'other', {}, undefined, { rung: true })).toMatchObject({
      outcome: 'worked',
    });
  });

  it('is kept by a run of which the code goes on that it has given up', async () => {
    const world = await unsettled();
    world.source.append('0', 'a');
    world.eachBatch = () => new Promise(() => {});
    const until = world.clock.now() + 48_000;
    const ended = await letTimePass(world.clock, world.tick('a'));
    expect(ended).toMatchObject({ shards: [{ stopped: 'deadline' }] });
    expect(await itemOf(world)).toMatchObject({ busyUntil: until });
  });

  it('is kept by a run that has not waited for the end of what the module does for a shard', async () => {
    const world = await unsettled();
    world.source.append('0', 'a');
    const lifecycle = createLifecycle({ stop: () => new Promise(() => {}) });
    await world.tick('a', 'a', { lifecycle });
    const taken = { set: { generation: 7, assigned: {} }, condition: { exists: 'tick' } } as const;
    await world.store.update(consumerKey('a'), taken, read);
    world.clock.advance(INTERVAL_MS);
    const until = world.clock.now() + 48_000;
    await letTimePass(world.clock, world.tick('a', 'a', { lifecycle }));
    expect(lifecycle.isAnyRunning()).toBe(true);
    expect(await itemOf(world)).toMatchObject({ busyUntil: until });
  });

  it('is kept by a run of whose writes one has no answer', async () => {
    const world = await unsettled();
    world.source.append('0', 'a');
    const store: GroupStore = {
      ...world.store,
      update: (key, write, options) =>
        String(key) === 'SHARD#0' ? Promise.reject(UNANSWERED) : world.store.update(key, write, options),
    };
    const until = world.clock.now() + 48_000;
    await letTimePass(world.clock, world.tick('a', 'a', { store }));
    expect(await itemOf(world)).toMatchObject({ busyUntil: until });
  });

  it('is kept where giving it back has no answer, and nothing is done after that', async () => {
    const world = await unsettled();
    let isAsked = false;
    const store: GroupStore = {
      ...world.store,
      update(key, write, options) {
        const isGivenBack = String(key) === 'CONSUMER#a' && !('copy' in write);
        isAsked ||= isGivenBack;
        return isGivenBack ? Promise.reject(UNANSWERED) : world.store.update(key, write, options);
      },
    };
    const result = await letTimePass(world.clock, world.tick('a', 'a', { store }));
    expect(isAsked).toBe(true);
    expect(result).toMatchObject({ outcome: 'worked' });
    expect(world.events.at(-1)).toMatchObject({ event: 'lease.kept' });
  });
});

const UNANSWERED = new StoreError('no answer', { code: 'Timeout', outcome: 'unknown', retriable: true });

describe('a ring', () => {
  const ring = (world: World) => world.tick('a', 'other', {}, undefined, { rung: true });

  it('that finds a run at work leaves, and that one polls once more, however often somebody rings', async () => {
    const world = await settled({ doorbell: true });
    worksFor(world, 10_000);
    const ticking = world.tick('a');
    await passes(world, 2_000);
    for (let rings = 0; rings < 5; rings++) {
      expect(await ring(world)).toMatchObject({ outcome: 'busy', folded: true, shards: [] });
    }
    world.eachBatch = async () => {};
    const result = await letTimePass(world.clock, ticking);
    expect(result).toMatchObject({ outcome: 'worked', ringsAnswered: 1 });
    expect(world.events.filter(({ event }) => event === 'ring.folded')).toHaveLength(5);
    const item = (await itemOf(world))!;
    expect(item).toMatchObject({ rings: 5, busyUntil: item.heartbeatAt - world.times.skewMarginMs });
  });

  it('brings what came after the last pull of the run at work', async () => {
    const world = await settled({ doorbell: true });
    let isRung = false;
    const store: GroupStore = {
      ...world.store,
      async update(key, write, options) {
        if (String(key) === 'CONSUMER#a' && !('copy' in write) && !isRung) {
          isRung = true;
          world.source.append('0', 'late');
          expect(await ring(world)).toMatchObject({ folded: true });
        }
        return world.store.update(key, write, options);
      },
    };
    expect(await world.tick('a', 'a', { store })).toMatchObject({ ringsAnswered: 1 });
    expect(world.delivered).toEqual(['0:late']);
  });

  it('that finds the slot free is a tick', async () => {
    const world = await settled();
    world.source.append('0', 'a');
    expect(await ring(world)).toMatchObject({ outcome: 'worked' });
    expect(world.delivered).toEqual(['0:a']);
  });

  it.each(['looks at', 'rings for'])(
    'takes the slot where that is given back when it %s the run at work',
    async (when) => {
      const world = await settled({ doorbell: true });
      worksFor(world, 10_000);
      const ticking = world.tick('a');
      await passes(world, 2_000);
      const isOver = () => letTimePass(world.clock, ticking);
      const store: GroupStore = {
        ...world.store,
        async get(key, given) {
          if (when === 'looks at' && given.consistent && String(key) === 'CONSUMER#a') await isOver();
          return world.store.get(key, given);
        },
        async update(key, write, given) {
          if (write.add !== undefined && 'rings' in write.add) await isOver();
          return world.store.update(key, write, given);
        },
      };
      const ringing = world.tick('a', 'other', { store }, undefined, { rung: true });
      expect(await letTimePass(world.clock, ringing)).toMatchObject({ outcome: 'worked' });
    },
  );

  it('has the slot given back from then on, where the run before had ended and only held its lease', async () => {
    const world = await settled();
    await world.tick('a');
    world.clock.advance(1_000);
    const unheard = await ring(world);
    expect(unheard).toMatchObject({ outcome: 'busy' });
    expect(unheard.folded).toBeFalsy();
    world.clock.advance(INTERVAL_MS);
    await world.tick('a');
    world.clock.advance(1_000);
    expect(await ring(world)).toMatchObject({ outcome: 'worked' });
  });

  it('takes a slot that was just given back by a clock which is a little ahead', async () => {
    const world = await settled({ doorbell: true });
    world.skewMs = 300;
    await world.tick('a');
    world.skewMs = 0;
    world.source.append('0', 'late');
    expect(await letTimePass(world.clock, ring(world))).toMatchObject({ outcome: 'worked' });
    expect(world.delivered).toEqual(['0:late']);
  });

  it('finds what a plan has changed meanwhile', async () => {
    const world = await settled({ doorbell: true });
    worksFor(world, 10_000);
    const ticking = world.tick('a');
    await passes(world, 2_000);
    const planned = { set: { generation: 7, assigned: {} }, condition: { exists: 'tick' } } as const;
    await world.store.update(consumerKey('a'), planned, read);
    await ring(world);
    expect(await letTimePass(world.clock, ticking)).toMatchObject({ ringsAnswered: 1 });
    expect(await itemOf(world)).toMatchObject({ acknowledged: 7 });
  });

  it('goes by no cache of before where somebody has paused the group meanwhile', async () => {
    const world = await settled({ doorbell: true });
    worksFor(world, 10_000);
    const ticking = world.tick('a');
    await passes(world, 2_000);
    await pause(world.store, read);
    world.source.append('0', 'late');
    await ring(world);
    expect(await letTimePass(world.clock, ticking)).toMatchObject({ ringsAnswered: 1 });
    expect(world.delivered).not.toContain('0:late');
  });

  it('that comes when no time is left is answered by the next tick', async () => {
    const world = await settled({ doorbell: true });
    world.settings.lingerMs = Number.POSITIVE_INFINITY;
    const ticking = world.tick('a');
    await passes(world, 44_000);
    await ring(world);
    const result = await letTimePass(world.clock, ticking);
    expect(result).not.toHaveProperty('ringsAnswered');
    const item = (await itemOf(world))!;
    expect(item.busyUntil).toBeLessThan(item.heartbeatAt);
  });
});
