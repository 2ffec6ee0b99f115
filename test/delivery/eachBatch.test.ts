import { describe, expect, it } from 'vitest';
import type { Delivered } from '../../lib/delivery/delivered.ts';
import { userFunctionsOf } from '../../lib/delivery/userFunctions.ts';
import type { Batch } from '../../lib/delivery/userModule.ts';
import { messageOf } from '../../lib/observe/plainError.ts';
import type { LogRecord } from '../../lib/sources/source.ts';
import { batchOf, contextOf, createMemorySource, recordOf } from '../../lib/testing.ts';
import { clsAnswer, slsAnswer } from '../support/answers.ts';
import { HOSTILE } from '../support/hostile.ts';

type Returning = (batch: Batch) => unknown;
const delivering = (eachBatch: Returning, batch: Batch, context = contextOf()): Promise<Delivered> =>
  userFunctionsOf({ eachBatch }).deliver(batch, context);
const of = (count: number): string[] => Array.from({ length: count }, (_, index) => `r${index}`);
const throwing = (): never => {
  throw 'no';
};
const FILTERED = { origin: undefined };
const LATER = { origin: { shard: '0', position: 99n } };
/** An `index`-th record, made by an iteration of its own. */
const at = (batch: Batch, index: number): LogRecord => [...batch.records][index]!;

describe('a batch has succeeded', () => {
  it.each<[string, Returning]>([
    ['nothing is returned', () => {}],
    ['a promise of nothing is returned', async () => {}],
    ['what is returned has nothing to do with records', () => [{ status: 'fulfilled' }]],
    ['an empty list is returned', () => ({ failed: [] })],
  ])('when %s', async (_what, eachBatch) => {
    expect(await delivering(eachBatch, batchOf(of(2)))).toEqual({ how: 'succeeded' });
  });

  it('without a look at its records', async () => {
    const records = {
      [Symbol.iterator]: () => expect.unreachable(),
    };
    expect(await delivering(() => ({ failed: [] }), { ...batchOf(of(2)), records })).toEqual({
      how: 'succeeded',
    });
  });
});

describe('records that are named', () => {
  const batches: [string, () => Batch][] = [
    ['of a test', () => batchOf(of(5))],
    ['of a test, without ids', () => batchOf(of(5).map((text) => recordOf(text)))],
    ['of SLS', () => ({ ...batchOf([]), records: slsAnswer(of(5)) })],
    ['of CLS', () => ({ ...batchOf([]), records: clsAnswer(of(5)) })],
    ['that have no ids, of a filter', () => ({ ...batchOf([]), records: slsAnswer(of(5), FILTERED) })],
    ['that are a part of an answer', () => ({ ...batchOf([]), records: [...slsAnswer(of(9))].slice(2, 7) })],
    [
      'of two answers',
      () => ({ ...batchOf([]), records: [...slsAnswer(of(2)), ...slsAnswer(of(3), LATER)] }),
    ],
  ];

  describe.each(batches)('%s', (_of, batchFor) => {
    it.each<[string, (batch: Batch) => unknown[], number]>([
      ['by a place', () => [3], 3],
      ['by places, of which the first counts', () => [4, 2, 3, 2], 2],
      ['by a record', (batch) => [at(batch, 1)], 1],
      ['by records, of which the first counts', (batch) => [at(batch, 4), at(batch, 2), at(batch, 4)], 2],
      ['by both', (batch) => [at(batch, 3), 1], 1],
      ['by both that are one', (batch) => [0, at(batch, 0)], 0],
      ['by the last one', (batch) => [at(batch, 4)], 4],
    ])('are found: %s', async (_how, named, done) => {
      const batch = batchFor();
      const delivered = await delivering(() => ({ failed: named(batch) }), batch);
      expect(delivered).toMatchObject({ how: 'named', done });
    });
  });

  it('are none if all of several are: then nobody knows which one it was', async () => {
    const all = (batch: Batch) => ({ failed: [...batch.records], error: 'refused' });
    const places = (batch: Batch) => ({
      failed: [...batch.records].map((_record, place) => place).reverse(),
    });
    expect(await delivering(all, batchOf(of(3)))).toEqual({ how: 'failed', error: 'refused' });
    expect(await delivering(places, batchOf(of(3)))).toMatchObject({ how: 'failed' });
    expect(await delivering(all, batchOf(of(1)))).toEqual({ how: 'named', done: 0, error: 'refused' });
    const but = (left: number) => (batch: Batch) => ({
      failed: [...batch.records].filter((_record, place) => place !== left),
    });
    expect(await delivering(but(2), batchOf(of(3)))).toMatchObject({ how: 'named', done: 0 });
    expect(await delivering(but(0), batchOf(of(3)))).toMatchObject({ how: 'named', done: 1 });
  });

  it('may be named by what has their id', async () => {
    const batch = batchOf(of(3));
    const failed = [{ ...recordOf('a copy'), id: at(batch, 2).id }, { id: at(batch, 1).id }];
    expect(await delivering(() => ({ failed }), batch)).toMatchObject({ how: 'named', done: 1 });
    const decoded = { ...batchOf([]), records: slsAnswer(of(3)) };
    // As an earlier attempt got it: other bytes, and the same record.
    const before = at({ ...batch, records: slsAnswer(of(3)) }, 1);
    expect(await delivering(() => ({ failed: [before] }), decoded)).toMatchObject({ how: 'named', done: 1 });
  });

  it('come as a memory source has them', async () => {
    const source = createMemorySource();
    source.append('0', 'a', 'b', 'c');
    const { signal } = contextOf();
    const pulled = await source.pull({ shard: '0', cursor: '1', closed: false, countMax: 9, signal });
    const batch = { ...batchOf([]), records: pulled.records };
    expect(await delivering(() => ({ failed: [at(batch, 1)] }), batch)).toMatchObject({ done: 1 });
  });

  it('say why, if the function does', async () => {
    const error = new Error('no such order');
    expect(await delivering(() => ({ failed: [1], error }), batchOf(of(2)))).toEqual({
      how: 'named',
      done: 1,
      error,
    });
    const delivered = await delivering(async () => ({ failed: [2, 1] }), batchOf(of(3)));
    expect(messageOf((delivered as { error: unknown }).error)).toBe(
      'ShardbeatError: eachBatch returned 2 records as failed, the first at 1',
    );
  });
});

describe('a batch has failed, and no record is named', () => {
  const cases: [string, Returning, RegExp][] = [
    [
      'is out of range',
      () => ({ failed: [1, 3] }),
      /returned 3 as failed, .* \(0 to 2\): return nothing, or/,
    ],
    ['is negative', () => ({ failed: [-1] }), /returned -1 as failed/],
    ['is no whole number', () => ({ failed: [0.5] }), /returned 0.5 as failed/],
    ['is NaN', () => ({ failed: [Number.NaN] }), /returned NaN as failed/],
    ['is text', () => ({ failed: ['1'] }), /returned "1" as failed/],
    [
      'is a secret',
      () => ({ failed: ['password=hunter2hunter2'] }),
      /returned "password=\(hidden\)" as failed/,
    ],
    ['is nothing', () => ({ failed: [undefined] }), /returned undefined as failed/],
    ['is none of many', () => ({ failed: new Array(100_000_000) }), /returned undefined as failed/],
    ['is foreign', () => ({ failed: [0, {}] }), /returned an object as failed/],
    [
      'is of another batch',
      () => ({ failed: [recordOf('r0', { id: '9/9/9' })] }),
      /an object with the id "9\/9\/9" as failed/,
    ],
    ['is a promise', () => ({ failed: [Promise.resolve(1)] }), /returned an object as failed/],
    ['is a function', () => ({ failed: [() => 1] }), /returned a function as failed/],
    ['is within a list', () => ({ failed: [[1]] }), /returned an array as failed/],
    ['is counted', () => ({ failed: 0 }), /returned 0 as failed, which is no array/],
    ['is undefined', () => ({ failed: undefined }), /returned undefined as failed, which is no array/],
    ['is in a Set', () => ({ failed: new Set([1]) }), /returned an object as failed, which is no array/],
    ['is named as Lambda does', () => ({ batchItemFailures: [] }), /batchItemFailures, which is not read/],
  ];

  it.each(cases)('when what is returned %s', async (_what, eachBatch, said) => {
    const delivered = await delivering(eachBatch, batchOf(of(3)));
    expect(delivered.how).toBe('failed');
    const { error } = delivered as { error: unknown };
    expect(error).toMatchObject({ name: 'ShardbeatError', retriable: false });
    expect(messageOf(error)).toMatch(said);
  });

  it('when a decoded record is of another answer, and has no id', async () => {
    const batch = { ...batchOf([]), records: slsAnswer(of(3), FILTERED) };
    const [foreign] = slsAnswer(of(3), FILTERED);
    const delivered = await delivering(() => ({ failed: [foreign] }), batch);
    expect(delivered).toMatchObject({
      how: 'failed',
      error: { message: expect.stringMatching(/an object/) },
    });
  });

  it.each<[string, Returning]>([
    [
      'throws',
      () => {
        throw 'no';
      },
    ],
    ['rejects', () => Promise.reject('no')],
    ['returns what has a then that throws', () => Object.defineProperty({}, 'then', { get: throwing })],
    [
      'returns what cannot be read',
      () => ({
        get failed() {
          throw 'no';
        },
      }),
    ],
    [
      'returns a list that cannot be read',
      () => ({
        failed: new Proxy([1], {
          get() {
            throw 'no';
          },
        }),
      }),
    ],
  ])('when the function %s', async (_what, eachBatch) => {
    expect(await delivering(eachBatch, batchOf(of(3)))).toEqual({ how: 'failed', error: 'no' });
  });

  it.each(Object.entries(HOSTILE))('when %s is thrown, which is passed on as it is', async (_name, make) => {
    const thrown = make();
    const delivered = await delivering(
      async () => {
        throw thrown;
      },
      batchOf(of(1)),
    );
    expect(delivered.how).toBe('failed');
    expect(Object.is((delivered as { error: unknown }).error, thrown)).toBe(true);
  });

  it.each(Object.entries(HOSTILE))('or has succeeded, when %s is returned or named', async (_name, make) => {
    const returned = await delivering(make, batchOf(of(1)));
    expect(['succeeded', 'failed']).toContain(returned.how);
    expect((await delivering(() => ({ failed: [make()] }), batchOf(of(1)))).how).toBe('failed');
    expect((await delivering(() => ({ failed: make() }), batchOf(of(1)))).how).toMatch(/succeeded|failed/);
  });
});

describe('the time is over', () => {
  it('and the function is not waited for, whatever it still does', async () => {
    const ended = new AbortController();
    const reason = new Error('the time is over');
    let fail = (_error: Error): void => {};
    const delivering = userFunctionsOf({
      eachBatch: () =>
        new Promise<void>((_resolve, reject) => {
          fail = reject;
        }),
    }).deliver(batchOf(of(1)), contextOf({ signal: ended.signal }));
    ended.abort(reason);
    expect(await delivering).toEqual({ how: 'timedOut', done: 0, error: reason });
    fail(new Error('later'));
  });

  it('before it is called: then it is not', async () => {
    const signal = AbortSignal.abort('over');
    let isCalled = false;
    const eachBatch = (): void => {
      isCalled = true;
    };
    const delivered = await delivering(eachBatch, batchOf(of(1)), contextOf({ signal }));
    expect(delivered).toEqual({ how: 'timedOut', done: 0, error: 'over' });
    expect(isCalled).toBe(false);
  });

  it('not yet, if it says so too early', async () => {
    const delivered = await delivering(
      () => Promise.reject(new DOMException('no', 'AbortError')),
      batchOf([]),
    );
    expect(delivered.how).toBe('failed');
  });
});
