import { describe, expect, it } from 'vitest';
import type { DeadLetter, DeadLetterStore } from '../../lib/delivery/deadLetters/deadLetters.ts';
import { createMemoryDeadLetters, type MemoryLetters } from '../../lib/delivery/deadLetters/memory.ts';
import type { Deliver } from '../../lib/delivery/delivered.ts';
import type { RedriveTime } from '../../lib/delivery/giveLetter.ts';
import { type RedriveRequest, type RedriveResult, redrive } from '../../lib/delivery/redrive.ts';
import { userFunctionsOf } from '../../lib/delivery/userFunctions.ts';
import type { Batch } from '../../lib/delivery/userModule.ts';
import { SourceError } from '../../lib/errors.ts';
import { createLogger, type Fields } from '../../lib/observe/logger.ts';
import { noTracing, type Tracing } from '../../lib/observe/tracing.ts';
import type { Clock } from '../../lib/runtime.ts';
import type { Source } from '../../lib/sources/source.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import { createManualClock } from '../support/clock.ts';
import { collected, letterOf } from '../support/letters.ts';

const never = new AbortController().signal;
const options = { signal: never };
const ENDLESS: RedriveTime = { workUntil: Number.POSITIVE_INFINITY, work: never, requests: never };
const LEASE_MS = 15 * 60_000;

/** A group's letters, and who redrives them. */
function stage(
  letters: readonly DeadLetter[] = [],
  given: { source?: Pick<Source, 'pull'>; tracing?: Tracing } = {},
) {
  const clock = createManualClock();
  const kept: MemoryLetters = new Map();
  const store = createMemoryDeadLetters({ letters: kept, lettersMax: 1_000, now: clock.now });
  const events: Fields[] = [];
  const logger = createLogger({
    level: 'debug',
    now: clock.now,
    write: (line) => events.push(JSON.parse(line)),
  });
  const processed: string[] = [];
  const made = {
    clock,
    kept,
    store,
    events,
    /** Ids of the records for which the user's function has succeeded. */
    processed,
    batches: [] as Batch[],
    /** Replace it to fail. */
    async eachBatch(_batch: Batch, _signal: AbortSignal): Promise<void> {},
    async run(
      request: RedriveRequest = {},
      time: RedriveTime = ENDLESS,
      deadLetters: DeadLetterStore = store,
    ): Promise<RedriveResult> {
      const { deliver } = userFunctionsOf({
        async eachBatch(batch: Batch, { signal }: { signal: AbortSignal }) {
          made.batches.push(batch);
          await made.eachBatch(batch, signal);
          for (const record of batch.records) processed.push(String(record.id));
        },
      });
      const tools = {
        deadLetters,
        deliver,
        source: given.source,
        group: 'orders',
        clock: made.clock as Clock,
        now: clock.now,
        logger,
        tracing: given.tracing ?? noTracing,
      };
      await made.begun;
      return redrive(tools, request, time);
    },
    begun: store.put(letters, options),
  };
  return made;
}

const three = [0, 1, 2].map((index) => letterOf(index));
const RESULT = { dryRun: false, found: 0, redriven: 0, failed: 0, skipped: 0, left: 0, stopped: 'done' };

describe('a redrive', () => {
  it('gives each letter as a batch of one, and removes it', async () => {
    const { run, batches, store, events } = stage(three);
    expect(await run()).toEqual({ ...RESULT, found: 3, redriven: 3 });
    expect(await store.count(options)).toBe(0);
    const [batch] = batches;
    expect(batch).toMatchObject({
      id: 'orders/0/7-8/0-1',
      group: 'orders',
      shard: '0',
      from: '7',
      to: '8',
      tags: { source: 'sls', project: 'shop', logstore: 'orders' },
      redriven: true,
      bytes: 34,
    });
    expect(batches.map(({ id }) => id)).toEqual(['orders/0/7-8/0-1', 'orders/0/7-8/1-2', 'orders/0/7-8/2-3']);
    const [record, ...others] = [...batch!.records];
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      id: '0/7/0',
      timeMs: three[0]!.timeMs,
      topic: 'topic',
      source: '10.0.0.1',
      tags: { host: 'web-1' },
    });
    expect(record!.get('content')).toBe('record 0');
    expect(record!.fields()).toEqual(['content', 'raw']);
    expect([...record!.pairs()].map((pair) => pair.map((part) => Buffer.from(part)))).toEqual(
      three[0]!.pairs,
    );
    expect(record!.bytes('raw')).toEqual(Buffer.from([0, 255, 254, 192]));
    expect(events.map(({ event }) => event)).toEqual([
      ...Array(3).fill('redrive.succeeded'),
      'redrive.ended',
    ]);
    expect(events[0]).toMatchObject({ shard: '0', batch: 'orders/0/7-8/0-1', letter: '0/7/0', redrives: 1 });
    expect(events.at(-1)).toMatchObject({ redriven: 3, left: 0 });
  });

  it('gives each in a span, which has failed where the function has', async () => {
    const spans: [string, unknown, unknown[]][] = [];
    const tracing: Tracing = {
      span(name, attributes, work) {
        const failed: unknown[] = [];
        spans.push([name, attributes, failed]);
        return work({ set() {}, fail: (error) => failed.push(String(error)) });
      },
    };
    const world = stage([...three], { tracing });
    world.eachBatch = async ({ first }) => {
      if (first === 1) throw new TypeError('not this one');
    };
    await world.run();
    const attributes = { shard: '0', batch: 'orders/0/7-8/0-1', letter: '0/7/0', records: 1 };
    expect(spans[0]).toEqual(['batch', attributes, []]);
    const failures = spans.map(([, , failed]) => failed);
    expect(failures).toEqual([[], ['TypeError: not this one'], []]);
  });

  it('takes each form of a user function: a record at a time, and one that names what failed', async () => {
    const { store, clock } = stage([...three]);
    const logger = createLogger({ level: 'error', now: clock.now, write: () => {} });
    const tools = {
      deadLetters: store,
      source: undefined,
      group: 'orders',
      clock,
      now: clock.now,
      logger,
      tracing: noTracing,
    };
    const run = (deliver: Deliver) => redrive({ ...tools, deliver }, {}, ENDLESS);
    const named = userFunctionsOf({ eachBatch: () => ({ failed: [0] }) });
    expect(await run(named.deliver)).toMatchObject({ failed: 3, left: 3 });
    const seen: unknown[] = [];
    const each = userFunctionsOf({
      eachRecord: (record: { id: string }, { batch }: { batch: Batch }) =>
        seen.push([record.id, batch.redriven]),
    });
    expect(await run(each.deliver)).toMatchObject({ redriven: 3, left: 0 });
    expect(seen).toEqual(three.map(({ id }) => [id, true]));
  });

  it('keeps a letter that fails again, counts it, and goes on', async () => {
    const world = stage(three);
    world.eachBatch = async ({ id }) => {
      if (id.endsWith('/1-2')) throw new TypeError(`still not: ${'x'.repeat(1_000)}`);
    };
    expect(await world.run()).toEqual({ ...RESULT, found: 3, redriven: 2, failed: 1, left: 1 });
    expect(await world.run()).toEqual({ ...RESULT, found: 1, failed: 1, left: 1 });
    const [left] = await collected(world.store.list({}, options));
    expect(left).toMatchObject({ id: '0/7/1', redrives: 2, message: 'Error: no such order' });
    expect(left!.redriveMessage).toMatch(/^TypeError: still not: x+$/);
    expect(left!.redriveMessage).toHaveLength(200);
    expect(world.events.filter(({ event }) => event === 'redrive.failed')).toMatchObject([
      { letter: '0/7/1', redrives: 1, error: { name: 'TypeError' } },
      { letter: '0/7/1', redrives: 2 },
    ]);
  });

  it('gives those that are meant, and only looks where that is said', async () => {
    const world = stage([...three, letterOf(9, { shard: '1', message: 'TypeError: no' })]);
    expect(await world.run({ dryRun: true })).toEqual({ ...RESULT, dryRun: true, found: 4, left: 4 });
    expect(await world.run({ dryRun: true, error: 'typeerror' })).toMatchObject({ found: 1, left: 4 });
    expect(world.batches).toEqual([]);
    expect(await world.run({ shard: '1' })).toMatchObject({ redriven: 1, left: 3 });
    expect(await world.run({ lettersMax: 2 })).toMatchObject({ redriven: 2, left: 1, stopped: 'lettersMax' });
    world.clock.advance(10_000);
    expect(await world.run({ youngerThanMs: 9_999 })).toMatchObject({ found: 0, left: 1 });
    expect(await world.run({ olderThanMs: 9_999 })).toMatchObject({ redriven: 1, left: 0 });
    expect(world.processed.sort()).toEqual(['0/7/0', '0/7/1', '0/7/2', '1/7/9']);
  });
});

describe('a record that was too large to be kept', () => {
  const source = createMemorySource({ recordsMax: 2 });
  source.append('0', ...Array.from({ length: 9 }, (_, index) => `line ${index}`));
  const large = (given: Partial<DeadLetter> = {}) =>
    letterOf(5, { id: '0/5', recordId: undefined, from: '2', to: '9', ...given });
  async function withoutRecord(
    letter: DeadLetter,
    given: { source?: Pick<Source, 'pull'>; tracing?: Tracing } = {},
  ) {
    const world = stage([letter], given);
    await world.begun;
    const entry = world.kept.get(letter.id)!;
    world.kept.set(letter.id, { ...entry, letter: { ...entry.letter, record: undefined } });
    let content: string | undefined;
    world.eachBatch = async ({ records }) => {
      content = [...records][0]!.get('content');
    };
    const result = await world.run();
    const [left] = await collected(world.store.list({}, options));
    return { result, content, message: left?.redriveMessage };
  }

  it('is read from the stream once more, at its place in its range', async () => {
    expect(await withoutRecord(large(), { source })).toMatchObject({
      result: { redriven: 1 },
      content: 'line 7',
    });
  });

  it('is known by its id, wherever in the range it is by now', async () => {
    const letter = large({ recordId: '0/4/0', index: 0 });
    expect(await withoutRecord(letter, { source })).toMatchObject({
      result: { redriven: 1 },
      content: 'line 4',
    });
  });

  it('stays a letter that says so, where the stream has lost it', async () => {
    const details = { code: 'CursorExpired', status: 400, retriable: false };
    const expired = { pull: async () => Promise.reject(new SourceError('gone', details)) };
    expect(await withoutRecord(large(), { source: expired })).toMatchObject({
      result: { failed: 1, left: 1 },
      content: undefined,
      message: expect.stringContaining('in the stream it is past the retention'),
    });
  });

  it('stays a letter that says so, where it is no longer at its place', async () => {
    const said = {
      result: { failed: 1, left: 1 },
      message: expect.stringContaining('has a filter been changed?'),
    };
    expect(await withoutRecord(large({ recordId: '0/8/1' }), { source })).toMatchObject(said);
    expect(await withoutRecord(large({ index: 100 }), { source })).toMatchObject(said);
    // Everything was there once, and the service has forgotten it without a word.
    expect(await withoutRecord(large(), { source: createMemorySource() })).toMatchObject(said);
  });

  it('needs the source, and stays where that does not answer', async () => {
    expect(await withoutRecord(large())).toMatchObject({
      result: { failed: 1, left: 1 },
      message: expect.stringContaining('open the group with its source'),
    });
    const failing = { pull: async () => Promise.reject(new Error('no network')) };
    expect(await withoutRecord(large(), { source: failing })).toMatchObject({
      result: { failed: 1 },
      message: 'Error: no network',
    });
  });
});

describe('the time of a redrive', () => {
  /** Ends after so many milliseconds, as a function does. */
  function limited(world: ReturnType<typeof stage>, workMs: number): RedriveTime & { end(): void } {
    const [work, requests] = [new AbortController(), new AbortController()];
    const workUntil = world.clock.now() + workMs;
    return {
      workUntil,
      work: work.signal,
      requests: requests.signal,
      end() {
        work.abort(new Error('over'));
        requests.abort(new Error('over'));
      },
    };
  }

  it('is kept: none is begun that may not fit, as long as the longest took', async () => {
    const world = stage([...three, letterOf(3)]);
    world.eachBatch = async () => world.clock.advance(4_000);
    expect(await world.run({}, limited(world, 10_000))).toMatchObject({
      redriven: 2,
      left: 2,
      stopped: 'timeUp',
    });
    expect(world.batches).toHaveLength(2);
    expect(await world.run({}, limited(world, 0))).toMatchObject({ found: 0, left: 2, stopped: 'timeUp' });
    // What was not begun is claimed by nobody.
    expect(await world.run()).toMatchObject({ redriven: 2, skipped: 0, left: 0 });
  });

  it('is told to the user function, which is cut off then', async () => {
    const world = stage(three);
    const time = limited(world, 10_000);
    world.eachBatch = (_batch, signal) => {
      world.clock.advance(10_000);
      time.end();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    // It had all the time that there was: the letter has failed.
    const result = await world.run({}, { ...time, requests: never });
    expect(result).toMatchObject({ failed: 1, left: 3, stopped: 'timeUp' });
    const [first] = await collected(world.store.list({ id: '0/7/0' }, options));
    expect(first).toMatchObject({
      redrives: 1,
      redriveMessage: 'Error: over',
      claimedUntil: undefined,
    });
  });

  it('is no failure of a letter that was begun late', async () => {
    const world = stage(three);
    const time = limited(world, 10_000);
    world.eachBatch = async ({ id }, signal) => {
      if (id.endsWith('/0-1')) return;
      world.clock.advance(10_000);
      time.end();
      signal.throwIfAborted();
    };
    const requests = never;
    expect(await world.run({}, { ...time, requests })).toMatchObject({
      redriven: 1,
      failed: 0,
      left: 2,
      stopped: 'timeUp',
    });
    expect(await collected(world.store.list({}, options))).toMatchObject([
      { redrives: 0, claimedUntil: undefined },
      { redrives: 0, claimedUntil: undefined },
    ]);
  });

  it('that is over in the middle leaves the letter to whoever comes when its lease is over', async () => {
    const world = stage(three);
    const time = limited(world, 10_000);
    world.eachBatch = async () => time.end();
    expect(await world.run({}, time)).toMatchObject({ redriven: 0, left: undefined, stopped: 'timeUp' });
    world.eachBatch = async () => {};
    expect(await world.run()).toMatchObject({ redriven: 2, skipped: 1, left: 1 });
    world.clock.advance(30_000);
    expect(await world.run()).toMatchObject({ redriven: 1, left: 0 });
  });

  it('is over for a record that is read from the stream, too: that is no failure, if it was begun late', async () => {
    const source: Pick<Source, 'pull'> = {
      async pull({ signal }) {
        world.clock.advance(10_000);
        time.end();
        signal.throwIfAborted();
        return expect.unreachable();
      },
    };
    const world = stage(three, { source });
    await world.begun;
    const entry = world.kept.get('0/7/1')!;
    world.kept.set('0/7/1', { ...entry, letter: { ...entry.letter, record: undefined } });
    const time = limited(world, 10_000);
    expect(await world.run({}, { ...time, requests: never })).toMatchObject({
      redriven: 1,
      failed: 0,
      left: 2,
    });
    expect(world.kept.get('0/7/1')!.letter).toMatchObject({ redrives: 0, claimedUntil: undefined });
  });

  it('is all there for the first one that is given, whatever others have', async () => {
    const world = stage(three);
    await world.begun;
    await world.store
      .claims({}, { ...options, leaseMs: LEASE_MS })
      [Symbol.asyncIterator]()
      .next();
    const time = limited(world, 10_000);
    world.eachBatch = async (_batch, signal) => {
      world.clock.advance(10_000);
      time.end();
      signal.throwIfAborted();
    };
    expect(await world.run({}, { ...time, requests: never })).toMatchObject({ skipped: 1, failed: 1 });
  });

  it('leaves nothing that waits behind: an operator’s process may end', async () => {
    const world = stage(three);
    let waiting = 0;
    const { clock } = world;
    const sleep: Clock['sleep'] = async (durationMs, signal) => {
      waiting++;
      await clock.sleep(durationMs, signal).finally(() => waiting--);
    };
    Object.assign(world, { clock: { ...clock, sleep } });
    await world.run();
    await new Promise(setImmediate);
    expect(waiting).toBe(0);
  });

  it('once it is over, has nothing more claimed', async () => {
    const world = stage(three);
    const stop = new AbortController();
    const stopping: DeadLetterStore = {
      ...world.store,
      async *claims(filter, options) {
        for await (const claim of world.store.claims(filter, options)) {
          if (claim === 'taken') continue;
          yield { ...claim, remove: (options) => claim.remove(options).finally(() => stop.abort()) };
        }
      },
    };
    const result = await world.run({}, { ...ENDLESS, work: stop.signal }, stopping);
    expect(result).toMatchObject({ found: 1, redriven: 1, stopped: 'timeUp', left: 2 });
  });

  it('is that of the place, where its clock differs', async () => {
    const world = stage([letterOf(0)]);
    const skewMs = 3_600_000;
    let remainingMs = 0;
    const deliver: Deliver = async (_batch, context) => {
      remainingMs = context.remainingMs();
      return { how: 'succeeded' };
    };
    await world.begun;
    const { clock, kept } = world;
    const now = () => clock.now() + skewMs;
    const deadLetters = createMemoryDeadLetters({ letters: kept, lettersMax: 9, now });
    const logger = createLogger({ level: 'error', now, write: () => {} });
    await redrive(
      { deadLetters, deliver, source: undefined, group: 'orders', clock, now, logger, tracing: noTracing },
      {},
      ENDLESS,
    );
    expect(remainingMs).toBe(LEASE_MS - 10_000);
  });

  it('is that of the lease where there is no other', async () => {
    const world = stage(three);
    let remainingMs = 0;
    world.eachBatch = async (_batch, signal) => {
      world.clock.advance(LEASE_MS - 10_000);
      await Promise.resolve();
      remainingMs = signal.aborted ? 0 : 1;
      signal.throwIfAborted();
    };
    expect(await world.run({ lettersMax: 1 })).toMatchObject({ failed: 1, left: 3 });
    expect(remainingMs).toBe(0);
  });
});

describe('a redrive that is interrupted', () => {
  class Killed extends Error {}

  /** A store whose `at`-th write is cut, before or after it happens, and all that follows never happens. */
  function cutting(store: DeadLetterStore, at: number, isDone: boolean): DeadLetterStore {
    let calls = 0;
    const cut = async <T>(call: () => Promise<T>): Promise<T> => {
      const number = calls++;
      if (number > at) throw new Killed();
      const answer = number < at || isDone ? await call() : undefined;
      if (number === at) throw new Killed();
      return answer as T;
    };
    return {
      put: store.put,
      count: (options) => cut(() => store.count(options)),
      list: store.list,
      async *claims(filter, options) {
        const claims = store.claims(filter, options)[Symbol.asyncIterator]();
        for (;;) {
          const { done, value: claim } = await cut(() => claims.next());
          if (done) return;
          if (claim === 'taken') yield claim;
          else {
            yield {
              ...claim,
              remove: (options) => cut(() => claim.remove(options)),
              fail: (message, options) => cut(() => claim.fail(message, options)),
              release: (options) => cut(() => claim.release(options)),
            };
          }
        }
      },
    };
  }

  const cases = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((at) => [[at, false] as const, [at, true] as const]);
  it.each(cases)(
    'at its request %i, which has happened: %s, loses no letter, and the next ones finish it',
    async (at, isDone) => {
      const world = stage(three);
      await world.begun;
      let failures = 0;
      world.eachBatch = async ({ id }) => {
        if (id.endsWith('/1-2') && failures++ === 0) throw new Error('once');
      };
      await world.run({}, ENDLESS, cutting(world.store, at, isDone)).catch((error) => {
        if (!(error instanceof Killed)) throw error;
      });
      const gone = three.filter(({ id }) => !world.kept.has(id));
      for (const { id } of gone) expect(world.processed).toContain(id);
      // Whoever comes at once leaves alone what may still be in work; whoever comes after the lease does not.
      const { skipped } = await world.run();
      expect(skipped).toBeLessThanOrEqual(1);
      world.clock.advance(LEASE_MS);
      await world.run();
      await world.run();
      expect(world.kept.size).toBe(0);
      for (const { id } of three) {
        const times = world.processed.filter((done) => done === id).length;
        expect(times).toBeGreaterThanOrEqual(1);
        expect(times).toBeLessThanOrEqual(2);
      }
      // Twice only what was in work when it was cut.
      expect(world.processed.length).toBeLessThanOrEqual(4);
    },
  );

  it('by the death of its process comes to all others before it comes to that letter again', async () => {
    const world = stage([0, 1, 2, 3, 4].map((index) => letterOf(index)));
    await world.begun;
    const deadly = ['0/7/0', '0/7/3'];
    const dies = async (): Promise<boolean> => {
      for await (const claim of world.store.claims({}, { ...options, leaseMs: LEASE_MS })) {
        if (claim === 'taken') continue;
        // A run that dies does nothing more.
        if (deadly.includes(claim.letter.id)) return true;
        await claim.remove(options);
      }
      return false;
    };
    for (let run = 0; run < 3 && (await dies()); run++) world.clock.advance(LEASE_MS);
    expect([...world.kept.keys()]).toEqual(deadly);
  });
});

describe('two redrives at once', () => {
  it('do not count for each other: what the other one has is none of those that are given', async () => {
    const world = stage(three);
    await world.begun;
    await world.store
      .claims({}, { ...options, leaseMs: LEASE_MS })
      [Symbol.asyncIterator]()
      .next();
    expect(await world.run({ lettersMax: 1 })).toMatchObject({ found: 2, skipped: 1, redriven: 1 });
  });

  it('give no letter twice', async () => {
    const letters = Array.from({ length: 20 }, (_, index) => letterOf(index));
    const world = stage(letters);
    const inWork = new Set<string>();
    world.eachBatch = async ({ id }) => {
      expect(inWork.has(id)).toBe(false);
      inWork.add(id);
      await new Promise(setImmediate);
      inWork.delete(id);
    };
    const results = await Promise.all([world.run(), world.run(), world.run()]);
    expect(results.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(20);
    expect(world.processed).toHaveLength(20);
    expect(world.kept.size).toBe(0);
  });

  it('of which one is frozen until its lease is over leave the letter to the other', async () => {
    const world = stage([letterOf(0)]);
    world.eachBatch = async () => {
      throw new Error('not yet');
    };
    let second: RedriveResult | undefined;
    const frozen: DeadLetterStore = {
      ...world.store,
      async *claims(filter, options) {
        for await (const claim of world.store.claims(filter, options)) {
          if (claim === 'taken') continue;
          yield {
            ...claim,
            async fail(message, options) {
              world.clock.advance(LEASE_MS);
              second = await world.run();
              return claim.fail(message, options);
            },
          };
        }
      },
    };
    const first = await world.run({}, ENDLESS, frozen);
    expect(second).toMatchObject({ failed: 1, left: 1 });
    expect(first).toMatchObject({ failed: 0, skipped: 1, left: 1 });
    expect(world.kept.get('0/7/0')!.letter).toMatchObject({ redrives: 2, redriveMessage: 'Error: not yet' });
  });
});

it('an iteration of claims is ended, however the redrive ends: a queue gives back what it holds', async () => {
  for (const request of [{}, { lettersMax: 1 }]) {
    const world = stage(three);
    let isEnded = false;
    const watched: DeadLetterStore = {
      ...world.store,
      async *claims(filter, options) {
        try {
          yield* world.store.claims(filter, options);
        } finally {
          isEnded = true;
        }
      },
    };
    await world.run(request, ENDLESS, watched);
    expect(isEnded).toBe(true);
  }
});

it('what the store throws is thrown', async () => {
  const world = stage(three);
  const failing: DeadLetterStore = { ...world.store, count: () => Promise.reject(new Error('no table')) };
  await expect(world.run({}, ENDLESS, failing)).rejects.toThrow('no table');
});
