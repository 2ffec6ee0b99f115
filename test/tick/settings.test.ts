import { describe, expect, it } from 'vitest';
import { SourceError } from '../../lib/errors.ts';
import { consumerKey, shardKey } from '../../lib/group/items.ts';
import { planByLag } from '../../lib/group/planByLag.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createWorld, INTERVAL_MS } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };

describe('two deployments that disagree', () => {
  it('get a clear answer: the later one does not join, and changes nothing', async () => {
    const world = createWorld(['0']);
    await world.round('a');
    world.settings.order = false;
    world.settings.stream = 'memory://other';
    const [b] = await world.round('b');
    expect(b).toMatchObject({ outcome: 'disagrees', shards: [] });
    expect(world.events.at(-1)).toMatchObject({
      event: 'settings.disagree',
      differences: [
        'stream: the group has memory://orders, this deployment memory://other',
        'order: the group has true, this deployment false',
        'settings version: the group has 1, this deployment 1',
      ],
    });
    expect(await world.store.get(consumerKey('b'), read)).toBeUndefined();
    expect(await world.store.get('GROUP', read)).toMatchObject({ settings: { order: true } });
  });

  it('are settled by a higher version, and the one with the older settings stops by itself', async () => {
    const world = createWorld(['0', '1']);
    for (let round = 0; round < 3; round++) await world.round('a');
    const { settings } = world;
    settings.settingsVersion = 2;
    settings.order = false;
    expect(await world.tick('b')).toMatchObject({ outcome: 'worked' });
    expect(await world.store.get('GROUP', read)).toMatchObject({
      settingsVersion: 2,
      settings: { order: false },
    });

    settings.settingsVersion = 1;
    settings.order = true;
    const outcomes: string[] = [];
    for (let round = 0; round < 4; round++) {
      world.clock.advance(INTERVAL_MS);
      outcomes.push((await world.tick('a')).outcome);
    }
    expect(outcomes.at(-1)).toBe('disagrees');
  });

  it('about the stream stay apart whatever their versions: its cursors would mean nothing', async () => {
    const world = createWorld(['0']);
    await world.round('a');
    world.settings.settingsVersion = 2;
    world.settings.stream = 'memory://other';
    expect(await world.tick('b')).toMatchObject({ outcome: 'disagrees' });
    expect(await world.store.get('GROUP', read)).toMatchObject({ settings: { stream: 'memory://orders' } });
  });

  it('are settled where the parts of a stream that names them come and go', async () => {
    const world = createWorld(['0'], { stream: 'sls://shop/a,b' });
    await world.round('a');
    world.settings.settingsVersion = 2;
    world.settings.stream = 'sls://shop/a,b,c';
    expect(await world.tick('b')).toMatchObject({ outcome: 'worked' });
  });

  it.each([
    ['sls://shop/a', 'sls://shop/a,b'],
    ['sls://shop/a', 'sls://shop/b,c'],
    ['sls://shop/a,b', 'sls://shop/a'],
    ['sls://shop/a,b', 'sls://other/a,b'],
    ['cls://logset/a', 'cls://other/a,b'],
  ])('stay apart from %s to %s: shards of the same names are others', async (before, after) => {
    const world = createWorld(['0'], { stream: before });
    await world.round('a');
    world.settings.settingsVersion = 2;
    world.settings.stream = after;
    expect(await world.tick('b')).toMatchObject({ outcome: 'disagrees' });
    expect(await world.store.get('GROUP', read)).toMatchObject({ settings: { stream: before } });
  });

  it('are also one that knows a later form of the items', async () => {
    const world = createWorld(['0']);
    await world.round('a');
    await world.store.update('GROUP', { set: { schema: 99 }, condition: { exists: 'schema' } }, options);
    expect(await world.tick('b')).toMatchObject({ outcome: 'disagrees' });
  });
});

describe('an end time', () => {
  it('finishes every shard there, tells that the group is complete, and reads nothing more', async () => {
    const world = createWorld(['0', '1']);
    const endAt = world.clock.now() + 3.5 * INTERVAL_MS;
    world.settings.endAt = endAt;
    const ends: Record<string, string> = {};
    const cursorAt = world.source.cursorAt;
    world.source.cursorAt = async (shard, position, signal) =>
      position.at === 'time' ? ends[shard]! : cursorAt(shard, position, signal);

    world.source.append('0', 'x');
    for (let round = 0; round < 4; round++) await world.round('a');
    world.source.append('1', 'y');
    Object.assign(ends, { 0: '1', 1: '1' });
    world.source.append('0', 'too late');
    world.source.append('1', 'too late');
    for (let round = 0; round < 5; round++) await world.round('a');
    expect(world.delivered).toEqual(['0:x', '1:y']);
    expect(await world.store.get('GROUP', read)).toMatchObject({ completedAt: expect.any(Number) });
    expect(world.events.filter(({ event }) => event === 'group.complete')).toHaveLength(1);
  });
});

describe('a cursor past the retention', () => {
  const expired = new SourceError('gone', { code: 'CursorExpired', status: 400, retriable: false });

  async function meeting(onCursorExpired: 'earliest' | 'latest' | 'fail') {
    const world = createWorld(['0'], { onCursorExpired });
    for (let round = 0; round < 3; round++) await world.round('a');
    world.source.append('0', ...'abcdef');
    // The service has forgotten the first three.
    const { pull, cursorAt } = world.source;
    world.source.distance = (from, to) => Number(to) - Number(from);
    world.source.pull = async (request) => {
      if (Number(request.cursor) < 3) throw expired;
      return pull(request);
    };
    world.source.cursorAt = async (shard, position, signal) =>
      position.at === 'begin' ? '3' : cursorAt(shard, position, signal);
    const [result] = await world.round('a');
    return { world, result: result! };
  }

  it('goes on at the earliest record, and says how many are missing', async () => {
    const { world, result } = await meeting('earliest');
    expect(world.delivered).toEqual(['0:d', '0:e', '0:f']);
    expect(result.shards).toMatchObject([{ stopped: 'caughtUp', expired: { positions: 3 } }]);
    expect(world.events).toContainEqual(
      expect.objectContaining({
        event: 'cursor.expired',
        level: 'warn',
        shard: '0',
        from: '0',
        to: '3',
        positions: 3,
      }),
    );
  });

  it('goes on at the end, where that is wanted', async () => {
    const { world } = await meeting('latest');
    expect(world.delivered).toEqual([]);
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({ cursor: '6' });
  });

  it('passes over once in a tick: a service that goes on refusing is not followed without an end', async () => {
    const { world } = await meeting('earliest');
    let begin = 10;
    world.source.cursorAt = async () => String(begin++);
    world.source.pull = async () => {
      throw expired;
    };
    const [result] = await world.round('a');
    expect(result!.shards).toMatchObject([{ stopped: 'cursorExpired', cursor: '10' }]);
    expect(begin).toBe(11);
  });

  it('stops the shard, where that is wanted, and moves nothing', async () => {
    const { world, result } = await meeting('fail');
    expect(result.shards).toMatchObject([{ stopped: 'cursorExpired', cursor: '0' }]);
    expect(world.delivered).toEqual([]);
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({ cursor: '0' });
  });
});

describe('a slot that keeps failing', () => {
  it('is given no more shards, as long as another one is well', async () => {
    const world = createWorld(['0', '1', '2', '3']);
    for (let round = 0; round < 3; round++) await world.round('a', 'b', 'c');
    const failed = (await world.store.get(consumerKey('a'), read))!.assigned!;
    for (const shard of Object.keys(failed)) {
      const pending = { to: 'c1', count: 5, done: 0, attempts: 5 };
      await world.store.update(
        shardKey(shard),
        { set: { pending }, condition: { exists: 'epoch' } },
        options,
      );
    }
    const before = Object.keys(failed).length;
    for (let round = 0; round < 5; round++) await world.round('a', 'b');
    const after = Object.keys((await world.store.get(consumerKey('a'), read))!.assigned!).length;
    const other = Object.keys((await world.store.get(consumerKey('b'), read))!.assigned!).length;
    expect([after, other]).toEqual([before, 4 - before]);
  });
});

describe('a slot in which half of the shards fail', () => {
  it('is not yet taken for the one to blame', async () => {
    const world = createWorld(['0', '1', '2', '3']);
    for (let round = 0; round < 3; round++) await world.round('a', 'b');
    const [failing] = Object.keys((await world.store.get(consumerKey('a'), read))!.assigned!);
    const pending = { to: 'c1', count: 5, done: 0, attempts: 5 };
    await world.store.update(
      shardKey(failing!),
      { set: { pending }, condition: { exists: 'epoch' } },
      options,
    );
    world.source.replace([], ['4', '5', '6', '7']);
    for (let round = 0; round < 5; round++) await world.round('a', 'b');
    expect(Object.keys((await world.store.get(consumerKey('a'), read))!.assigned!)).toHaveLength(4);
  });
});

describe('planning by lag', () => {
  it('keeps the counts even and exchanges shards until the lag is even too', () => {
    const shards = new Map(
      Object.entries({ 0: 900, 1: 800, 2: 10, 3: 20 }).map(([id, lagMs]) => [id, { lagMs }] as const),
    );
    const consumers = new Map([
      ['a', { assigned: { 0: 1, 1: 1 } }],
      ['b', { assigned: { 2: 1, 3: 1 } }],
    ]);
    const plan = planByLag({ generation: 2, consumers, shards });
    const loads = [...plan.values()].map((held) =>
      Object.keys(held).reduce((sum, id) => sum + shards.get(id)!.lagMs, 0),
    );
    expect([...plan.values()].map((held) => Object.keys(held).length)).toEqual([2, 2]);
    expect(Math.max(...loads)).toBeLessThan(920);
    expect(planByLag({ generation: 2, consumers: new Map([...consumers].reverse()), shards })).toEqual(plan);
  });

  it('moves nothing for a small difference', () => {
    const shards = new Map(Object.entries({ 0: 100, 1: 90 }).map(([id, lagMs]) => [id, { lagMs }] as const));
    const consumers = new Map([
      ['a', { assigned: { 0: 1 } }],
      ['b', { assigned: { 1: 1 } }],
    ]);
    expect(Object.fromEntries(planByLag({ generation: 2, consumers, shards }))).toEqual({
      a: { 0: 1 },
      b: { 1: 1 },
    });
  });
});

describe('the interval', () => {
  it('is part of what a group agrees on', async () => {
    const world = createWorld(['0']);
    await world.round('a');
    world.settings.times = deriveTimes(30_000);
    expect(await world.tick('b')).toMatchObject({ outcome: 'disagrees' });
  });
});

describe('a host whose clock is ten minutes ahead', () => {
  const AHEAD_MS = 600_000;

  it('makes a group, and notes failures, in the time that the first answer tells', async () => {
    const world = createWorld(['0']);
    world.source.append('0', 'bad');
    world.eachBatch = async () => Promise.reject(new Error('no'));
    const skewMs = () => (world.store.requests.length === 0 ? 0 : -AHEAD_MS);
    const trueNow = (): number => world.clock.now() - AHEAD_MS;
    const tick = () => world.tick('a', 'a', { skewMs });
    await tick();
    const group = (await world.store.get('GROUP', read))!;
    expect(group.createdAt).toBe(trueNow());
    expect(group.planDueAt).toBeLessThan(trueNow() + INTERVAL_MS);
    for (let round = 0; round < 2; round++) {
      world.clock.advance(INTERVAL_MS);
      await tick();
    }
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({
      pending: { firstAt: trueNow(), lastAt: trueNow() },
    });
  });
});
