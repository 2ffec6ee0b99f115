/** How a replay is begun, and what a turn of it has, on a table and a stream in memory. */
import { describe, expect, it } from 'vitest';
import { createReplays } from '../../lib/compose/replays.ts';
import { createMemoryDeadLetters } from '../../lib/delivery/deadLetters/memory.ts';
import { userFunctionsOf } from '../../lib/delivery/userFunctions.ts';
import type { BatchContext } from '../../lib/delivery/userModule.ts';
import { planByLag } from '../../lib/group/planByLag.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { replaySettings } from '../../lib/replay/settings.ts';
import type { Source } from '../../lib/sources/source.ts';
import { createMemorySource } from '../../lib/testing.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';
import { DELIVERY } from '../support/delivery.ts';
import { tickSettings } from '../support/tickSettings.ts';

const settings = { ...tickSettings(), table: 'shardbeat' };
const { functionTimeoutMs, reserveMs } = settings.times;
const clock = createManualClock();
const noon = clock.now() - 86_400_000;
const request = { id: 'some', from: noon, to: noon + 60_000, slots: 1 };

/** With records that were received so long after noon. */
function world(receivedMs: readonly number[], given: Partial<Source> = {}) {
  let receivedAt = 0;
  const source = createMemorySource({ now: () => receivedAt });
  for (const afterMs of receivedMs) {
    receivedAt = noon + afterMs;
    source.append('0', { content: String(afterMs) });
  }
  const store = createMemoryStore(new Map(), 'orders#replay');
  const remaining: number[] = [];
  const eachBatch = (_batch: unknown, context: BatchContext) => void remaining.push(context.remainingMs());
  const tools = {
    table: {
      store,
      letters: createMemoryDeadLetters({ letters: new Map(), lettersMax: 1, now: clock.now }),
      dropLetters: async () => {},
    },
    source: { ...source, ...given },
    deliver: userFunctionsOf({ eachBatch }).deliver,
    ...{ clock, random: createCountingRandom(), endedRuns: new Set<string>(), skewMs: () => 0 },
    logger: createLogger({ level: 'error', write: () => {}, now: clock.now }),
  };
  const { signal } = new AbortController();
  const time = () => ({ signal, deadline: clock.now() + functionTimeoutMs });
  const replays = createReplays(tools, settings);
  return {
    ...{ store, source, remaining, signal },
    begin: () => replays.begin(request, time()),
    turn: () => replays.turn({ ...request, slot: 'some-0', ends: {} }, time()),
  };
}

describe('what is left of the range', () => {
  it('is said where it begins later than the range', async () => {
    const shard = async (...receivedMs: number[]) => (await world(receivedMs).begin()) as object;
    expect(await shard(1, 2)).toMatchObject({ shards: [{ positions: 2, keptSince: noon + 1 }] });
    const whole = { shards: [expect.not.objectContaining({ keptSince: expect.anything() })] };
    expect(await shard(0, 1)).toMatchObject(whole);
    expect(await shard(-1, 1)).toMatchObject(whole);
    // Before a range in which there is nothing, nothing is missing.
    expect(await shard(60_000)).toMatchObject({ shards: [{ positions: 0 }] });
    expect(await shard(60_000)).toMatchObject(whole);
  });

  it('is what the retention has not passed; who may not ask for that begins all the same', async () => {
    const kept = world([1], { retentionMs: async () => 3_600_000 });
    expect(await kept.begin()).toMatchObject({ begun: true, retainedSince: clock.now() - 3_600_000 });
    const denied = async () => {
      throw new Error('not allowed');
    };
    const begun = await world([1], { retentionMs: denied }).begin();
    expect(begun).toMatchObject({ begun: true });
    expect(begun).not.toHaveProperty('retainedSince');
  });
});

it('of a stream that cannot be listed nothing is read, rather than a part', async () => {
  const { begin, store, signal } = world([1], {
    cursorAt: async () => '0',
    listStreams: async () => [
      { stream: 'a', shards: [{ id: 'a:0', state: 'open', parents: [] }] },
      { stream: 'b', error: new Error('no such logstore') },
    ],
  });
  await expect(begin()).rejects.toThrow('no such logstore');
  expect((await store.readAll({ signal, consistent: true })).group).toBeUndefined();
});

it('a turn leaves time for what comes after its tick', async () => {
  const { begin, turn, remaining } = world([1]);
  await begin();
  expect(await turn()).toMatchObject({ records: 1, shards: [{ left: 0 }] });
  expect(remaining).toEqual([functionTimeoutMs - 2 * reserveMs]);
});

it('what follows a shard that is done is planned in the next turn, and no interval is waited for', async () => {
  const { source, begin, turn } = world([1]);
  source.replace(['0'], ['1']);
  source.append('1', { content: 'after it' });
  await begin();
  expect(await turn()).toMatchObject({ records: 1, shards: [{ state: 'done' }, { state: 'open' }] });
  clock.advance(1);
  await turn();
  clock.advance(1);
  expect(await turn()).toMatchObject({ records: 1, shards: [{ state: 'done' }, { left: 0 }] });
});

describe('the settings of a replay', () => {
  const range = { id: 'some', from: 1, to: 2, shards: ['0'] };

  it('are those of the group, but for what is not the past', () => {
    const living = tickSettings({
      ...{ endAt: 9_000, settingsVersion: 7, strategy: planByLag, slots: ['consumer-0'] },
      ...{ onCursorExpired: 'fail', lingerMs: 30_000, countMax: 5 },
      delivery: { ...DELIVERY, attemptsMax: 3, ageMaxMs: 60_000, waitMaxMs: 30_000 },
    });
    const { strategy, ...own } = replaySettings(living, range);
    expect(own).toMatchObject({
      ...{ group: 'orders#replay-some', start: { at: 'time', unixMs: 1 }, endAt: 2 },
      ...{ replay: { shards: ['0'] }, settingsVersion: 1, slots: undefined },
      ...{ onCursorExpired: 'earliest', lingerMs: 0, countMax: 5 },
      delivery: { attemptsMax: 3, ageMaxMs: undefined, waitMaxMs: 0 },
    });
    expect(strategy).not.toBe(planByLag);
  });

  it('have times of which nobody waits for a schedule, and runs as long as the group’s', () => {
    const timesOf = (intervalMs: number) =>
      replaySettings(tickSettings({ times: deriveTimes(intervalMs) }), range).times;
    expect(timesOf(60_000)).toEqual({ ...deriveTimes(60_000), intervalMs: 10_000 });
    expect(timesOf(1_000)).toEqual({ ...deriveTimes(1_000), sessionTimeoutMs: 60_000 });
  });
});
