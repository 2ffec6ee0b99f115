import { describe, expect, it } from 'vitest';
import { SourceError } from '../../lib/errors.ts';
import { consumerKey, shardKey } from '../../lib/group/items.ts';
import { drain, pause, seek } from '../../lib/group/operations.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { recordOf } from '../../lib/testing/records.ts';
import type { Coordination } from '../../lib/tick/coordination/coordination.ts';
import { ownCoordination } from '../../lib/tick/coordination/own.ts';
import { pollDelayMs } from '../../lib/tick/pollDelay.ts';
import type { TickResult } from '../../lib/tick/result.ts';
import { deriveTimes, functionTimeoutMsMax } from '../../lib/times.ts';
import { letTimePass } from '../support/letTimePass.ts';
import { note } from '../support/working.ts';
import { createWorld, INTERVAL_MS, type World } from '../support/world.ts';

const options = { signal: new AbortController().signal };
const read = { ...options, consistent: true };
const LONG = deriveTimes(INTERVAL_MS, { functionTimeoutMs: functionTimeoutMsMax(INTERVAL_MS) });

/** A group that has settled without lingering, and lingers from now on. */
async function settled(
  shards: readonly string[],
  slots: readonly string[],
  lingerMs = Number.POSITIVE_INFINITY,
) {
  const world = createWorld(shards, { times: LONG, countMax: 1_000 });
  for (let round = 0; round < 8; round++) await world.round(...slots);
  // Those that tick a second later than others are not early.
  world.clock.advance(slots.length * 1_000);
  world.settings.lingerMs = lingerMs;
  world.store.requests.length = 0;
  return world;
}

const passes = (world: World, durationMs: number) =>
  letTimePass(world.clock, new Promise<never>(() => {}), { durationMs });

describe('a tick that lingers', () => {
  it('gives a record within a second of its arrival, long after it has read all up, and ends before its lease does', async () => {
    const world = await settled(['0'], ['a']);
    const startedAt = world.clock.now();
    const seenAt: number[] = [];
    world.eachBatch = async () => void seenAt.push(world.clock.now() - startedAt);
    const ticking = world.tick('a');
    await passes(world, 30_000);
    world.source.append('0', 'late');
    const result = await letTimePass(world.clock, ticking);
    expect(world.delivered).toEqual(['0:late']);
    expect(seenAt[0]).toBeLessThan(32_000);
    expect(seenAt[0]).toBeGreaterThanOrEqual(30_000);
    const endedMs = world.clock.now() - startedAt;
    expect(endedMs).toBeGreaterThanOrEqual(LONG.functionTimeoutMs - LONG.reserveMs);
    expect(endedMs).toBeLessThan(LONG.functionTimeoutMs);
    expect(result).toMatchObject({
      outcome: 'worked',
      shards: [{ shard: '0', records: 1, stopped: 'caughtUp' }],
    });
    expect(result!.lingerMs).toBeGreaterThan(50_000);
    expect(result!.polls).toBeGreaterThan(30);
    expect(result!.polls).toBeLessThan(100);
  });

  it('asks the table for no more than any other, where nothing comes', async () => {
    const requests = await Promise.all(
      [0, Number.POSITIVE_INFINITY].map(async (lingerMs) => {
        const world = await settled(['0', '1'], ['a', 'b'], lingerMs);
        for (let minute = 0; minute < 10; minute++) {
          const endsAt = world.clock.now() + INTERVAL_MS;
          const ticks = [world.tick('a'), world.tick('b')];
          for (const ticking of ticks) await letTimePass(world.clock, ticking);
          world.clock.advance(endsAt - world.clock.now());
        }
        return world.store.requests;
      }),
    );
    expect([...requests[1]!].sort()).toEqual([...requests[0]!].sort());
  });

  it('looks at its own item no oftener than every five seconds while records come', async () => {
    const world = await settled(['0'], ['a']);
    const ticking = world.tick('a');
    for (let second = 0; second < 30; second++) {
      world.source.append('0', `${second}`);
      await passes(world, 1_000);
    }
    const looks = world.store.requests.filter((request) => request === `get ${consumerKey('a')}`);
    expect(looks.length).toBeGreaterThanOrEqual(4);
    expect(looks.length).toBeLessThanOrEqual(6);
    await letTimePass(world.clock, ticking);
    expect(world.delivered).toHaveLength(30);
  });

  it('looks on the cheap, and once more where that tells of an earlier run', async () => {
    const world = await settled(['0'], ['a']);
    const key = consumerKey('a');
    const before = await world.store.get(key, read);
    const looks: boolean[] = [];
    const store: GroupStore = {
      ...world.store,
      async get(wanted, how) {
        if (wanted !== key) return world.store.get(wanted, how);
        looks.push(how.consistent);
        return how.consistent ? world.store.get(wanted, how) : (before as never);
      },
    };
    world.source.append('0', 'one');
    const ticking = world.tick('a', 'a', { store });
    await passes(world, 8_000);
    expect(looks).toEqual([false, true]);
    world.source.append('0', 'two');
    const result = await letTimePass(world.clock, ticking);
    expect(world.delivered).toEqual(['0:one', '0:two']);
    expect(result!.lingerMs).toBeGreaterThan(50_000);
  });

  it('looks once for what has come, however long nothing comes after it', async () => {
    const world = await settled(['0'], ['a']);
    world.source.append('0', 'one');
    await letTimePass(world.clock, world.tick('a'));
    expect(world.store.requests.filter((request) => request === `get ${consumerKey('a')}`)).toHaveLength(1);
  });

  it('looks every five seconds while it waits for a shard of another slot', async () => {
    const world = await settled(['0', '1'], ['a']);
    const ticks = [world.tick('a'), world.tick('b')];
    await passes(world, 10_000);
    const item = await world.store.get(consumerKey('b'), read);
    expect(item).toMatchObject({ generation: item!.acknowledged });
    expect(Object.keys(item!.assigned!)).toHaveLength(1);
    world.store.requests.length = 0;
    await passes(world, 20_000);
    const looks = world.store.requests.filter((request) => request === `get ${consumerKey('b')}`);
    expect(looks).toHaveLength(4);
    const attempts = world.store.requests.filter((request) => request.startsWith('get SHARD#'));
    expect(attempts.length).toBeLessThanOrEqual(8);
    for (const ticking of ticks) await letTimePass(world.clock, ticking);
  });

  it.each([
    [60_000, 16_000],
    [10_000, 5_000],
  ])(
    'reads what is gathered for %i ms again after %i ms, and not at each poll',
    async (waitMaxMs, leastMs) => {
      const world = await settled(['0'], ['a']);
      world.settings.delivery = { ...world.settings.delivery, bytesMin: 1_000_000, waitMaxMs };
      world.source.append('0', recordOf('one', { timeMs: world.clock.now() }));
      const startedAt = world.clock.now();
      const seenAt: number[] = [];
      world.eachBatch = async () => void seenAt.push(world.clock.now() - startedAt);
      const pulledAt: number[] = [];
      const { pull } = world.source;
      world.source.pull = (request) => {
        if (seenAt.length === 0) pulledAt.push(world.clock.now() - startedAt);
        return pull(request);
      };
      await letTimePass(world.clock, world.tick('a'));
      expect(pulledAt.slice(0, 3)).toEqual([0, leastMs, 2 * leastMs]);
      if (waitMaxMs < 60_000) expect(seenAt).toEqual([waitMaxMs]);
    },
  );

  it.each([
    [10, [15_000, 30_000, 45_000]],
    [300, [30_000]],
  ])(
    'asks the log service, of %i slots, no oftener than it takes, and again after a failure',
    async (count, at) => {
      const world = await settled(['0'], ['a']);
      const startedAt = world.clock.now();
      world.settings.slots = Array.from({ length: count }, (_, slot) => `consumer-${slot}`);
      const askedAt: number[] = [];
      const hasChanged = async (): Promise<boolean> => {
        askedAt.push(world.clock.now() - startedAt);
        throw new SourceError('no', { code: 'ServerBusy', status: 500, retriable: true });
      };
      const coordination: Coordination = {
        ...ownCoordination,
        forTick: (context) => ({ ...ownCoordination.forTick(context), hasChanged }),
      };
      const result = await letTimePass(world.clock, world.tick('a', 'a', { coordination }));
      expect(askedAt).toEqual(at);
      expect(result!.lingerMs).toBeGreaterThan(50_000);
    },
  );

  it('ends after the duration that was set', async () => {
    const world = await settled(['0'], ['a'], 20_000);
    const startedAt = world.clock.now();
    const result = await letTimePass(world.clock, world.tick('a'));
    expect(world.clock.now() - startedAt).toBe(20_000);
    expect(result!.lingerMs).toBe(20_000);
  });

  it('is warm the next time, and remembers all that it has read', async () => {
    const world = await settled(['0'], ['a'], 20_000);
    const ticking = world.tick('a');
    await passes(world, 5_000);
    world.source.append('0', 'one');
    await letTimePass(world.clock, ticking);
    world.clock.advance(INTERVAL_MS);
    world.store.requests.length = 0;
    const next = await letTimePass(world.clock, world.tick('a'));
    expect(next).toMatchObject({ warm: true, shards: [{ batches: 0 }] });
    expect(world.store.requests.filter((request) => request.includes('SHARD#'))).toEqual([]);
  });

  it('keeps the least time between two pulls of a shard, and the most batches of one', async () => {
    const world = await settled(['0'], ['a']);
    world.settings.pullIntervalMs = 10_000;
    world.settings.batchesMax = 2;
    const pulledAt: number[] = [];
    const { pull } = world.source;
    world.source.pull = (request) => {
      pulledAt.push(world.clock.now());
      return pull.call(world.source, request);
    };
    const ticking = world.tick('a');
    for (let second = 0; second < 40; second++) {
      world.source.append('0', `${second}`);
      await passes(world, 1_000);
    }
    const result = await letTimePass(world.clock, ticking);
    expect(result!.shards).toMatchObject([{ stopped: 'batchesMax', batches: 2 }]);
    for (const [index, at] of pulledAt.slice(1).entries())
      expect(at - pulledAt[index]!).toBeGreaterThanOrEqual(10_000);
  });

  it('begins no batch that would not fit into the rest of its time, as the last one took', async () => {
    const world = await settled(['0'], ['a']);
    world.eachBatch = (_batch, { signal }) => world.clock.sleep(8_000, signal);
    world.source.append('0', 'first');
    const ticking = world.tick('a');
    await passes(world, 47_000);
    world.source.append('0', 'late');
    const result = await letTimePass(world.clock, ticking);
    expect(world.delivered).toEqual(['0:first']);
    expect(result!.shards).toMatchObject([{ stopped: 'deadline', batches: 1 }]);
    expect(await world.store.get(shardKey('0'), read)).not.toHaveProperty('pending');
    world.clock.advance(INTERVAL_MS);
    await letTimePass(world.clock, world.tick('a'));
    expect(world.delivered).toEqual(['0:first', '0:late']);
  });

  it('goes on polling when the log service fails for a while', async () => {
    const world = await settled(['0'], ['a']);
    const { pull } = world.source;
    const details = { code: 'InternalServerError', status: 500, retriable: true };
    world.source.pull = () => Promise.reject(new SourceError('no', details));
    const ticking = world.tick('a');
    await passes(world, 10_000);
    world.source.pull = pull;
    world.source.append('0', 'afterwards');
    await passes(world, 10_000);
    expect(world.delivered).toEqual(['0:afterwards']);
    const result = await letTimePass(world.clock, ticking);
    expect(result!.shards).toMatchObject([{ stopped: 'caughtUp' }]);
    expect(result!.shards[0]).not.toHaveProperty('error');
  });
});

describe('the pace of a tick that lingers', () => {
  /** How often the shard is pulled in the next ten seconds. */
  async function pullsOf(world: World, pull: World['source']['pull']): Promise<number> {
    let pulls = 0;
    world.source.pull = (request) => {
      pulls++;
      return pull(request);
    };
    await passes(world, 10_000);
    return pulls;
  }

  it('is slower while the log service fails, and as before once it does not', async () => {
    const world = await settled(['0'], ['a']);
    const { pull } = world.source;
    const ticking = world.tick('a');
    await passes(world, 1_000);
    const details = { code: 'InternalServerError', status: 500, retriable: true };
    const failing = await pullsOf(world, () => Promise.reject(new SourceError('no', details)));
    expect(failing).toBeGreaterThanOrEqual(2);
    expect(failing).toBeLessThanOrEqual(5);
    await pullsOf(world, pull);
    expect(await pullsOf(world, pull)).toBeGreaterThanOrEqual(6);
    await letTimePass(world.clock, ticking);
  });

  it('is fast again after each record', async () => {
    const world = await settled(['0'], ['a']);
    const { pull } = world.source;
    const ticking = world.tick('a');
    await passes(world, 15_000);
    const idle = await pullsOf(world, pull);
    expect(idle).toBeLessThanOrEqual(9);
    world.source.append('0', 'one');
    expect(await pullsOf(world, pull)).toBeGreaterThanOrEqual(12);
    await letTimePass(world.clock, ticking);
  });
});

describe('what a tick that lingers does not poll', () => {
  it('a shard in which its function has failed: another attempt is for the next tick', async () => {
    const world = await settled(['0', '1'], ['a']);
    let attempts = 0;
    world.eachBatch = async () => {
      attempts++;
      throw new Error('away');
    };
    const ticking = world.tick('a');
    await passes(world, 5_000);
    world.source.append('0', 'one');
    const result = await letTimePass(world.clock, ticking);
    expect(attempts).toBe(1);
    expect(result!.shards.find(({ shard }) => shard === '0')).toMatchObject({ stopped: 'batchFailed' });
  });

  it('one that it takes from a run which died of it: the next tick has it, after all others', async () => {
    const world = await settled(['0', '1'], ['a', 'b']);
    const item = await world.store.get(consumerKey('b'), read);
    const [shard] = Object.keys(item!.assigned!);
    world.source.append(shard!, 'deadly');
    const gone = world.tick('b', 'b', { deliver: () => new Promise(() => {}) }, world.clock.now() + 10_000);
    void gone.catch(() => {});
    await passes(world, 1_000);
    await note(world, { to: '1', count: 1, done: 0, size: 1, attempts: 1, deadly: true }, shard);
    await drain(world.store, 'b', options);
    // A new sandbox asks whether somebody should plan.
    const result = await letTimePass(world.clock, world.tick('a', 'another of a'));
    expect(result!.shards.find((one) => one.shard === shard)).toMatchObject({ stopped: 'deadline' });
    expect(world.delivered).toEqual([]);
    world.clock.advance(10_000);
    await letTimePass(world.clock, world.tick('a', 'another of a'));
    expect(world.delivered).toEqual([`${shard}:deadly`]);
  });

  it('nothing at all, where it has no shard and none is awaited: then it is over', async () => {
    const world = await settled(['0'], ['a', 'b']);
    const startedAt = world.clock.now();
    const results = [world.tick('a'), world.tick('b')].map((ticking) =>
      letTimePass(world.clock, ticking, { durationMs: 1_000 }),
    );
    const ended = (await Promise.all(results)).filter((result) => result !== undefined);
    expect(ended).toMatchObject([{ shards: [] }]);
    expect(world.clock.now() - startedAt).toBeLessThan(3_000);
    await passes(world, INTERVAL_MS);
  });
});

describe('what changes while a slot lingers', () => {
  it('a plan that gives it a shard: its work begins in the same tick', async () => {
    const world = createWorld(['0'], { times: LONG, lingerMs: Number.POSITIVE_INFINITY });
    world.source.append('0', 'first');
    await letTimePass(world.clock, world.tick('a'));
    world.clock.advance(10_000);
    const second = await letTimePass(world.clock, world.tick('a'));
    // The tick that makes the first plan reads the first record.
    expect(second).toMatchObject({ planned: true, shards: [{ shard: '0', records: 1 }] });
    expect(world.delivered).toEqual(['0:first']);
  });

  it('a plan of another slot: what was taken is handed on within seconds, and nothing is read twice', async () => {
    const world = await settled(['0', '1'], ['a']);
    const first = world.tick('a');
    await passes(world, 1_000);
    const second = world.tick('b');
    const given: string[] = [];
    for (let index = 0; index < 40; index++) {
      for (const shard of ['0', '1']) {
        world.source.append(shard, `${index}`);
        given.push(`${shard}:${index}`);
      }
      await passes(world, 1_000);
    }
    const owners = await Promise.all(['0', '1'].map((shard) => world.store.get(shardKey(shard), read)));
    expect(owners.map((item) => item!.owner).sort()).toEqual(['a', 'b']);
    const results = await Promise.all([first, second].map((ticking) => letTimePass(world.clock, ticking)));
    expect([...world.delivered].sort()).toEqual([...given].sort());
    expect(results[1]!.shards).toMatchObject([{ stopped: 'caughtUp' }]);
    expect(results[1]!.shards[0]!.records).toBeGreaterThan(20);
  });

  it('a pause: nothing is read from then on, a look later at most', async () => {
    const world = await settled(['0'], ['a']);
    world.source.append('0', 'before');
    const ticking = world.tick('a');
    await passes(world, 2_000);
    await pause(world.store, options);
    await passes(world, 5_000);
    world.source.append('0', 'after');
    await letTimePass(world.clock, ticking);
    expect(world.delivered).toEqual(['0:before']);
  });

  it('a seek: it reads on from there', async () => {
    const world = await settled(['0'], ['a']);
    world.source.append('0', 'one', 'two');
    const ticking = world.tick('a');
    await passes(world, 2_000);
    await seek(world.store, world.source, { shard: '0', to: { at: 'begin' } }, options);
    await passes(world, 10_000);
    expect(world.delivered).toEqual(['0:one', '0:two', '0:one', '0:two']);
    await letTimePass(world.clock, ticking);
  });

  it('a seek that a checkpoint meets: it is looked for at once, and not five seconds later', async () => {
    const world = await settled(['0'], ['a']);
    world.source.append('0', 'one');
    const ticking = world.tick('a');
    // A look has just been.
    await passes(world, 5_500);
    await seek(world.store, world.source, { shard: '0', to: { at: 'begin' } }, options);
    world.source.append('0', 'two');
    await passes(world, 2_500);
    expect(world.delivered).toEqual(['0:one', '0:two', '0:one', '0:two']);
    await letTimePass(world.clock, ticking);
  });

  it('a drain: its shards go within the tick', async () => {
    const world = await settled(['0', '1'], ['a', 'b']);
    const ticks = [world.tick('a'), world.tick('b')];
    await passes(world, 20_000);
    await drain(world.store, 'a', options);
    for (let second = 0; second < 20; second++) {
      for (const shard of ['0', '1']) world.source.append(shard, `${second}`);
      await passes(world, 1_000);
    }
    const owners = await Promise.all(['0', '1'].map((shard) => world.store.get(shardKey(shard), read)));
    expect(owners.map((item) => item!.owner)).toEqual(['b', 'b']);
    await Promise.all(ticks.map((ticking) => letTimePass(world.clock, ticking)));
    expect(new Set(world.delivered).size).toBe(world.delivered.length);
    expect(world.delivered).toHaveLength(40);
  });

  it('another run has the slot: nothing more is given', async () => {
    const world = await settled(['0'], ['a']);
    world.source.append('0', 'one');
    const ticking = world.tick('a');
    await passes(world, 2_000);
    await world.store.remove(consumerKey('a'), { exists: 'tick' }, options);
    await passes(world, 5_000);
    world.source.append('0', 'two');
    const result = await letTimePass(world.clock, ticking, { durationMs: 1_000 });
    expect(result).toMatchObject({ outcome: 'worked' });
    expect(world.delivered).toEqual(['0:one']);
  });

  it('a shard that ends lets its children begin within the tick', async () => {
    const world = await settled(['0', 'other'], ['a']);
    // A plan finds them.
    world.source.append('0', 'last');
    world.source.replace(['0'], ['1', '2']);
    world.source.append('1', 'child');
    const results: (TickResult | undefined)[] = [];
    for (let tick = 0; tick < 3; tick++) {
      results.push(await letTimePass(world.clock, world.tick('a')));
      world.clock.advance(6_000);
    }
    expect(world.delivered).toEqual(['0:last', '1:child']);
    const done = results.find((result) => result?.shards.some(({ stopped }) => stopped === 'done'));
    expect(done!.shards.map(({ shard }) => shard)).toEqual(expect.arrayContaining(['0', '1', '2']));
  });
});

it('a shard of which the log service gives the end late lets its children begin within the tick, too', async () => {
  const world = await settled(['0', 'other'], ['a'], 0);
  world.source.append('0', 'last');
  world.source.replace(['0'], ['1', '2']);
  world.source.append('1', 'child');
  const { pull } = world.source;
  const away = () => Promise.reject(new SourceError('away', { code: 'Away', status: 503, retriable: true }));
  world.source.pull = (request) => (request.shard === '0' ? away() : pull(request));
  // A plan finds that it is closed.
  for (let round = 0; round < 4; round++) await world.round('a');
  expect(await world.store.get(shardKey('0'), read)).toMatchObject({ state: 'closing' });
  world.clock.advance(1_000);
  world.settings.lingerMs = Number.POSITIVE_INFINITY;
  const ticking = world.tick('a');
  await passes(world, 10_000);
  expect(world.delivered).toEqual([]);
  world.source.pull = pull;
  await letTimePass(world.clock, ticking);
  expect(world.delivered).toEqual(['0:last', '1:child']);
});

describe('a schedule that is early', () => {
  it('does not cost a tick that lingers its turn: it waits for the end of the lease', async () => {
    const world = await settled(['0'], ['a']);
    const startedAt = world.clock.now();
    await letTimePass(world.clock, world.tick('a'));
    world.clock.advance(startedAt + 55_000 - world.clock.now());
    world.source.append('0', 'next');
    const ticking = world.tick('a');
    await passes(world, 3_950);
    expect(world.delivered).toEqual([]);
    await passes(world, 500);
    expect(world.delivered).toEqual(['0:next']);
    await letTimePass(world.clock, ticking);
  });

  it('is refused at once where it is the same event once more', async () => {
    const world = await settled(['0'], ['a']);
    const ticking = world.tick('a');
    await passes(world, 5_000);
    expect(await letTimePass(world.clock, world.tick('a'), { durationMs: 100 })).toMatchObject({
      outcome: 'busy',
    });
    await letTimePass(world.clock, ticking);
  });
});

describe('the delay between two polls', () => {
  const usual = { idleMs: 0, failures: 0, shards: 1, chance: 0.5 };

  it('is short while records come, and grows while none do', () => {
    const delays = [0, 4_000, 8_000, 12_000, 60_000].map((idleMs) => pollDelayMs({ ...usual, idleMs }));
    expect(delays).toEqual([500, 500, 1_000, 1_500, 1_500]);
  });

  it('grows with failures, up to a limit, and with the shards of a tick', () => {
    expect([1, 2, 3, 4, 9].map((failures) => pollDelayMs({ ...usual, failures }))).toEqual([
      3_000, 6_000, 6_000, 6_000, 6_000,
    ]);
    expect(pollDelayMs({ ...usual, shards: 1_000 })).toBe(20_000);
  });

  it('is a quarter less or more, by chance', () => {
    expect(pollDelayMs({ ...usual, chance: 0 })).toBe(375);
    expect(pollDelayMs({ ...usual, chance: 0.999_9 })).toBe(625);
  });
});
