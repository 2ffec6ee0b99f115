/** When a tick looks at the group, and what it remembers of that. */
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import { pause } from '../../lib/group/operations.ts';
import { createWorld, INTERVAL_MS, type World } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const eventsOf = ({ events }: World, event: string) => events.filter((entry) => entry.event === event);

/** Slot `a` alone has its shards, and has just planned. */
async function planned(...shards: string[]): Promise<World> {
  const world = createWorld(shards);
  for (let round = 0; round < 3; round++) await world.round('a');
  let result = await world.tick('a');
  while (!result.planned) {
    world.clock.advance(INTERVAL_MS);
    result = await world.tick('a');
  }
  return world;
}

describe('a slot of which no plan has heard', () => {
  it('looks again in its second tick, whenever a plan is due', async () => {
    const world = await planned('0');
    const before = eventsOf(world, 'plan.made').length;
    world.source.replace([], ['1']);
    while (eventsOf(world, 'plan.made').length === before) {
      world.clock.advance(INTERVAL_MS);
      await world.tick('a');
    }
    // Right behind that plan: too soon for another one.
    world.clock.advance(1_000);
    expect(await world.tick('b')).toMatchObject({ planned: false, shards: [] });
    world.clock.advance(INTERVAL_MS);
    const group = (await world.store.get('GROUP', read))!;
    expect(group.planDueAt).toBeGreaterThan(world.clock.now());
    expect(await world.tick('b')).toMatchObject({ warm: true, planned: true });
  });
});

describe('a shard that is finished', () => {
  it('has the tick plan for its children at once, and that is told', async () => {
    const world = await planned('0');
    world.clock.advance(INTERVAL_MS);
    world.source.append('0', 'x');
    world.source.replace(['0'], ['1']);
    // The plan that finds the shard closed.
    let result = await world.tick('a');
    for (let round = 0; round < 4 && result.shards[0]?.stopped !== 'done'; round++) {
      world.clock.advance(INTERVAL_MS);
      result = await world.tick('a');
    }
    expect(result).toMatchObject({ planned: true, shards: [{ shard: '0', stopped: 'done' }] });
    world.clock.advance(INTERVAL_MS);
    expect(await world.tick('a')).toMatchObject({ shards: [{ shard: '1', stopped: 'caughtUp' }] });
  });

  it('tells also when that plan fails', async () => {
    const world = await planned('0');
    world.source.replace(['0'], ['1']);
    for (let round = 0; round < 4; round++) {
      world.clock.advance(INTERVAL_MS);
      const { readAll } = world.store;
      // From the moment on at which the shard is finished.
      world.store.readAll = (how) => {
        if (eventsOf(world, 'shard.done').length === 0) return readAll(how);
        const details = { code: 'ThrottlingException', outcome: 'refused', retriable: true } as const;
        return Promise.reject(new StoreError('slow down', details));
      };
      const result = await world.tick('a');
      world.store.readAll = readAll;
      if (result.shards[0]?.stopped !== 'done') continue;
      expect(result).toMatchObject({ planned: false, planFailed: true, outcome: 'worked' });
      return;
    }
    expect.unreachable('the shard was not finished');
  });
});

describe('a plan that failed', () => {
  it('is tried again by the very next tick', async () => {
    const world = await planned('0');
    const { readAll } = world.store;
    const details = { code: 'ThrottlingException', outcome: 'refused', retriable: true } as const;
    world.store.readAll = () => Promise.reject(new StoreError('slow down', details));
    let result = await world.tick('a');
    while (!result.planFailed) {
      world.clock.advance(INTERVAL_MS);
      result = await world.tick('a');
    }
    expect(result).toMatchObject({ warm: true, planned: false });
    world.store.readAll = readAll;
    world.clock.advance(INTERVAL_MS);
    expect(await world.tick('a')).toMatchObject({ warm: true, planned: true, planFailed: false });
  });

  it('is tried again also if it was made early, for a slot of which no plan has heard', async () => {
    const world = await planned('0');
    const { readAll } = world.store;
    const details = { code: 'ThrottlingException', outcome: 'refused', retriable: true } as const;
    world.store.readAll = () => Promise.reject(new StoreError('slow down', details));
    // Nobody else is about to.
    const set = { planDueAt: world.clock.now() + 100 * INTERVAL_MS, plannedAt: 0 };
    await world.store.update('GROUP', { set, condition: { exists: 'plannedAt' } }, options);
    for (const warm of [false, true]) {
      expect(await world.tick('b')).toMatchObject({ warm, planned: false, planFailed: true });
      world.clock.advance(INTERVAL_MS);
    }
    world.store.readAll = readAll;
    expect(await world.tick('b')).toMatchObject({ warm: true, planned: true });
  });
});

describe('a pause between the first read of a new sandbox and its heartbeat', () => {
  it('is seen by its next tick, also if this one has made a plan', async () => {
    const world = await planned('0');
    world.clock.advance(2 * INTERVAL_MS);
    let isPaused = false;
    const store: World['store'] = {
      ...world.store,
      async update(key, write, how) {
        if (key.startsWith('CONSUMER#') && !isPaused) {
          isPaused = true;
          await pause(world.store, options);
        }
        return world.store.update(key, write, how);
      },
    };
    // It finds nothing to change, so that the next tick is a warm one.
    expect(await world.tick('a', 'another sandbox', { store })).toMatchObject({ planned: true });
    expect(isPaused).toBe(true);
    world.clock.advance(INTERVAL_MS);
    expect(await world.tick('a', 'another sandbox')).toMatchObject({ outcome: 'paused' });
  });
});

describe('a warm sandbox whose group was deleted', () => {
  it('stops, and says so', async () => {
    const world = await planned('0');
    await world.store.remove('GROUP', { exists: 'generation' }, options);
    world.clock.advance(INTERVAL_MS);
    let result = await world.tick('a');
    while (result.outcome === 'worked') {
      world.clock.advance(INTERVAL_MS);
      result = await world.tick('a');
    }
    expect(result).toMatchObject({ outcome: 'disagrees', shards: [] });
    expect(eventsOf(world, 'group.changed')).toMatchObject([{ level: 'warn', deleted: true }]);
  });
});

describe('a clock that is wrong by more than the margin', () => {
  it.each([-1, 1])('is told, on either side (%i)', async (side) => {
    const world = await planned('0');
    world.clock.advance(INTERVAL_MS);
    world.skewMs = side * world.times.skewMarginMs;
    await world.tick('a');
    expect(eventsOf(world, 'clock.skewed')).toEqual([]);
    world.clock.advance(INTERVAL_MS);
    world.skewMs += side;
    await world.tick('a');
    expect(eventsOf(world, 'clock.skewed')).toMatchObject([{ level: 'warn', skewMs: world.skewMs }]);
  });
});
