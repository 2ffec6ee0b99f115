import { expect, it, describe as suite } from 'vitest';
import { consumerKey, shardKey } from '../../lib/group/items.ts';
import {
  deleteGroup,
  describe,
  drain,
  pause,
  pauseShard,
  removeSlot,
  resume,
  resumeShard,
  seek,
  undrain,
} from '../../lib/group/operations.ts';
import { createWorld, INTERVAL_MS, type World } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const limits = (world: World) => ({ now: world.clock.now(), skewMarginMs: world.times.skewMarginMs });

/** Two slots at work on as many shards as are named; everything read so far. */
async function running(shards: string[], slots = ['a', 'b']): Promise<World> {
  const world = createWorld(shards);
  for (let round = 0; round < 4; round++) await world.round(...slots);
  return world;
}

const holdings = async (world: World) => {
  const { consumers } = await describe(world.store, world.clock.now(), options);
  return Object.fromEntries(
    consumers.map(({ slot, assigned }) => [
      slot,
      Object.keys(assigned ?? {})
        .sort()
        .join(''),
    ]),
  );
};

suite('pause and resume', () => {
  it('stop all reading from the next tick on, also in a warm sandbox, and let it go on where it was', async () => {
    const world = await running(['0', '1']);
    await pause(world.store, options);
    world.source.append('0', 'a');
    for (let round = 0; round < 3; round++) {
      const results = await world.round('a', 'b');
      expect(results.map(({ outcome }) => outcome)).toEqual(['paused', 'paused']);
    }
    expect(world.delivered).toEqual([]);
    expect(await describe(world.store, world.clock.now(), options)).toMatchObject({ status: 'paused' });

    await resume(world.store, options);
    await world.round('a', 'b');
    expect(world.delivered).toEqual(['0:a']);
  });

  it('keep the slots alive while it lasts', async () => {
    const world = await running(['0', '1']);
    const before = await holdings(world);
    await pause(world.store, options);
    for (let round = 0; round < 6; round++) await world.round('a', 'b');
    await resume(world.store, options);
    for (let round = 0; round < 3; round++) await world.round('a', 'b');
    expect(await holdings(world)).toEqual(before);
  });

  it('say so when there is no such group', async () => {
    await expect(pause(createWorld([]).store, options)).rejects.toThrow(/no such group/);
  });
});

suite('pause and resume of one shard', () => {
  it('stop its reading alone, in a warm sandbox, too, and let it go on where it was', async () => {
    const world = await running(['0', '1'], ['a']);
    await world.round('a');
    await pauseShard(world.store, '0', options);
    world.source.append('0', 'x');
    world.source.append('1', 'y');
    for (let round = 0; round < 3; round++) {
      const [{ outcome, shards } = { outcome: '', shards: [] }] = await world.round('a');
      expect(outcome).toBe('worked');
      expect(shards.find(({ shard }) => shard === '0')).toMatchObject({ stopped: 'paused' });
    }
    expect(world.delivered).toEqual(['1:y']);
    const { shards } = await describe(world.store, world.clock.now(), options);
    expect(shards[0]!.waits).toEqual({ for: 'resume', of: 'shard' });
    await resumeShard(world.store, '0', options);
    await world.round('a');
    expect(world.delivered).toEqual(['1:y', '0:x']);
  });

  it('costs no read where nothing changes', async () => {
    const world = await running(['0'], ['a']);
    await pauseShard(world.store, '0', options);
    for (let round = 0; round < 2; round++) await world.round('a');
    world.store.requests.length = 0;
    await world.tick('a');
    expect(world.store.requests).toEqual(['update CONSUMER#a']);
  });

  it('lets a batch at work be finished', async () => {
    const world = await running(['0'], ['a']);
    world.source.append('0', 'x');
    world.eachBatch = () => pauseShard(world.store, '0', options);
    await world.round('a');
    world.source.append('0', 'y');
    await world.round('a');
    expect(world.delivered).toEqual(['0:x']);
    const { shards } = await describe(world.store, world.clock.now(), options);
    expect(shards[0]).toMatchObject({ cursor: '1' });
  });

  it('lasts when it is handed over, or sought', async () => {
    const world = await running(['0'], ['a', 'b']);
    await pauseShard(world.store, '0', options);
    world.source.append('0', 'x');
    const [owner] = (await describe(world.store, world.clock.now(), options)).shards.map(
      ({ owner }) => owner!,
    );
    await drain(world.store, owner!, options);
    await seek(world.store, world.source, { shard: '0', to: { at: 'begin' } }, options);
    for (let round = 0; round < 4; round++) await world.round('a', 'b');
    const { shards } = await describe(world.store, world.clock.now(), options);
    expect(shards[0]!.owner).not.toBe(owner);
    expect(world.delivered).toEqual([]);
    await resumeShard(world.store, '0', options);
    await world.round('a', 'b');
    expect(world.delivered).toEqual(['0:x']);
  });

  it('is refused for a shard that is not there, or done', async () => {
    const world = await running(['0']);
    await expect(pauseShard(world.store, '9', options)).rejects.toThrow(/^shard: "9" .*no such shard/);
    world.source.replace(['0'], ['1']);
    for (let round = 0; round < 4; round++) await world.round('a', 'b');
    await expect(resumeShard(world.store, '0', options)).rejects.toThrow(/^shard: "0" .*it is done/);
  });

  it('is no failure of the tick, and its lag grows meanwhile', async () => {
    const world = await running(['0'], ['a']);
    world.source.append('0', 'x');
    await world.round('a');
    await pauseShard(world.store, '0', options);
    const [first] = await world.round('a');
    const [second] = await world.round('a');
    expect(second).toMatchObject({ outcome: 'worked' });
    expect(second!.shards[0]!.lagMs! - first!.shards[0]!.lagMs!).toBe(INTERVAL_MS);
  });
});

suite('what would be', () => {
  it('is told of a seek, and nothing is changed', async () => {
    const world = await running(['0', '1']);
    world.source.append('0', 'x');
    await world.round('a', 'b');
    const before = await world.store.readAll(read);
    const request = { shard: 'all', to: { at: 'begin' }, dryRun: true } as const;
    expect(await seek(world.store, world.source, request, options)).toEqual([
      { shard: '0', sought: true, from: '1', cursor: '0' },
      { shard: '1', sought: true, from: '0', cursor: '0' },
    ]);
    expect(await world.store.readAll(read)).toEqual(before);
  });

  it('is told of a deletion which a run that may be at work keeps from being done, whatever its session says', async () => {
    const world = await running(['0']);
    world.clock.advance(3 * INTERVAL_MS);
    const busy = { set: { busyUntil: world.clock.now() + 1 }, condition: { exists: 'heartbeatAt' } } as const;
    await world.store.update(consumerKey('a'), busy, options);
    const live = { deleted: false, live: ['a'] };
    expect(await deleteGroup(world.store, { ...limits(world), dryRun: true }, options)).toEqual(live);
    expect(await deleteGroup(world.store, limits(world), options)).toEqual(live);
    expect(await describe(world.store, world.clock.now(), options)).not.toMatchObject({ consumers: [] });
  });

  it('is told of a removal and of a deletion, by the rules of both', async () => {
    const world = await running(['0']);
    const before = await world.store.readAll(read);
    const dry = () => ({ ...limits(world), dryRun: true });
    await world.tick('a');
    expect(await removeSlot(world.store, 'a', dry(), options)).toMatchObject({ removed: false });
    expect(await deleteGroup(world.store, dry(), options)).toEqual({ deleted: false, live: ['a', 'b'] });
    world.clock.advance(4 * INTERVAL_MS);
    expect(await removeSlot(world.store, 'a', dry(), options)).toEqual({ removed: true });
    expect(await deleteGroup(world.store, dry(), options)).toEqual({ deleted: true });
    const after = await world.store.readAll(read);
    expect([...after.consumers.keys()]).toEqual([...before.consumers.keys()]);
    expect(after.shards).toEqual(before.shards);
  });
});

suite('seek', () => {
  it('brings records again, also in a warm sandbox', async () => {
    const world = await running(['0']);
    world.source.append('0', 'x', 'y');
    await world.round('a', 'b');
    const sought = await seek(world.store, world.source, { shard: '0', to: { at: 'begin' } }, options);
    expect(sought).toEqual([{ shard: '0', sought: true, from: '2', cursor: '0' }]);
    await world.round('a', 'b');
    expect(world.delivered).toEqual(['0:x', '0:y', '0:x', '0:y']);
  });

  it('forgets what was pending at the checkpoint before, and how far that was behind', async () => {
    const world = await running(['0'], ['a']);
    world.source.append('0', 'x');
    await world.round('a');
    const noted = { pending: { to: '2', count: 1, done: 0, attempts: 1 }, step: 1 };
    await world.store.update(shardKey('0'), { set: noted, condition: { exists: 'epoch' } }, options);
    expect(await world.store.get(shardKey('0'), read)).toHaveProperty('lagMs');
    await seek(world.store, world.source, { shard: '0', to: { at: 'begin' } }, options);
    const item = await world.store.get(shardKey('0'), read);
    for (const name of ['pending', 'step', 'lagMs']) expect(item).not.toHaveProperty(name);
  });

  it('passes records over, of every shard', async () => {
    const world = await running(['0', '1']);
    world.source.append('0', 'x');
    world.source.append('1', 'y');
    await seek(world.store, world.source, { shard: 'all', to: { at: 'end' } }, options);
    world.source.append('1', 'z');
    await world.round('a', 'b');
    expect(world.delivered).toEqual(['1:z']);
  });

  it('in the middle of a batch wins over that batch', async () => {
    const world = await running(['0'], ['a']);
    world.source.append('0', 'x', 'y', 'z');
    world.eachBatch = async () => {
      world.eachBatch = async () => {};
      await seek(world.store, world.source, { shard: '0', to: { cursor: '2' } }, options);
    };
    const result = await world.tick('a');
    expect(result.shards).toMatchObject([{ stopped: 'lost' }]);
    world.clock.advance(INTERVAL_MS);
    await world.tick('a');
    expect(world.delivered).toEqual(['0:x', '0:y', '0:z']);
  });

  it('is refused for a shard that is done, and for one that is not there', async () => {
    const world = await running(['0']);
    world.source.replace(['0'], ['1', '2']);
    for (let round = 0; round < 4; round++) await world.round('a', 'b');
    const to = { cursor: '0' };
    expect(await seek(world.store, world.source, { shard: '0', to }, options)).toEqual([
      { shard: '0', sought: false, reason: 'done' },
    ]);
    expect(await seek(world.store, world.source, { shard: '9', to }, options)).toEqual([
      { shard: '9', sought: false, reason: 'absent' },
    ]);
  });

  it('moves nothing in a shard that is read to its end meanwhile', async () => {
    const world = await running(['0'], ['a']);
    const atItsEnd = { set: { cursor: '7', state: 'done' }, condition: { exists: 'epoch' } } as const;
    const stream = {
      async cursorAt() {
        await world.store.update(shardKey('0'), atItsEnd, options);
        return '0';
      },
    };
    expect(await seek(world.store, stream, { shard: '0', to: { at: 'begin' } }, options)).toEqual([
      { shard: '0', sought: false, reason: 'done' },
    ]);
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({ cursor: '7', state: 'done' });
  });

  it('to a cursor is for one shard only', async () => {
    const world = await running(['0']);
    const request = { shard: 'all', to: { cursor: '0' } } as const;
    await expect(seek(world.store, world.source, request, options)).rejects.toThrow(
      /^to: "0" .*name the shard/,
    );
  });

  it.each(['', ' ', 'MTc5 NTcz'])('is refused to %j, which is no cursor', async (cursor) => {
    const world = await running(['0']);
    const before = await world.store.get(shardKey('0'), { ...options, consistent: true });
    const request = { shard: '0', to: { cursor } };
    await expect(seek(world.store, world.source, request, options)).rejects.toThrow(
      /^to: ".*" cannot be used/,
    );
    expect(await world.store.get(shardKey('0'), { ...options, consistent: true })).toEqual(before);
  });

  it('that stopped half-way is healed by the age of the cache', async () => {
    const world = await running(['0'], ['a']);
    world.source.append('0', 'x');
    await world.round('a');
    // Only the shard item: the operator died before the slot's turn.
    const half = { set: { cursor: '0' }, add: { epoch: 1 }, condition: { exists: 'epoch' as const } };
    await world.store.update(shardKey('0'), half, options);
    for (let round = 0; round < 32; round++) await world.round('a');
    expect(world.delivered).toEqual(['0:x', '0:x']);
  });
});

suite('drain', () => {
  it('hands everything to the others, who repeat nothing, and undrain brings the slot back', async () => {
    const world = await running(['0', '1', '2', '3']);
    await drain(world.store, 'a', options);
    for (let round = 0; round < 3; round++) {
      world.source.append('0', `${round}`);
      await world.round('a', 'b');
    }
    expect(await holdings(world)).toEqual({ a: '', b: '0123' });
    expect(world.delivered).toEqual(['0:0', '0:1', '0:2']);

    await undrain(world.store, 'a', options);
    for (let round = 0; round < 4; round++) await world.round('a', 'b');
    expect((await holdings(world)).a).toHaveLength(2);
  });

  it('of the only slot leaves its shards to nobody', async () => {
    const world = await running(['0', '1'], ['a']);
    await drain(world.store, 'a', options);
    for (let round = 0; round < 3; round++) await world.round('a');
    expect(await holdings(world)).toEqual({ a: '' });
  });

  it('names a slot that is not there', async () => {
    const world = await running(['0']);
    await expect(drain(world.store, 'z', options)).rejects.toThrow(/^slot: "z"/);
  });
});

suite('removing a slot', () => {
  it('is refused while a run of it may be at work, and frees its shards afterwards', async () => {
    const world = await running(['0', '1']);
    await world.tick('a');
    expect(await removeSlot(world.store, 'a', limits(world), options)).toEqual({
      removed: false,
      busyUntil: world.clock.now() + world.times.functionTimeoutMs,
    });
    world.clock.advance(INTERVAL_MS);
    expect(await removeSlot(world.store, 'a', limits(world), options)).toEqual({ removed: true });
    expect(await removeSlot(world.store, 'a', limits(world), options)).toEqual({ removed: true });
    for (let round = 0; round < 4; round++) await world.round('b');
    expect(await holdings(world)).toEqual({ b: '01' });
  });
});

suite('deleting a group', () => {
  it('is refused while its slots live, and leaves nothing afterwards', async () => {
    const world = await running(['0', '1']);
    expect(await deleteGroup(world.store, limits(world), options)).toEqual({
      deleted: false,
      live: ['a', 'b'],
    });
    world.clock.advance(3 * INTERVAL_MS);
    expect(await deleteGroup(world.store, limits(world), options)).toEqual({ deleted: true });
    expect(await describe(world.store, world.clock.now(), options)).toMatchObject({
      status: 'absent',
      consumers: [],
      shards: [],
    });
    expect(await deleteGroup(world.store, limits(world), options)).toEqual({ deleted: true });
  });

  it('lets a group of the same name begin anew, which no memory of the old one can disturb', async () => {
    const world = await running(['0'], ['a']);
    world.source.append('0', 'x');
    await world.round('a');
    const before = (await world.store.get(shardKey('0'), read))!;
    world.clock.advance(3 * INTERVAL_MS);
    await deleteGroup(world.store, limits(world), options);
    for (let round = 0; round < 4; round++) await world.round('a');
    const after = (await world.store.get(shardKey('0'), read))!;
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(world.delivered).toEqual(['0:x', '0:x']);
  });

  it.each([1, 2, 3])(
    'that breaks off after %i shards leaves none that would be read behind its children',
    async (removals) => {
      const world = await running(['parent'], ['a']);
      world.source.append('parent', 'x');
      world.source.replace(['parent'], ['child']);
      for (let round = 0; round < 6; round++) await world.round('a');
      world.source.append('child', 'y');
      world.source.replace(['child'], ['grandchild']);
      await world.round('a');
      world.clock.advance(3 * INTERVAL_MS);
      let left = removals;
      const store: World['store'] = {
        ...world.store,
        remove: (key, condition, reading) => {
          if (key.startsWith('SHARD#') && left-- === 0) throw new Error('the connection died');
          return world.store.remove(key, condition, reading);
        },
      };
      await deleteGroup(store, limits(world), options).catch(() => {});
      world.delivered.length = 0;
      for (let round = 0; round < 12; round++) await world.round('a');
      world.source.append('grandchild', 'z');
      await world.round('a');
      const whole = ['parent:x', 'child:y', 'grandchild:z'];
      expect(world.delivered).toEqual(whole.slice(3 - removals));
    },
  );

  it('is over with the next tick, in whichever sandbox that is', async () => {
    const world = await running(['0'], ['a']);
    for (const sandbox of ['old', 'older', 'old', 'older']) {
      await world.tick('a', sandbox);
      world.clock.advance(INTERVAL_MS);
    }
    world.clock.advance(3 * INTERVAL_MS);
    await deleteGroup(world.store, limits(world), options);
    expect(await world.tick('a', 'old')).toMatchObject({ outcome: 'worked' });
    expect(await world.store.get('GROUP', read)).toBeDefined();
  });
});

suite('describe', () => {
  it('tells who lives, who works, and who is to hold what', async () => {
    const world = await running(['0', '1']);
    await world.tick('a');
    const description = await describe(world.store, world.clock.now(), options);
    expect(description).toMatchObject({
      status: 'running',
      consumers: [
        { slot: 'a', live: true, busy: true },
        { slot: 'b', live: true, busy: false },
      ],
      shards: [
        { shard: '0', assignedTo: 'a', state: 'open' },
        { shard: '1', assignedTo: 'b', state: 'open' },
      ],
    });
    world.clock.advance(4 * INTERVAL_MS);
    expect(await describe(world.store, world.clock.now(), options)).toMatchObject({ status: 'idle' });
    expect(await world.store.get(consumerKey('a'), read)).toBeDefined();
  });
});
