import { describe, expect, it } from 'vitest';
import { NOTHING_OBSERVED, observeFailure } from '../../../cli/console/observer.ts';
import { pause, pauseShard, removeSlot, resume, resumeShard, seek } from '../../../lib/group/operations.ts';
import { INTERVAL_MS } from '../../support/world.ts';
import { createObserved } from './observed.ts';

const options = { signal: new AbortController().signal };
const [A, B] = ['consumer-0', 'consumer-1'];

/** Two slots with two shards each, seen for the first time. */
async function settled() {
  const seen = createObserved(['0', '1', '2', '3']);
  for (let round = 0; round < 4; round++) await seen.world.round(A, B);
  await seen.look();
  const owned = (slot: string): string[] =>
    seen.observed.look!.description.shards.filter(({ owner }) => owner === slot).map(({ shard }) => shard);
  return { seen, world: seen.world, clock: seen.clock, owned, of: (slot: string) => owned(slot)[0]! };
}

describe('what is seen at first', () => {
  it('is who has which shard, and which session lasts, from that moment on and with no event', async () => {
    const { seen, owned, clock } = await settled();
    expect(owned(A)).toHaveLength(2);
    for (const slot of [A, B]) {
      expect(seen.bars({ slot })).toEqual([
        { kind: 'session', from: clock.now(), until: undefined, slot: undefined },
      ]);
      for (const shard of owned(slot)) {
        expect(seen.whose(shard)).toEqual([{ kind: 'owned', from: clock.now(), until: undefined, slot }]);
      }
    }
    expect(seen.events()).toEqual([]);
    expect(Object.values(seen.observed.history.ticks).map((at) => at.length)).toEqual([1, 1]);
  });

  it('is no heartbeat of a slot that is dead', async () => {
    const seen = createObserved(['0']);
    for (let round = 0; round < 4; round++) await seen.world.round(A);
    seen.clock.advance(9 * INTERVAL_MS);
    await seen.look();
    expect(seen.observed.state!.slots).toMatchObject([{ slot: A, live: false }]);
    expect(seen.observed.history.ticks).toEqual({});
  });

  it('is nothing, where there is no group yet, and then how it is made', async () => {
    const seen = createObserved(['0']);
    await seen.look();
    expect(seen.observed.state).toMatchObject({ status: 'absent', slots: [], shards: [] });
    for (let round = 0; round < 4; round++) await seen.world.round(A);
    await seen.look();
    expect(seen.events().map(({ kind }) => kind)).toEqual(['groupMade']);
    expect(seen.whose('0')).toMatchObject([{ kind: 'owned', slot: A }]);
  });
});

describe('a slot that leaves, as fewer are wanted', () => {
  it('is not told to be drained, which somebody would have to end', async () => {
    const { seen, world } = await settled();
    const set = { draining: true, scaledDown: true };
    await world.store.update(`CONSUMER#${B}`, { set, condition: { exists: 'heartbeatAt' } }, options);
    await seen.look();
    expect(seen.observed.state!.slots).toMatchObject([{ draining: false }, { slot: B, draining: false }]);
    await world.store.update(
      `CONSUMER#${A}`,
      { set: { draining: true }, condition: { exists: 'tick' } },
      options,
    );
    await seen.look();
    expect(seen.observed.state!.slots).toMatchObject([{ draining: true }, { draining: false }]);
  });
});

describe('a slot that dies', () => {
  it('ends its session when that expires, and its shards are nobody’s until they are claimed', async () => {
    const { seen, world, clock, of } = await settled();
    const shard = of(B);
    const { expiresAt } = seen.observed.look!.description.consumers[1]!;
    clock.advance(5_000);
    await seen.look();
    for (const _ of [1, 2]) {
      await world.round(A);
      await seen.look();
    }
    expect(seen.bars({ slot: B })).toMatchObject([
      { kind: 'session', until: expiresAt },
      { kind: 'dead', from: expiresAt, until: undefined },
    ]);
    expect(seen.whose(shard).slice(0, 2)).toMatchObject([
      { kind: 'owned', slot: B, until: expiresAt },
      { kind: 'unowned', from: expiresAt },
    ]);
    expect(seen.events('slotDied')).toMatchObject([{ at: expiresAt, slot: B, tone: 'bad' }]);
    // The plan gives its shards to the other slot, which claims them.
    let claimedAt = 0;
    while (seen.whose(shard).at(-1)!.slot !== A) {
      claimedAt = clock.now();
      await world.round(A);
      await seen.look();
    }
    const bars = seen.whose(shard);
    expect(bars.map(({ kind, slot }) => [kind, slot])).toEqual([
      ['owned', B],
      ['unowned', undefined],
      ['owned', A],
    ]);
    // With the heartbeat of the tick that did it, though it was seen later.
    expect(bars[2]!.from).toBe(claimedAt);
    expect(bars[1]!.until).toBe(claimedAt);
    expect(seen.events('handOff').filter((event) => event.shard === shard)).toMatchObject([
      { at: claimedAt, slot: A, text: `shard ${shard} goes from ${B} to ${A}` },
    ]);
    expect(seen.bars({ shard }, ['overlap'])).toEqual([]);
  });

  it('is told to be back with its first heartbeat', async () => {
    const { seen, world, clock } = await settled();
    clock.advance(4 * INTERVAL_MS);
    await world.tick(A);
    await seen.look();
    clock.advance(1_000);
    await world.tick(B);
    const returnedAt = clock.now();
    clock.advance(500);
    await seen.look();
    expect(seen.bars({ slot: B }).map(({ kind }) => kind)).toEqual(['session', 'dead', 'session']);
    expect(seen.bars({ slot: B }).at(-1)).toMatchObject({ from: returnedAt, until: undefined });
    expect(seen.events('slotReturned')).toMatchObject([{ at: returnedAt, slot: B, tone: 'good' }]);
    expect(seen.observed.history.ticks[B]!.at(-1)).toBe(returnedAt);
  });
});

it('a slot that is removed before its session is over has not died', async () => {
  const { seen, world, clock, of } = await settled();
  const shard = of(B);
  await removeSlot(world.store, B, { now: clock.now(), skewMarginMs: 0 }, options);
  await seen.look();
  expect(seen.bars({ slot: B })).toMatchObject([{ kind: 'session', until: clock.now() }]);
  expect(seen.events().map(({ kind }) => kind)).toEqual(['slotRemoved']);
  expect(seen.whose(shard).at(-1)).toMatchObject({ kind: 'unowned', until: undefined });
  expect(seen.observed.state!.slots.map(({ slot }) => slot)).toEqual([A]);
});

it('a hand-off is seen as a shard that waits for its claim, then as one with another owner', async () => {
  const seen = createObserved(['0', '1']);
  const { world, clock } = seen;
  for (let round = 0; round < 4; round++) await world.round(A);
  await seen.look();
  for (let round = 0; round < 4; round++) {
    for (const slot of [B, A]) {
      await world.tick(slot);
      clock.advance(1_000);
      await seen.look();
    }
    clock.advance(INTERVAL_MS - 2_000);
  }
  const [{ shard = '', at = 0 } = {}] = seen.events('handOff');
  expect(seen.whose(shard)).toMatchObject([
    { kind: 'owned', slot: A },
    { kind: 'unowned' },
    { kind: 'owned', slot: B, from: at, until: undefined },
  ]);
  expect(seen.bars({ shard }, ['overlap'])).toEqual([]);
  expect(seen.events('slotJoined')).toMatchObject([{ slot: B }]);
});

describe('two that may be at work on a shard', () => {
  /** The earlier owner is at work, and the item has another owner all the same: of clocks that are wrong, or of a service that assigns. */
  async function overlapping(acknowledged: boolean, seenAfterMs = 100) {
    const context = await settled();
    const { seen, clock, of } = context;
    const shard = of(B);
    await context.world.tick(B);
    await seen.look();
    clock.advance(1_000);
    await context.world.tick(A);
    const claimedAt = clock.now();
    const claimed = (description: Parameters<NonNullable<Parameters<typeof seen.look>[1]>>[0]): void => {
      Object.assign(description.shards.find((one) => one.shard === shard)!, { owner: A, assignedTo: A });
      const earlier = description.consumers.find(({ slot }) => slot === B)!;
      delete earlier.assigned![shard];
      Object.assign(earlier, { generation: 9, acknowledged: acknowledged ? 9 : 8 });
    };
    clock.advance(seenAfterMs);
    await seen.look({}, claimed);
    return { ...context, shard, claimedAt, claimed };
  }

  it('are an overlap from the claim on, until the deadline of the earlier owner’s run', async () => {
    const { seen, clock, shard, claimedAt, claimed } = await overlapping(false);
    expect(seen.bars({ shard }, ['overlap'])).toEqual([
      { kind: 'overlap', from: claimedAt, until: undefined, slot: B },
    ]);
    expect(seen.events('overlap')).toMatchObject([{ at: claimedAt, slot: B, shard, tone: 'warning' }]);
    clock.advance(1_000);
    await seen.look({}, claimed);
    expect(seen.bars({ shard }, ['overlap'])).toMatchObject([{ until: undefined }]);
    const { busyUntil } = seen.observed.look!.description.consumers[1]!;
    clock.advance(busyUntil - clock.now() + 1);
    await seen.look({}, claimed);
    expect(seen.bars({ shard }, ['overlap'])).toMatchObject([{ until: clock.now() }]);
  });

  it('are one no more with its next heartbeat: that is another run', async () => {
    const { seen, clock, shard, claimed } = await overlapping(false);
    clock.advance(1_000);
    await seen.look({}, (description) => {
      claimed(description);
      description.consumers.find(({ slot }) => slot === B)!.heartbeatAt = clock.now();
    });
    expect(seen.bars({ shard }, ['overlap'])).toMatchObject([{ until: clock.now() }]);
  });

  it('are none, where the earlier owner’s run is over', async () => {
    const { seen, shard } = await overlapping(false, INTERVAL_MS);
    expect(seen.events('handOff')).toHaveLength(1);
    expect(seen.bars({ shard }, ['overlap'])).toEqual([]);
  });

  it('are none, where the earlier owner’s run knows that it has the shard no more', async () => {
    const { seen, shard } = await overlapping(true);
    expect(seen.events('handOff')).toHaveLength(1);
    expect(seen.bars({ shard }, ['overlap'])).toEqual([]);
  });
});

describe('what holds up a shard', () => {
  it('is its failing, from the first failure to the next success', async () => {
    const { seen, world, clock, of } = await settled();
    const shard = of(A);
    world.eachBatch = async () => {
      throw new TypeError('seventy is no order');
    };
    world.source.append(shard, { content: '70' });
    await world.round(A, B);
    await seen.look();
    expect(seen.observed.history.spans.at(-1)).toMatchObject({
      kind: 'failing',
      why: 'TypeError: seventy is no order',
    });
    expect(seen.observed.state!.shards.find((one) => one.shard === shard)).toMatchObject({ failures: 1 });
    world.eachBatch = async () => {
      throw new TypeError('eighty is none either');
    };
    clock.advance(5 * INTERVAL_MS);
    await world.round(A, B);
    await world.round(A, B);
    const { spans } = await seen.look();
    expect(spans.filter(({ kind }) => kind === 'failing')).toMatchObject([
      { row: { shard }, why: 'TypeError: eighty is none either' },
    ]);
    world.eachBatch = async () => {};
    clock.advance(9 * INTERVAL_MS);
    await world.round(A, B);
    await world.round(A, B);
    await seen.look();
    expect(seen.bars({ shard }, ['failing'])).toMatchObject([{ until: clock.now() }]);
    expect(seen.events('failing', 'recovered').map(({ kind, text }) => [kind, text])).toEqual([
      ['failing', `shard ${shard} fails: TypeError: seventy is no order`],
      ['recovered', `shard ${shard} gets on again`],
    ]);
  });

  it('is its owner, who has yet to give it up', async () => {
    const { seen, clock, of } = await settled();
    const shard = of(A);
    await seen.look({}, ({ at, shards }) => {
      const waits = { for: 'handOff', slot: A, until: at + 9_000 } as const;
      Object.assign(shards.find((one) => one.shard === shard)!, { assignedTo: B, waits });
    });
    expect(seen.bars({ shard }, ['handOff'])).toEqual([
      { kind: 'handOff', from: clock.now(), until: undefined, slot: B },
    ]);
    expect(seen.whose(shard)).toMatchObject([{ kind: 'owned', slot: A, until: undefined }]);
    await seen.look();
    expect(seen.bars({ shard }, ['handOff'])).toMatchObject([{ until: clock.now() }]);
  });

  it('is its being blocked, where nothing succeeds', async () => {
    const { seen, of } = await settled();
    const shard = of(A);
    const pending = {
      to: '9',
      count: 4,
      done: 0,
      attempts: 0,
      block: 3,
      message: 'Error: connect ECONNREFUSED',
    };
    const blocked = { ...pending, waits: { for: 'success', records: 3, message: pending.message } } as const;
    await seen.look({}, ({ shards }) => {
      Object.assign(shards.find((one) => one.shard === shard)!, { pending, waits: blocked.waits });
    });
    expect(seen.bars({ shard }, ['blocked', 'failing'])).toMatchObject([
      { kind: 'blocked', until: undefined },
    ]);
    expect(seen.events('blocked')).toMatchObject([{ shard, tone: 'bad' }]);
    expect(seen.observed.state!.shards.find((one) => one.shard === shard)).toMatchObject({
      waitsFor: 'success',
      waits: 'anything to succeed: 3 records failed as often as is allowed: Error: connect ECONNREFUSED',
    });
    await seen.look();
    expect(seen.bars({ shard }, ['blocked'])).toMatchObject([{ until: expect.any(Number) }]);
  });

  it('is a pause, of itself or of the group', async () => {
    const { seen, world, of } = await settled();
    const shard = of(A);
    await pauseShard(world.store, shard, options);
    await seen.look();
    await pause(world.store, options);
    await seen.look();
    expect(seen.observed.state!.status).toBe('paused');
    await resume(world.store, options);
    await resumeShard(world.store, shard, options);
    await seen.look();
    expect(seen.bars({ shard }, ['paused'])).toHaveLength(1);
    expect(seen.bars({ shard: of(B) }, ['paused'])).toMatchObject([{ until: expect.any(Number) }]);
    expect(seen.events().map(({ text }) => text)).toEqual([
      `shard ${shard} was paused`,
      'the group was paused',
      'the group was resumed',
      `shard ${shard} was resumed`,
    ]);
    // Who has it is not another matter for that.
    expect(seen.whose(shard)).toHaveLength(1);
  });

  it('is its parents, which go first; and it is done, and its children are new', async () => {
    const { seen, world, of } = await settled();
    const shard = of(A);
    world.source.append(shard, { content: '1' });
    world.source.replace([shard], ['8', '9']);
    world.eachBatch = async () => {
      throw new Error('not yet');
    };
    for (let round = 0; round < 3; round++) {
      await world.round(A, B);
      await seen.look();
    }
    expect(seen.bars({ shard: '8' }, ['parents'])).toHaveLength(1);
    world.eachBatch = async () => {};
    for (let round = 0; round < 9; round++) {
      await world.round(A, B);
      await seen.look();
    }
    expect(seen.whose(shard).at(-1)).toMatchObject({ kind: 'done', until: undefined });
    expect(seen.events('newShard').map(({ text }) => text)).toEqual([
      `shard 8 is new, which continues ${shard}`,
      `shard 9 is new, which continues ${shard}`,
    ]);
    expect(seen.events('shardDone')).toMatchObject([{ shard }]);
    expect(seen.bars({ shard: '8' }, ['parents'])).toMatchObject([{ until: expect.any(Number) }]);
  });
});

it('a group that is deleted and made again is another one: nothing of it is a hand-off, or a rate', async () => {
  const { seen, world, clock } = await settled();
  clock.advance(10_000);
  const createdAt = clock.now();
  await seen.look({}, (description) => {
    Object.assign(description.group!, { createdAt });
    for (const shard of description.shards) Object.assign(shard, { owner: A, cursor: '1000' });
  });
  expect(seen.events().map(({ kind }) => kind)).toEqual(['groupDeleted', 'groupMade']);
  await world.round(A, B);
  await seen.look({}, (description) => {
    Object.assign(description.group!, { createdAt });
    for (const shard of description.shards) Object.assign(shard, { owner: A, cursor: '1000' });
  });
  expect(seen.observed.history.points.all.positionsPerSecond.at(-1)).toBe(0);
  await seen.look({}, (description) =>
    Object.assign(description, { status: 'absent', group: undefined, consumers: [], shards: [] }),
  );
  expect(seen.observed.history.spans.filter(({ until }) => until === undefined)).toEqual([]);
  expect(seen.events().at(-1)).toMatchObject({ kind: 'groupDeleted', tone: 'bad' });
});

it('a clock that is put back has nothing end before it began', async () => {
  const { seen, world } = await settled();
  await world.round(A, B);
  await seen.look();
  seen.aheadMs = -3_600_000;
  for (let round = 0; round < 3; round++) {
    await world.round(A);
    await seen.look();
  }
  const { at } = seen.observed.history.points;
  expect(at).toEqual(at.toSorted((one, other) => one - other));
  for (const { from, until = from } of seen.observed.history.spans)
    expect(until).toBeGreaterThanOrEqual(from);
  expect(seen.events('slotDied')).toHaveLength(1);
});

it('times are those of the observer’s clock, however wrong that is', async () => {
  const right = await settled();
  const wrong = createObserved([], right.world);
  wrong.aheadMs = 600_000;
  await wrong.look();
  for (let round = 0; round < 3; round++) {
    await right.world.round(A);
    await right.seen.look();
    await wrong.look();
  }
  const ahead = (time: number | undefined) => time !== undefined && time + 600_000;
  expect(wrong.events().map(({ kind, at }) => [kind, at])).toEqual(
    right.seen.events().map(({ kind, at }) => [kind, ahead(at)]),
  );
  expect(wrong.events('slotDied')).toHaveLength(1);
  const [one, other] = [wrong, right.seen].map(({ observed }) =>
    observed.state!.slots.map(({ heartbeatAt }) => heartbeatAt),
  );
  expect(one).toEqual(other!.map(ahead));
});

describe('throughput', () => {
  it('is how many positions the checkpoints have passed, over an interval, and none of what was sought', async () => {
    const { seen, world, clock, of } = await settled();
    const shard = of(A);
    const minute = async (records: number): Promise<number | null> => {
      world.source.append(shard, ...Array.from({ length: records }, (_, index) => ({ content: `${index}` })));
      for (const slot of [A, B]) await world.tick(slot);
      for (let part = 0; part < 6; part++) {
        clock.advance(10_000);
        await seen.look();
      }
      return seen.observed.history.points.shards[shard]!.positionsPerSecond.at(-1)!;
    };
    expect(await minute(60)).toBe(1);
    expect(seen.observed.history.points.shards[shard]!.positionsPerSecond.slice(0, 6)).toEqual(
      Array(6).fill(null),
    );
    expect(await minute(6)).toBe(0.1);
    expect(seen.observed.history.points.all.positionsPerSecond.at(-1)).toBe(0.1);
    const stream = { cursorAt: world.source.cursorAt };
    await seek(world.store, stream, { shard, to: { at: 'begin' } }, options);
    await seen.look();
    expect(seen.events('sought')).toMatchObject([{ shard }]);
    await seek(world.store, stream, { shard, to: { at: 'end' } }, options);
    await seen.look();
    expect(seen.events('sought')).toHaveLength(2);
    expect(await minute(0)).toBe(0);
    // It was sought, and something was committed before anybody looked.
    await seen.look({}, ({ shards }) => {
      Object.assign(shards.find((one) => one.shard === shard)!, { cursor: '3' });
    });
    expect(seen.events('sought')).toHaveLength(3);
  });
});

it('dead letters are told when they become more or fewer, and not where nobody knows how many there are', async () => {
  const { seen } = await settled();
  for (const deadLetters of [3, undefined, 3, 1, 0]) await seen.look({ deadLetters });
  expect(seen.events().map(({ kind, text }) => [kind, text])).toEqual([
    ['deadLettered', '3 records given up: 3 dead letters'],
    ['lettersGone', '2 dead letters redriven or dropped: 1 is left'],
    ['lettersGone', '1 dead letter redriven or dropped: none is left'],
  ]);
});

describe('the lag', () => {
  const lag = (positions: number) => ({
    unit: 'log groups',
    shards: [{ shard: '0', positions, lagMs: 1_000 * positions, leftMs: undefined }],
  });

  it('is known of the moments at which the log service was asked; the last answer stands', async () => {
    const { seen, world, clock } = await settled();
    // What the ticks have noted is another measure.
    world.source.append('0', { content: '1' });
    await world.round(A, B);
    await seen.look({ lag: lag(5) });
    const lagAt = clock.now();
    clock.advance(10_000);
    await seen.look();
    await seen.look({ lag: lag(2) });
    expect(seen.observed.history.points.shards['0']!.positions).toEqual([null, 5, null, 2]);
    expect(seen.observed.history.points.all.lagMs.slice(1)).toEqual([5_000, null, 2_000]);
    clock.advance(10_000);
    await seen.look();
    expect(seen.observed.state).toMatchObject({
      lagAt: lagAt + 10_000,
      total: { positions: 2 },
      unit: 'log groups',
    });
  });

  it('is what the ticks have noted, where the log service is never asked', async () => {
    const { seen, world } = await settled();
    world.source.append('0', { content: '1' });
    await world.round(A, B);
    await seen.look();
    expect(seen.observed.history.points.shards['0']).toMatchObject({
      positions: [null, null],
      lagMs: [null, 0],
    });
    expect(seen.observed.state!.lagAt).toBeUndefined();
  });
});

it('a look that fails is told once, and what was known stays; so is a time in which nobody looked', async () => {
  const { seen, clock } = await settled();
  const failed = observeFailure(seen.observed, 'no answer', clock.now());
  expect(failed.changes.events).toMatchObject([
    { kind: 'notSeen', tone: 'bad', text: 'the group cannot be seen: no answer' },
  ]);
  expect(failed.observed).toMatchObject({ failure: 'no answer', state: seen.observed.state });
  expect(observeFailure(failed.observed, 'still none', clock.now())).toMatchObject({
    observed: { failure: 'still none' },
    changes: { events: [] },
  });
  expect(observeFailure(NOTHING_OBSERVED, 'no answer', 1).observed.state).toBeUndefined();
  const from = clock.now();
  clock.advance(600_001);
  await seen.look();
  expect(seen.observed.history.gaps).toEqual([{ from, until: clock.now() }]);
});
