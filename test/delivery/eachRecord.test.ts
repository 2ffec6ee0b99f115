import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Delivered } from '../../lib/delivery/delivered.ts';
import { userFunctionsOf } from '../../lib/delivery/userFunctions.ts';
import type { BatchContext, EachRecord, RecordKey } from '../../lib/delivery/userModule.ts';
import type { LogRecord } from '../../lib/sources/source.ts';
import { batchOf, contextOf } from '../../lib/testing.ts';
import { slsAnswer } from '../support/answers.ts';
import { HOSTILE } from '../support/hostile.ts';

interface Given {
  key?: unknown;
  parallelMax?: number;
  context?: Partial<BatchContext>;
  records?: Iterable<LogRecord>;
}

const THREE = batchOf(['a', 'b', 'c']).records;

function delivering(eachRecord: EachRecord, given: Given = {}): Promise<Delivered> {
  const { key, parallelMax: recordsParallelMax = 1, context = {}, records = THREE } = given;
  const { deliver } = userFunctionsOf(
    { eachRecord, ...(key !== undefined && { key }) },
    { recordsParallelMax },
  );
  return deliver({ ...batchOf([]), records }, contextOf(context));
}
const contentOf = (record: LogRecord): string => record.get('content')!;

describe('eachRecord', () => {
  it('is called for one record after another, and with the batch they are of', async () => {
    const seen: unknown[] = [];
    let working = 0;
    const delivered = await delivering(async (record, { batch, remainingMs }) => {
      seen.push([contentOf(record), batch.id, 'records' in batch, remainingMs() > 0, ++working]);
      await new Promise((resolve) => setImmediate(resolve));
      working -= 1;
    });
    expect(delivered).toEqual({ how: 'succeeded' });
    expect(seen).toEqual(['a', 'b', 'c'].map((content) => [content, 'test/0/0-0', false, true, 1]));
  });

  it('may return anything, at once or later', async () => {
    const returned = [undefined, 3, null, {}, [], () => 1, Promise.resolve({ failed: [0] }), 'text'];
    const rest = [...returned];
    const records = batchOf(returned.map(() => 'x')).records;
    const delivered = await delivering((() => rest.shift()) as EachRecord, { records });
    expect([delivered, rest]).toEqual([{ how: 'succeeded' }, []]);
  });

  it('is not called for a batch without records', async () => {
    expect(await delivering(() => expect.unreachable(), { records: [] })).toEqual({ how: 'succeeded' });
  });

  it.each<[string, () => unknown]>([
    ['throws', throwing],
    ['rejects', () => Promise.reject('no')],
    [
      'returns a function with a then',
      () =>
        Object.defineProperty(() => {}, 'then', {
          value: (_: unknown, reject: (error: string) => void) => reject('no'),
        }),
    ],
    ['returns what has a then that throws', () => Object.defineProperty({}, 'then', { get: throwing })],
    [
      'returns a promise with a then of its own',
      () => Object.defineProperty(Promise.reject('no'), 'then', { value: () => undefined }),
    ],
  ])('names the record for which it %s, and none after it is begun', async (_how, fail) => {
    for (const parallelMax of [1, 2]) {
      const seen: string[] = [];
      const eachRecord = ((record) => {
        seen.push(contentOf(record));
        return contentOf(record) === 'b' ? fail() : undefined;
      }) as EachRecord;
      expect(await delivering(eachRecord, { parallelMax })).toEqual({ how: 'named', done: 1, error: 'no' });
      expect(seen.slice(0, 2)).toEqual(['a', 'b']);
    }
  });

  it.each(Object.entries(HOSTILE))('may throw %s, which is passed on as it is', async (_name, make) => {
    const thrown = make();
    const delivered = await delivering(() => {
      throw thrown;
    });
    expect(delivered).toMatchObject({ how: 'named', done: 0 });
    expect(Object.is((delivered as { error: unknown }).error, thrown)).toBe(true);
  });

  it('is not blamed for records that cannot be read', async () => {
    const error = new Error('the buffer is gone');
    const records = {
      *[Symbol.iterator]() {
        yield* THREE;
        throw error;
      },
    };
    for (const parallelMax of [1, 9]) {
      expect(await delivering(() => {}, { records, parallelMax })).toEqual({ how: 'failed', error });
    }
    const delivered = await delivering(async () => throwing(), { records, parallelMax: 9 });
    expect(delivered).toEqual({ how: 'named', done: 0, error: 'no' });
  });

  it('does not read the records that it is not given', async () => {
    let isClosed = false;
    const records = {
      *[Symbol.iterator]() {
        try {
          yield* THREE;
          expect.unreachable();
        } finally {
          isClosed = true;
        }
      },
    };
    await delivering((record) => void (contentOf(record) === 'c' && throwing()), { records });
    expect(isClosed).toBe(true);
  });
});

describe('the time is over', () => {
  const reason = new Error('the time is over');

  it('and what is finished from the first record on counts', async () => {
    const ended = new AbortController();
    const seen: string[] = [];
    const delivered = await delivering(
      async (record) => {
        seen.push(contentOf(record));
        if (contentOf(record) === 'b') ended.abort(reason);
      },
      { context: { signal: ended.signal } },
    );
    expect(delivered).toEqual({ how: 'timedOut', done: 1, error: reason });
    expect(seen).toEqual(['a', 'b']);
  });

  it('while records behind it are finished: they do not count, and what is in work is not waited for', async () => {
    const ended = new AbortController();
    const given = { parallelMax: 3, context: { signal: ended.signal } };
    const delivered = delivering(
      (record) => (contentOf(record) === 'b' ? new Promise(() => {}) : undefined),
      given,
    );
    ended.abort(reason);
    expect(await delivered).toEqual({ how: 'timedOut', done: 1, error: reason });
  });

  it('after a record failed behind one that is not finished: nothing is named', async () => {
    const ended = new AbortController();
    const fails = async (record: LogRecord) => {
      if (contentOf(record) === 'c') throwing();
      if (contentOf(record) === 'b') await new Promise(() => {});
    };
    const delivered = delivering(fails, { parallelMax: 3, context: { signal: ended.signal } });
    await new Promise((resolve) => setImmediate(resolve));
    ended.abort(reason);
    expect(await delivered).toEqual({ how: 'timedOut', done: 1, error: reason });
  });

  it('after a record failed before one that is not finished: it is named', async () => {
    const ended = new AbortController();
    const fails = async (record: LogRecord) => {
      if (contentOf(record) === 'b') throwing();
      if (contentOf(record) === 'c') await new Promise(() => {});
    };
    const delivered = delivering(fails, { parallelMax: 3, context: { signal: ended.signal } });
    await new Promise((resolve) => setImmediate(resolve));
    ended.abort(reason);
    expect(await delivered).toEqual({ how: 'named', done: 1, error: 'no' });
  });

  it('before the first record is given', async () => {
    const context = { signal: AbortSignal.abort(reason) };
    const delivered = await delivering(() => expect.unreachable(), { context });
    expect(delivered).toEqual({ how: 'timedOut', done: 0, error: reason });
  });

  it('and is heard by a function that never waits', async () => {
    for (const parallelMax of [1, 2]) {
      const ended = new AbortController();
      let isOver = false;
      let count = 0;
      const eachRecord = () => {
        count += 1;
        // The timers run only when somebody lets them: then the signal aborts.
        if (count === 2) setImmediate(() => ended.abort(reason));
        isOver = count >= 2;
      };
      const context = { signal: ended.signal, remainingMs: () => (isOver ? 0 : 1_000) };
      const delivered = await delivering(eachRecord, { context, parallelMax });
      expect(delivered).toEqual({ how: 'timedOut', done: 2, error: reason });
      expect(count).toBe(2);
    }
  });

  it('and is heard by a function that never waits, however many turns later', async () => {
    const ended = new AbortController();
    let count = 0;
    const eachRecord = () => {
      count += 1;
      // It aborts in the turn after the next one.
      if (count === 1) setImmediate(() => setImmediate(() => ended.abort(reason)));
    };
    const context = { signal: ended.signal, remainingMs: () => 0 };
    const delivered = await delivering(eachRecord, { context, records: batchOf([...'abcdefghi']).records });
    expect(delivered).toMatchObject({ how: 'timedOut', error: reason });
    expect(count).toBeLessThan(5);
  });

  it('for a later batch: one that has ended listens no more', async () => {
    const context = { signal: new AbortController().signal };
    for (let batch = 0; batch < 3; batch++) await delivering(() => {}, { context });
    expect(getEventListeners(context.signal, 'abort')).toEqual([]);
  });

  it('by the clock, but the signal has not aborted yet: it goes on', async () => {
    const delivered = await delivering(() => {}, { context: { remainingMs: () => 0 } });
    expect(delivered).toEqual({ how: 'succeeded' });
  });
});

describe('a key', () => {
  it('is not asked for while one record is worked on after another', async () => {
    const delivered = await delivering(() => {}, { key: () => expect.unreachable() });
    expect(delivered).toEqual({ how: 'succeeded' });
  });

  it.each<[string, RecordKey, string]>([
    ['that throws', throwing, 'no'],
    ['that is nothing', (() => undefined) as unknown as RecordKey, 'undefined'],
    ['that is null', (() => null) as unknown as RecordKey, 'null'],
    ['that is a promise', (async () => 'a') as unknown as RecordKey, 'object'],
    ['that is a number', (() => 5) as unknown as RecordKey, 'number'],
  ])('%s names its record', async (_what, key, told) => {
    const seen: string[] = [];
    const delivered = await delivering(async (record) => void seen.push(contentOf(record)), {
      key: (record: LogRecord) => (contentOf(record) === 'b' ? key(record) : 'same'),
      parallelMax: 2,
    });
    expect(delivered).toMatchObject({ how: 'named', done: 1 });
    expect(String((delivered as { error: unknown }).error)).toContain(told);
    expect(seen).toEqual(['a']);
  });

  it('that is no string does not hold back the records before it', async () => {
    const keys = ['x', 'x', 'x', 5];
    const seen: string[] = [];
    const delivered = await delivering(async (record) => void seen.push(record.get('line')!), {
      key: () => keys.shift(),
      parallelMax: 2,
      records: slsAnswer(['0', '1', '2', '3', '4']),
    });
    expect(delivered).toMatchObject({ how: 'named', done: 3 });
    expect(seen).toEqual(['0', '1', '2']);
  });
});

function throwing(): never {
  throw 'no';
}
