/** Whole ticks, with all records watched, while the number of slots follows a day with a peak. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { deployedSlots } from '../../lib/config/slot.ts';

import { scale } from '../../lib/scaling/scale.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createRandom as random } from '../../local/service/random.ts';
import { createManualClock } from '../support/clock.ts';
import { createGroup } from '../support/world.ts';

const INTERVAL_MS = 5 * 60_000;
const DAY = (24 * 60) / 5;
const SHARDS = Array.from({ length: 12 }, (_, shard) => String(shard));
const SLOTS = deployedSlots(10);
const options = { signal: new AbortController().signal };
/** Of the event loop, those that a tick with no time left to wait for takes at the most. */
const TURNS_MAX = 400;
/** What a record takes. */
const RECORD_MS = 5_000;

/** Records of a shard in an interval: at noon, what takes seven slots of those that have 237 seconds each. */
const rateOf = (interval: number): number => 0.2 + 26 * Math.exp(-(((interval - DAY / 2) / 20) ** 2));

interface Day {
  /** By interval. */
  wanted: number[];
  live: number[];
  /** Records that were not yet given at its end. */
  backlog: number[];
  world: ReturnType<typeof createWorld>;
  appended: Map<string, string[]>;
}

function createWorld() {
  const clock = createManualClock();
  const source = createMemorySource({ shards: SHARDS, now: clock.now, recordsMax: 2 });
  const times = deriveTimes(INTERVAL_MS);
  return createGroup(
    { clock, source },
    { times, slots: SLOTS, slotsMin: 2, countMax: 2, shardsParallelMax: 1 },
  );
}

/**
 * Each slot's ticks have a time of their own, which its batches take. `mishap`: what befalls the starter in an interval.
 */
async function live(seed: number, mishap: (interval: number) => 'none' | 'twice' | 'killed'): Promise<Day> {
  const dice = random(seed);
  const world = createWorld();
  const { clock, store, times } = world;
  const day: Day = {
    wanted: [],
    live: [],
    backlog: [],
    world,
    appended: new Map(SHARDS.map((id) => [id, []])),
  };
  const logger = {
    debug() {},
    info() {},
    warn() {},
    error: (event: string, fields: object = {}) => world.events.push({ event, ...fields }),
    with: () => logger,
  };
  const scaling = { store, logger, now: clock.now, times, slots: SLOTS, slotsMin: 2 };
  let records = 0;
  for (let interval = 0; interval < DAY; interval++) {
    for (const [shard, all] of day.appended) {
      for (let due = rateOf(interval) - (dice() < 0.5 ? 0 : 0.5); due > dice(); due--) {
        all.push(`${shard}:${records}`);
        world.source.append(shard, String(records++));
      }
    }
    const what = mishap(interval);
    for (let run = 0; run < (what === 'twice' ? 2 : 1); run++) {
      const { wanted, start } = await scale(scaling, options);
      if (run === 0) day.wanted.push(wanted);
      if (what === 'killed') break;
      for (const slot of start.sort(() => dice() - 0.5))
        await tickOf(world, slot, clock.now() + Math.round(dice() * 9_000));
    }
    const state = await store.readAll({ ...options, consistent: true });
    day.live.push(state.consumers.size);
    day.backlog.push(records - world.delivered.length);
    clock.advance(INTERVAL_MS);
  }
  return day;
}

async function tickOf(world: Day['world'], slot: string, at: number): Promise<void> {
  const clock = createManualClock(at);
  world.eachBatch = async ({ records }, { signal }) => {
    clock.advance([...records].length * RECORD_MS);
    await setImmediate();
    // What ran out of time was not done: it comes again, as ever.
    signal.throwIfAborted();
  };
  let ended = false;
  const ticking = world.tick(slot, slot, { clock }, at + world.times.functionTimeoutMs).finally(() => {
    ended = true;
  });
  // One that is started twice waits for itself.
  for (let turn = 0; !ended; turn++) {
    await setImmediate();
    if (turn > TURNS_MAX) clock.advance(1_000);
  }
  await ticking;
}

/** Of each shard, in order, with what is still to come. */
function expectEachOnce({ appended, world }: Day): void {
  for (const [shard, all] of appended) {
    const given = world.delivered.filter((record) => record.startsWith(`${shard}:`));
    expect(given).toEqual(all.slice(0, given.length));
  }
}

describe('a day with a peak', () => {
  it('is followed by the slots: each record is given once and in order, the lag recovers, the night has the least', async () => {
    const day = await live(1, () => 'none');
    expectEachOnce(day);
    const { wanted, live: alive, backlog } = day;
    expect(
      day.world.events.filter(({ event }) => /expired|refused|notChanged|notScaled/.test(event)),
    ).toEqual([]);
    expect(Math.max(...wanted)).toBeGreaterThanOrEqual(7);
    expect([wanted[40], wanted.at(-1), alive.at(-1)]).toEqual([2, 2, 2]);
    // What comes in four intervals at noon.
    expect(Math.max(...backlog)).toBeLessThan(4 * 12 * 26);
    expect(backlog.at(-1)).toBeLessThan(30);
    // Those that are leaving are there for some intervals.
    for (const [interval, count] of alive.entries())
      expect(count).toBeLessThanOrEqual(Math.max(...wanted.slice(Math.max(0, interval - 5), interval + 1)));
    const changes = wanted.filter((count, interval) => interval > 0 && count !== wanted[interval - 1]).length;
    expect(changes).toBeLessThan(20);
  }, 60_000);

  it('gives each record once, in order, whatever befalls the starter', async () => {
    const dice = random(7);
    let last = 'none';
    const day = await live(3, () => {
      const what = last === 'killed' ? 'none' : dice() < 0.1 ? 'killed' : dice() < 0.2 ? 'twice' : 'none';
      last = what;
      return what;
    });
    expectEachOnce(day);
    expect(day.world.events.some(({ event }) => event === 'tick.refused')).toBe(true);
    expect(day.wanted.at(-1)).toBe(2);
    expect(day.backlog.at(-1)).toBeLessThan(60);
  }, 60_000);
});
