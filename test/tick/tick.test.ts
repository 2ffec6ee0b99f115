import { describe, expect, it } from 'vitest';
import { consumerKey, shardKey } from '../../lib/group/items.ts';
import { pause } from '../../lib/group/operations.ts';
import { createWorld, INTERVAL_MS } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };

describe('a new group', () => {
  it('waits one interval for its members, then shares the shards among them', async () => {
    const world = createWorld(['0', '1', '2', '3']);
    await world.round('a', 'b');
    expect(world.events.some(({ event }) => event === 'plan.made')).toBe(false);

    const [a, b] = await world.round('a', 'b');
    expect(a).toMatchObject({ planned: true, shards: [] });
    expect(b!.shards.map(({ shard }) => shard).sort()).toEqual(['2', '3']);

    const [again] = await world.round('a', 'b');
    expect(again!.shards.map(({ shard }) => shard).sort()).toEqual(['0', '1']);
  });

  it('starts where it was told, and reads later shards from their beginning', async () => {
    const world = createWorld(['0'], { start: { at: 'end' } });
    world.source.append('0', 'before');
    await world.round('a');
    await world.round('a');
    world.source.append('0', 'after');
    world.source.replace(['0'], ['1', '2']);
    world.source.append('1', 'first of 1');
    for (let round = 0; round < 6; round++) await world.round('a');
    expect(world.delivered).toEqual(['0:after', '1:first of 1']);
  });
});

describe('a tick', () => {
  it('reads on, batch after batch, until nothing is left', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a', 'b', 'c', 'd', 'e');
    await world.round('a');
    await world.round('a');
    const [result] = await world.round('a');
    expect(world.delivered).toEqual(['0:a', '0:b', '0:c', '0:d', '0:e']);
    expect(result!.shards).toMatchObject([{ stopped: 'caughtUp', batches: 3, cursor: '5' }]);
  });

  it('takes one batch only where one is asked for', async () => {
    const world = createWorld(['0'], { batchesMax: 1 });
    world.source.append('0', 'a', 'b', 'c');
    await world.round('a');
    await world.round('a');
    const [result] = await world.round('a');
    expect(result!.shards).toMatchObject([{ stopped: 'batchesMax', batches: 1, cursor: '2' }]);
    await world.round('a');
    expect(world.delivered).toEqual(['0:a', '0:b', '0:c']);
  });

  it('is one write and no read when it is warm and idle', async () => {
    const world = createWorld(['0', '1']);
    for (let round = 0; round < 4; round++) await world.round('a');
    const ticks = [];
    for (let round = 0; round < 6; round++) {
      world.store.requests.length = 0;
      const [result] = await world.round('a');
      expect(result!.warm).toBe(true);
      if (!result!.planned) ticks.push([...world.store.requests]);
    }
    expect(ticks.length).toBeGreaterThan(2);
    for (const requests of ticks) expect(requests).toEqual(['update CONSUMER#a']);
  });

  it('reads its shards again when somebody else ticked in its slot', async () => {
    const world = createWorld(['0']);
    for (let round = 0; round < 4; round++) await world.round('a');
    await world.tick('a', 'another sandbox');
    world.clock.advance(INTERVAL_MS);
    const [result] = await world.round('a');
    expect(result!.warm).toBe(false);
    expect(world.store.requests).toContain('get SHARD#0');
  });

  it('leaves at once while another run of its slot is within its deadline', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a');
    await world.round('a');
    await world.round('a');
    let second: Promise<unknown> | undefined;
    world.eachBatch = async () => {
      second ??= world.tick('a', 'another sandbox');
    };
    await world.tick('a');
    expect(await second).toMatchObject({ outcome: 'busy', shards: [] });
    expect(world.delivered).toEqual(['0:a']);
  });

  it('begins no batch that would not fit in the time that is left', async () => {
    const world = createWorld(['0']);
    world.source.append('0', ...'abcdefgh');
    await world.round('a');
    await world.round('a');
    world.eachBatch = async () => world.clock.advance(world.times.functionTimeoutMs * 0.4);
    const result = await world.tick('a');
    expect(result.shards).toMatchObject([{ stopped: 'deadline', batches: 2, cursor: '4' }]);
  });

  it('too short for all of its shards begins with another one each time', async () => {
    const world = createWorld(['0', '1', '2'], { shardsParallelMax: 1 });
    for (let round = 0; round < 4; round++) await world.round('a');
    world.eachBatch = async () => world.clock.advance(world.times.functionTimeoutMs);
    const begun = new Set<string>();
    for (let round = 0; round < 3; round++) {
      for (const shard of ['0', '1', '2']) world.source.append(shard, 'late');
      const before = world.source.pulls.length;
      await world.tick('a');
      begun.add(world.source.pulls[before]!.shard);
      world.clock.advance(INTERVAL_MS);
    }
    expect([...begun].sort()).toEqual(['0', '1', '2']);
  });

  it('gives up a batch when its time is over, and brings it again', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a', 'b');
    await world.round('a');
    await world.round('a');
    world.eachBatch = (_batch, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        world.clock.advance(world.times.functionTimeoutMs - world.times.reserveMs);
      });
    const result = await world.tick('a');
    expect(result.shards).toMatchObject([{ stopped: 'deadline', batches: 0, cursor: '0' }]);
    world.clock.advance(INTERVAL_MS);
    world.eachBatch = async () => {};
    await world.tick('a');
    expect(world.delivered).toEqual(['0:a', '0:b']);
  });

  it('gives up a batch when the run is given up, and brings it again', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a', 'b');
    await world.round('a');
    await world.round('a');
    const given = new AbortController();
    world.eachBatch = (_batch, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        given.abort();
      });
    const result = await world.tick('a', 'a', {}, undefined, { signal: given.signal });
    expect(result.shards).toMatchObject([{ batches: 0 }]);
    expect(world.delivered).toEqual([]);
    world.clock.advance(INTERVAL_MS);
    world.eachBatch = async () => {};
    await world.tick('a');
    expect(world.delivered).toEqual(['0:a', '0:b']);
  });

  it('does not wait for a function that ignores its signal, nor commit what it does afterwards', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a');
    await world.round('a');
    await world.round('a');
    let finish = (): void => {};
    world.eachBatch = () =>
      new Promise((resolve) => {
        finish = resolve;
        world.clock.advance(world.times.functionTimeoutMs - world.times.reserveMs);
      });
    expect((await world.tick('a')).shards).toMatchObject([{ stopped: 'deadline', cursor: '0' }]);
    finish();
    await new Promise(setImmediate);
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({ cursor: '0' });
  });

  it("writes the group's time, where its own clock is known to be wrong, and says so", async () => {
    const world = createWorld(['0']);
    world.skewMs = 30_000;
    const now = world.clock.now() + 30_000;
    await world.tick('a');
    expect(await world.store.get(consumerKey('a'), read)).toMatchObject({
      heartbeatAt: now,
      busyUntil: now + world.times.functionTimeoutMs,
      expiresAt: now + world.times.sessionTimeoutMs,
    });
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'clock.skewed', skewMs: 30_000 }));
  });

  it('works on nothing in a paused group', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a');
    await world.round('a');
    await world.round('a');
    await world.store.update(
      'GROUP',
      { set: { paused: true }, condition: { exists: 'generation' } },
      options,
    );
    expect(await world.tick('a')).toMatchObject({ outcome: 'paused', shards: [] });
    expect(world.delivered).toEqual([]);
  });

  it('forgets no pause, however soon a plan was made before it', async () => {
    const world = createWorld(['0']);
    for (let round = 0; round < 4; round++) await world.round('a');
    await pause(world.store, options);
    world.source.append('0', 'a');
    const planDueAt = world.clock.now() + 10 * INTERVAL_MS;
    await world.store.update('GROUP', { set: { planDueAt }, condition: { exists: 'generation' } }, options);
    for (let round = 0; round < 5; round++) {
      expect(await world.round('a')).toMatchObject([{ outcome: 'paused', shards: [] }]);
    }
    expect(world.delivered).toEqual([]);
  });
});

describe('a batch', () => {
  it('carries an id made of its group, shard and cursors', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a', 'b', 'c');
    const ids: string[] = [];
    world.eachBatch = async ({ id }) => void ids.push(id);
    for (let round = 0; round < 3; round++) await world.round('a');
    expect(ids).toEqual(['orders/0/0-2', 'orders/0/2-3']);
  });

  it('comes again when the function throws, and the shard item says why', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a', 'b', 'c');
    await world.round('a');
    await world.round('a');
    world.eachBatch = async () => {
      throw new Error('the sink is down');
    };
    const [failed] = await world.round('a');
    expect(failed!.shards).toMatchObject([{ stopped: 'batchFailed', batches: 0, cursor: '0' }]);
    const item = await world.store.get(shardKey('0'), read);
    expect(item).toMatchObject({ cursor: '0', pending: { attempts: 1, message: 'Error: the sink is down' } });

    world.eachBatch = async () => {};
    await world.round('a');
    expect(world.delivered).toEqual(['0:a', '0:b', '0:c']);
    expect(await world.store.get(shardKey('0'), read)).not.toHaveProperty('pending');
  });

  it('that was refused comes again as it was, under the same id, whatever was written meanwhile', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a');
    await world.round('a');
    await world.round('a');
    const ids: string[] = [];
    world.eachBatch = async ({ id }) => {
      ids.push(id);
      if (ids.length < 3) throw new Error('the sink is down');
    };
    for (let round = 0; round < 3; round++) {
      await world.round('a');
      world.source.append('0', `later ${round}`);
    }
    expect(ids).toEqual(['orders/0/0-1', 'orders/0/0-1', 'orders/0/0-1', 'orders/0/1-3']);
    await world.round('a');
    expect(world.delivered).toEqual(['0:a', '0:later 0', '0:later 1', '0:later 2']);
  });

  it('that was refused at the end of a closed shard is not taken for its end', async () => {
    const world = createWorld(['0']);
    for (let round = 0; round < 3; round++) await world.round('a');
    world.source.append('0', 'a');
    world.eachBatch = async () => {
      throw new Error('the sink is down');
    };
    await world.round('a');
    world.source.append('0', 'b', 'c');
    world.source.replace(['0'], ['1']);
    for (let round = 0; round < 3; round++) await world.round('a');
    world.eachBatch = async () => {};
    for (let round = 0; round < 4; round++) await world.round('a');
    expect(world.delivered).toEqual(['0:a', '0:b', '0:c']);
  });

  it('is not committed by one who lost the shard meanwhile, who then stops', async () => {
    const world = createWorld(['0']);
    world.source.append('0', ...'abcd');
    await world.round('a');
    await world.round('a');
    world.eachBatch = async () => {
      await world.store.update(shardKey('0'), { add: { epoch: 1 }, condition: { exists: 'epoch' } }, options);
    };
    const result = await world.tick('a');
    expect(result.shards).toMatchObject([{ stopped: 'lost', batches: 0 }]);
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({ cursor: '0' });
  });
});

describe('a hand-off', () => {
  it('to a newcomer waits until the old owner has ticked, and repeats nothing', async () => {
    const world = createWorld(['0', '1']);
    for (let round = 0; round < 3; round++) await world.round('a');
    world.source.append('0', 'a');
    world.source.append('1', 'b');
    await world.round('a');
    await world.tick('b');
    expect(await world.store.get(consumerKey('b'), read)).toMatchObject({
      assigned: { 1: expect.any(Number) },
    });

    world.clock.advance(INTERVAL_MS);
    world.source.append('1', 'c');
    const [b] = await world.round('b');
    expect(b!.shards).toMatchObject([{ shard: '1', stopped: 'caughtUp', batches: 1 }]);
    expect(world.delivered).toEqual(['0:a', '1:b', '1:c']);
  });

  it('does not happen while the old owner may still be at work', async () => {
    const world = createWorld(['0']);
    for (let round = 0; round < 3; round++) await world.round('a', 'b');
    world.source.append('0', 'a');
    let waiting: unknown;
    world.eachBatch = async () => {
      // A plan, made in the middle of b's tick, moves the shard from b to a.
      const generation = world.clock.now();
      const move = (slot: string, assigned: Record<string, number>) =>
        world.store.update(
          consumerKey(slot),
          { set: { assigned, generation }, condition: { exists: 'heartbeatAt' } },
          options,
        );
      await move('b', {});
      await move('a', { 0: generation });
      waiting = await world.tick('a');
    };
    await world.tick('b');
    expect(waiting).toMatchObject({ outcome: 'worked', shards: [{ shard: '0', stopped: 'waiting' }] });
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({ owner: 'b', cursor: '1' });

    world.clock.advance(INTERVAL_MS);
    await world.tick('a');
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({ owner: 'a', cursor: '1' });
    expect(world.delivered).toEqual(['0:a']);
  });

  it("reads a dead slot's shards again once its session is over", async () => {
    const world = createWorld(['0', '1']);
    for (let round = 0; round < 3; round++) await world.round('a', 'b');
    world.source.append('0', 'a');
    world.source.append('1', 'b');
    for (let round = 0; round < 5; round++) await world.round('b');
    expect(world.delivered.toSorted()).toEqual(['0:a', '1:b']);
    expect(await world.store.get(consumerKey('a'), read)).toBeUndefined();
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'slot.expired', expired: 'a' }));
  });
});

describe('a split', () => {
  it('keeps the children waiting until the parent is read to its end', async () => {
    const world = createWorld(['0'], { batchesMax: 1 });
    for (let round = 0; round < 2; round++) await world.round('a', 'b');
    world.source.append('0', ...'abcdefgh');
    world.source.replace(['0'], ['1', '2']);
    world.source.append('1', 'x');
    world.source.append('2', 'y');
    for (let round = 0; round < 12; round++) await world.round('a', 'b');
    expect(world.delivered.slice(0, 8)).toEqual([...'abcdefgh'].map((content) => `0:${content}`));
    expect(world.delivered.slice(8).toSorted()).toEqual(['1:x', '2:y']);
  });

  it('of an empty shard lets the children start', async () => {
    const world = createWorld(['0']);
    for (let round = 0; round < 3; round++) await world.round('a');
    world.source.replace(['0'], ['1', '2']);
    world.source.append('2', 'y');
    for (let round = 0; round < 5; round++) await world.round('a');
    expect(world.delivered).toEqual(['2:y']);
  });

  it('leaves no item of a finished parent that the service has forgotten', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'a');
    for (let round = 0; round < 3; round++) await world.round('a');
    world.source.replace(['0'], ['1', '2']);
    for (let round = 0; round < 5; round++) await world.round('a');
    world.source.trim('0');
    for (let round = 0; round < 8; round++) await world.round('a');
    const { shards } = await world.store.readAll(read);
    expect([...shards.keys()].sort()).toEqual(['1', '2']);
  });

  it('of a shard that vanished unread says so, and goes on with the children', async () => {
    const world = createWorld(['0']);
    await world.round('a');
    await world.round('a');
    world.source.replace(['0'], ['1']);
    world.source.append('1', 'x');
    world.source.trim('0');
    for (let round = 0; round < 9; round++) await world.round('a');
    expect(world.delivered).toEqual(['1:x']);
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'shard.vanished', shard: '0' }));
  });

  it('that the source forgets to list for a moment costs nothing', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'x');
    for (let round = 0; round < 3; round++) await world.round('a');
    const { listShards } = world.source;
    world.source.listShards = async () => [];
    for (let round = 0; round < 3; round++) await world.round('a');
    world.source.listShards = listShards;
    world.source.append('0', 'y');
    for (let round = 0; round < 9; round++) await world.round('a');
    expect(world.delivered).toEqual(['0:x', '0:y']);
    const item = await world.store.get(shardKey('0'), read);
    expect(item).toMatchObject({ state: 'open', owner: 'a' });
    expect(item).not.toHaveProperty('missingSince');
  });
});
