/** What users of resident consumers complain about and no other test here is about: see docs/sls.md. */
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../lib/errors.ts';
import { consumerKey, shardKey } from '../../lib/group/items.ts';
import { createWorld } from '../support/world.ts';

const read = { signal: new AbortController().signal, consistent: true };

/** Two slots with a shard each, which both have worked on. */
async function settled() {
  const world = createWorld(['0', '1']);
  for (let round = 0; round < 4; round++) await world.round('a', 'b');
  const owners = async () =>
    Promise.all(['0', '1'].map(async (shard) => (await world.store.get(shardKey(shard), read))?.owner));
  const before = await owners();
  expect(before.toSorted()).toEqual(['a', 'b']);
  world.events.length = 0;
  return { world, owners, before };
}

const handOffs = (events: readonly { event: string }[]): unknown[] =>
  events.filter(({ event }) => event === 'shard.claimed' || event === 'slot.expired');

it('a restart of every process is no hand-off: a slot is a name, whichever sandbox runs its next tick', async () => {
  const { world, owners, before } = await settled();
  world.source.append('0', 'x');
  world.source.append('1', 'y');
  await world.tick('a', 'new sandbox of a');
  await world.tick('b', 'new sandbox of b');
  expect(world.delivered.toSorted()).toEqual(['0:x', '1:y']);
  expect(await owners()).toEqual(before);
  expect(handOffs(world.events)).toEqual([]);
});

it('one heartbeat that is missing moves nothing, and the next one needs no claim', async () => {
  const { world, owners, before } = await settled();
  await world.round('b');
  world.source.append('0', 'x');
  world.source.append('1', 'y');
  await world.round('a', 'b');
  expect(world.delivered.toSorted()).toEqual(['0:x', '1:y']);
  expect(await owners()).toEqual(before);
  expect(handOffs(world.events)).toEqual([]);
});

it('a shard that is read to its end is never asked for again', async () => {
  const world = createWorld(['0']);
  for (let round = 0; round < 3; round++) await world.round('a');
  world.source.replace(['0'], ['1']);
  for (let round = 0; round < 5; round++) await world.round('a');
  expect(await world.store.get(shardKey('0'), read)).toMatchObject({ state: 'done' });
  world.source.pulls.length = 0;
  for (let round = 0; round < 5; round++) await world.round('a');
  const asked = world.source.pulls.map(({ shard }) => shard);
  expect(new Set(asked)).toEqual(new Set(['1']));
});

it('what is held at a time is bounded: so many shards, bytes of them, and records of a pull', async () => {
  const shards = Array.from({ length: 8 }, (_, index) => String(index));
  const world = createWorld(shards, { shardsParallelMax: 3, countMax: 17, bytesMax: 12 * 1024 * 1024 });
  for (let round = 0; round < 2; round++) await world.round('a');
  for (const shard of shards) world.source.append(shard, ...'abcdef');
  let held = 0;
  let heldMax = 0;
  world.eachBatch = async () => {
    heldMax = Math.max(heldMax, ++held);
    await new Promise(setImmediate);
    held--;
  };
  const { pull } = world.source;
  world.source.pull = (request) => {
    expect(held).toBeLessThan(3);
    // One in hand and one ahead, of each of three.
    expect(request.bytesMax).toBe(2 * 1024 * 1024);
    return pull(request);
  };
  await world.round('a');
  expect(world.delivered).toHaveLength(48);
  expect(heldMax).toBe(3);
  expect(new Set(world.source.pulls.map(({ countMax }) => countMax))).toEqual(new Set([17]));
});

describe('a service that refuses one shard for its quota', () => {
  const quota = new SourceError('slow down', { code: 'ShardReadQuotaExceed', status: 403, retriable: true });

  it('does not hold up the others, and is asked again in the next tick', async () => {
    const world = createWorld(['0', '1']);
    for (let round = 0; round < 3; round++) await world.round('a');
    world.source.append('0', 'x');
    world.source.append('1', 'y');
    const { pull } = world.source;
    world.source.pull = async (request) => {
      if (request.shard === '0') throw quota;
      return pull(request);
    };
    const [result] = await world.round('a');
    expect(result!.shards.map(({ shard, stopped }) => `${shard} ${stopped}`).sort()).toEqual([
      '0 sourceFailed',
      '1 caughtUp',
    ]);
    world.source.pull = pull;
    await world.round('a');
    expect(world.delivered).toEqual(['1:y', '0:x']);
  });
});

it('a function that always fails neither hangs its slot nor kills it', async () => {
  const world = createWorld(['0']);
  for (let round = 0; round < 3; round++) await world.round('a');
  world.source.append('0', 'x');
  world.eachBatch = async () => {
    throw new Error('the sink is down');
  };
  const results = [];
  for (let round = 0; round < 5; round++) results.push(...(await world.round('a')));
  expect(results.map(({ outcome, shards }) => `${outcome} ${shards[0]?.stopped}`)).toEqual([
    'failed batchFailed',
    'failed batchFailed',
    'failed batchFailed',
    'failed backingOff',
    'failed batchFailed',
  ]);
  expect(await world.store.get(consumerKey('a'), read)).toMatchObject({ tick: 8 });
});

it('a clock that is set back holds up no shard that was pulled before', async () => {
  const world = createWorld(['0'], { pullIntervalMs: 200 });
  for (let round = 0; round < 3; round++) await world.round('a');
  world.source.append('0', 'x');
  const backMs = 300_000;
  world.clock.advance(-backMs);
  // The table's clock goes on.
  world.skewMs = backMs;
  const ticking = world.tick('a');
  for (let turn = 0; turn < 20; turn++) {
    await new Promise(setImmediate);
    world.clock.advance(100);
  }
  expect((await ticking).shards).toMatchObject([{ stopped: 'caughtUp' }]);
  expect(world.delivered).toEqual(['0:x']);
});

it('a pull interval keeps the pulls of a shard apart, and ends with the time for work', async () => {
  const world = createWorld(['0'], { pullIntervalMs: 20_000 });
  for (let round = 0; round < 2; round++) await world.round('a');
  world.source.append('0', ...'abcdefgh');
  const pulledAt: number[] = [];
  const { pull } = world.source;
  world.source.pull = (request) => {
    pulledAt.push(world.clock.now());
    return pull(request);
  };
  const begun = world.clock.now();
  const ticking = world.tick('a');
  for (let second = 0; second < 60; second++) {
    await new Promise(setImmediate);
    world.clock.advance(1_000);
  }
  // At 60 s there would be a fourth one, but the function has 48 s, and a reserve.
  expect(pulledAt.map((at) => Math.floor((at - begun) / 1_000))).toEqual([0, 20, 40]);
  expect(await ticking).toMatchObject({ shards: [{ stopped: 'deadline', batches: 3 }] });
});
