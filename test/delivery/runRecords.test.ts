/** Records that are worked on several at a time, in any order in which they may come to an end. */
import { setImmediate as othersTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivered } from '../../lib/delivery/delivered.ts';
import { AHEAD, runRecords } from '../../lib/delivery/runRecords.ts';

/** How the work on a record ends. `now`: before the call returns. */
interface Made {
  key: string;
  fails: boolean;
  now: boolean;
}

interface Course {
  records: Made[];
  parallelMax: number;
  keyed: boolean;
  /** The clock says that the time is over, but the signal does not yet: timers are let run before each record. */
  late: boolean;
  /** Which of those in work ends next. */
  next: number[];
  /** After how many ends the time is over. */
  abortAfter: number | undefined;
}

const course = (failing: fc.Arbitrary<boolean>, abortAfter: fc.Arbitrary<number | undefined>) =>
  fc.record<Course>({
    records: fc.array(
      fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), fails: failing, now: fc.boolean() }),
      { maxLength: 60 },
    ),
    parallelMax: fc.integer({ min: 1, max: 5 }),
    keyed: fc.boolean(),
    late: fc.boolean(),
    next: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
    abortAfter,
  });
const never = fc.constant(false);
const seldom = fc.nat(9).map((chance) => chance === 0);
const notAtAll = fc.constant(undefined);
const sometime = fc.option(fc.nat(40), { nil: undefined });

/** Runs it, one end after another, and checks at each step what must always hold. */
async function run({ records, parallelMax, keyed, late, next, abortAfter }: Course) {
  const ended = new AbortController();
  const begun: number[] = [];
  const succeeded = new Set<number>();
  const failed = new Set<number>();
  const inWork = new Map<number, { resolve(): void; reject(error: unknown): void }>();
  let read = 0;
  let answer: Delivered | undefined;
  const prefix = (): number => records.findIndex((_record, index) => !succeeded.has(index));
  const done = (): number => (prefix() < 0 ? records.length : prefix());
  const firstFailed = (): number => Math.min(...failed, Number.POSITIVE_INFINITY);

  const began = (index: number): void => {
    expect(answer, 'nothing begins once it is answered').toBeUndefined();
    expect(begun).not.toContain(index);
    expect(index, 'none begins behind a failure').toBeLessThan(firstFailed());
    expect(index, 'it does not get far ahead').toBeLessThan(done() + parallelMax * AHEAD);
    const before = [...records.keys()].slice(0, index);
    const order = keyed ? before.filter((other) => records[other]!.key === records[index]!.key) : [];
    expect(
      order.every((other) => succeeded.has(other)),
      'records of a key are in order',
    ).toBe(true);
    begun.push(index);
    expect(inWork.size, 'no more than may be are in work').toBeLessThan(parallelMax);
  };
  // What is thrown where it is looked at would be taken for the failure of a record.
  const violations: unknown[] = [];
  const checked = (index: number): void => {
    try {
      began(index);
    } catch (error) {
      violations.push(error);
    }
  };
  const ends = (index: number): void => void (records[index]!.fails ? failed : succeeded).add(index);
  const work = (index: number): unknown => {
    checked(index);
    const { fails, now } = records[index]!;
    if (now) {
      ends(index);
      if (fails) throw index;
      return undefined;
    }
    return new Promise<void>((resolve, reject) => inWork.set(index, { resolve, reject }));
  };
  const given = {
    *[Symbol.iterator]() {
      for (; read < records.length; read++) yield read;
    },
  };
  const key = keyed ? (index: number) => records[index]!.key : undefined;
  const running = runRecords(given, work, {
    parallelMax,
    key,
    signal: ended.signal,
    remainingMs: () => (late ? 0 : 1_000),
  }).then((delivered) => {
    answer = delivered;
    return delivered;
  });

  for (let step = 0; answer === undefined; step++) {
    // Late, each record takes a turn; one more for the answer.
    for (let turn = 0; turn <= (late ? records.length : 0); turn++) await othersTurn();
    if (violations.length > 0) throw violations[0];
    if (answer !== undefined) break;
    expect(inWork.size, 'something is in work until it is answered').toBeGreaterThan(0);
    expect(read).toBeLessThanOrEqual(done() + parallelMax * AHEAD);
    if (
      failed.size === 0 &&
      !keyed &&
      begun.length < Math.min(records.length, done() + parallelMax * AHEAD)
    ) {
      expect(inWork.size, 'as much as may be is in work').toBe(parallelMax);
    }
    if (step === abortAfter) {
      const counts = done();
      ended.abort('over');
      await running;
      return {
        delivered: answer!,
        begun,
        succeeded,
        failed,
        inWork,
        done: counts,
        firstFailed: firstFailed(),
      };
    }
    const indexes = [...inWork.keys()];
    const index = indexes[next[step % next.length]! % indexes.length]!;
    const { resolve, reject } = inWork.get(index)!;
    inWork.delete(index);
    ends(index);
    if (records[index]!.fails) reject(index);
    else resolve();
  }
  return { delivered: answer!, begun, succeeded, failed, inWork, done: done(), firstFailed: firstFailed() };
}

const RUNS = { numRuns: 150 };

describe('records that are worked on several at a time', () => {
  it('all succeed, each once', async () => {
    await fc.assert(
      fc.asyncProperty(course(never, notAtAll), async (course) => {
        const { delivered, succeeded, begun } = await run(course);
        expect(delivered).toEqual({ how: 'succeeded' });
        expect([succeeded.size, begun.length]).toEqual([course.records.length, course.records.length]);
      }),
      RUNS,
    );
  });

  it('are finished up to the first one that has failed, which is named once nothing is in work', async () => {
    await fc.assert(
      fc.asyncProperty(course(seldom, notAtAll), async (course) => {
        const { delivered, failed, firstFailed, inWork, done } = await run(course);
        expect(inWork.size).toBe(0);
        if (failed.size === 0) expect(delivered).toEqual({ how: 'succeeded' });
        else expect(delivered).toEqual({ how: 'named', done: firstFailed, error: firstFailed });
        expect(done).toBe(failed.size === 0 ? course.records.length : firstFailed);
      }),
      RUNS,
    );
  });

  it('are finished as far as it is answered when the time is over', async () => {
    await fc.assert(
      fc.asyncProperty(course(seldom, sometime), async (course) => {
        const { delivered, done, firstFailed, inWork } = await run(course);
        if (delivered.how === 'succeeded') expect(done).toBe(course.records.length);
        else if (delivered.how === 'named') expect(delivered.done).toBe(firstFailed);
        else expect(delivered).toEqual({ how: 'timedOut', done, error: 'over' });
        if (delivered.how !== 'failed') expect('done' in delivered ? delivered.done : done).toBe(done);
        // What is left alone may end as it likes.
        for (const { reject } of inWork.values()) reject('later');
      }),
      RUNS,
    );
  });

  it('of different keys overtake a key that is slow, but not without a bound', async () => {
    const order: number[] = [];
    let release = (): void => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    let read = 0;
    const many = {
      *[Symbol.iterator]() {
        for (; read < 1_000; read++) yield read;
      },
    };
    const { signal } = new AbortController();
    const running = runRecords(
      many,
      (index) => {
        order.push(index);
        return index === 0 ? slow : Promise.resolve();
      },
      {
        parallelMax: 2,
        key: (index) => (index % 2 === 0 ? 'slow' : 'quick'),
        signal,
        remainingMs: () => 1_000,
      },
    );
    for (let turn = 0; turn < 5; turn++) await othersTurn();
    expect(order).toEqual([0, ...Array.from({ length: AHEAD }, (_, index) => 2 * index + 1)]);
    expect(read).toBeLessThanOrEqual(2 * AHEAD);
    release();
    expect(await running).toEqual({ how: 'succeeded' });
    expect(order[AHEAD + 1]).toBe(2);
    expect(new Set(order).size).toBe(1_000);
  });
});
