import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Change } from '../../../cli/console/feed.ts';
import { createLookout, type LookoutOptions } from '../../../cli/console/lookout.ts';
import { describe as describeGroup } from '../../../lib/group/describe.ts';
import type { Lag, OpenGroup } from '../../../lib/operations.ts';
import { createWorld } from '../../support/world.ts';

const options = { signal: new AbortController().signal };
const LAG: Lag = { unit: 'log groups', shards: [{ shard: '0', positions: 3, lagMs: 9, leftMs: undefined }] };
const EVERY_MS = 10_000;

let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => stop.abort());

/** A group with one slot, of which every look and every question to the log service is counted. */
async function watched(given: Partial<LookoutOptions> = {}) {
  const world = createWorld(['0']);
  for (let round = 0; round < 4; round++) await world.round('consumer-0');
  const asked = { looks: 0, lag: 0 };
  let answerLag = async (): Promise<Lag> => LAG;
  let failure: Error | undefined;
  const group = {
    describe: async () => {
      asked.looks++;
      if (failure !== undefined) throw failure;
      return describeGroup(world.store, world.clock.now(), options);
    },
    lag: async () => {
      asked.lag++;
      return answerLag();
    },
    countDeadLetters: async () => 0,
  } as unknown as OpenGroup;
  const lookout = createLookout({
    target: { group: 'orders', place: 'memory', asks: 'function' },
    group,
    everyMs: EVERY_MS,
    keepsLooking: false,
    clock: world.clock,
    signal: stop.signal,
    sayOf: (error) => (error as Error).message,
    ...given,
  });
  const told: Change[] = [];
  return {
    world,
    asked,
    lookout,
    told,
    listen: () => lookout.listen((change) => told.push(change)),
    answerLagWith: (answer: () => Promise<Lag>) => {
      answerLag = answer;
    },
    failWith: (error: Error | undefined) => {
      failure = error;
    },
    /** Lets the time pass, and all that happens at once. */
    pass: async (durationMs: number) => {
      world.clock.advance(durationMs);
      await settled();
    },
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
}

it('nobody looks while nobody listens, and whoever listens sees it at once', async () => {
  const { asked, lookout, listen, told, pass } = await watched();
  await pass(20_000);
  expect(asked).toEqual({ looks: 0, lag: 0 });
  expect(lookout.known().state).toBeUndefined();
  const listening = listen();
  await settled();
  expect(told[0]).toMatchObject({ state: { status: 'running' }, changes: { points: [{}] } });
  expect(lookout.known().state).toEqual(told.at(-1)!.state);
  const { looks } = asked;
  await pass(EVERY_MS);
  expect(asked.looks).toBe(looks + 1);
  listening[Symbol.dispose]();
  const before = asked.looks;
  await pass(EVERY_MS);
  await pass(10 * EVERY_MS);
  expect(asked.looks).toBe(before);
  listen();
  await settled();
  expect(asked.looks).toBe(before + 2);
  expect(lookout.known().history.gaps).toHaveLength(1);
});

it('one that keeps looking looks from the beginning', async () => {
  const { asked, lookout, pass } = await watched({ keepsLooking: true, tableOnly: true });
  await settled();
  for (let period = 0; period < 3; period++) await pass(EVERY_MS);
  expect(asked).toEqual({ looks: 4, lag: 0 });
  expect(lookout.known().history.points.at).toHaveLength(4);
});

it('the log service is asked once in an interval, and the table has not to wait for it', async () => {
  const { asked, lookout, told, listen, pass, answerLagWith } = await watched();
  let answer = (_: Lag): void => {};
  answerLagWith(
    () =>
      new Promise<Lag>((resolve) => {
        answer = resolve;
      }),
  );
  listen();
  await settled();
  expect(asked).toEqual({ looks: 1, lag: 1 });
  for (let period = 0; period < 8; period++) await pass(EVERY_MS);
  expect(asked).toEqual({ looks: 9, lag: 1 });
  answer(LAG);
  await settled();
  // As soon as it has answered, that is told.
  expect(told.at(-1)!.state).toMatchObject({ unit: 'log groups', total: { positions: 3 } });
  expect(asked).toEqual({ looks: 10, lag: 2 });
  answer(LAG);
  for (let period = 0; period < 5; period++) await pass(EVERY_MS);
  expect(asked.lag).toBe(2);
  // It is of the moments in which it was told, and of no others.
  expect(lookout.known().history.points.all.positions.filter((count) => count !== null)).toHaveLength(2);
  await pass(EVERY_MS);
  expect(asked.lag).toBe(3);
});

it('a log service that does not answer is missing, and asked again after an interval', async () => {
  const { asked, told, listen, pass, answerLagWith } = await watched();
  answerLagWith(async () => {
    throw new Error('the function failed');
  });
  listen();
  await settled();
  for (let period = 0; period < 6; period++) await pass(EVERY_MS);
  expect(told.at(-1)!.state!.missing).toEqual(['the lag: Error: the function failed']);
  expect(asked.lag).toBe(2);
});

it('a table that cannot be read is told, is tried again, and is told to be there again', async () => {
  const { told, listen, pass, failWith } = await watched();
  listen();
  await settled();
  failWith(new Error('no answer'));
  await pass(EVERY_MS);
  expect(told.at(-1)).toMatchObject({
    failure: 'no answer',
    state: { status: 'running' },
    changes: { events: [{ kind: 'notSeen' }] },
  });
  failWith(undefined);
  await pass(EVERY_MS);
  expect(told.at(-1)!.failure).toBeUndefined();
  expect(told.at(-1)!.changes.events).toMatchObject([{ kind: 'seenAgain' }]);
});

it('whoever has changed something sees it soon', async () => {
  const { asked, lookout, listen } = await watched({ tableOnly: true });
  listen();
  await settled();
  lookout.lookSoon();
  await settled();
  expect(asked.looks).toBe(2);
});

it('it ends when it is told to, also while nobody listens', async () => {
  const { lookout, listen } = await watched();
  listen()[Symbol.dispose]();
  stop.abort();
  await lookout.ended;
});
