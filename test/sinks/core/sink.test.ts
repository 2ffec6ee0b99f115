import { beforeEach, describe, expect, it } from 'vitest';
import { ShardbeatError } from '../../../lib/errors.ts';
import { type Entry, entriesOf, type Transform } from '../../../lib/sinks/core/entry.ts';
import { type Answer, createSink, DONE, type Service } from '../../../lib/sinks/core/sink.ts';
import { contextOf } from '../../../lib/testing.ts';
import { createHastyClock, give, type HastyClock, linesOf, numbered, slowest } from '../support.ts';

const content: Transform<string> = (record) => record.get('content');
const throttled: Answer = { how: 'again', error: new ShardbeatError('too fast', { retriable: true }) };
const refused: Answer = { how: 'refused', error: new ShardbeatError('bad line', { retriable: false }) };

let clock: HastyClock;
/** What was sent, a request each; and what stands in the sink. */
let requests: string[][];
let taken: string[];
/** What is said of a line, the n-th time that it is sent. */
let said: (line: string, times: number) => Answer | 'never';
let times: Map<string, number>;
beforeEach(() => {
  clock = createHastyClock();
  requests = [];
  taken = [];
  said = () => DONE;
  times = new Map();
});

interface Made extends Partial<Pick<Service<string>, 'limits' | 'parallelMax' | 'send'>> {
  transform?: Transform<string>;
  keyOf?: (line: string) => string;
}

const sinkOf = ({ transform = content, keyOf, ...given }: Made = {}) =>
  createSink<string>(
    {
      name: 'test',
      limits: { countMax: 3, bytesMax: 100 },
      parallelMax: 1,
      read: (batch) =>
        entriesOf(batch, transform, ({ value }) => ({ value, bytes: value.length, key: keyOf?.(value) })),
      async send(entries, _batch, signal) {
        requests.push(entries.map(({ value }) => value));
        const answers = entries.map(({ value }) => {
          const count = (times.get(value) ?? 0) + 1;
          times.set(value, count);
          return said(value, count);
        });
        if (answers.includes('never')) {
          await new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          });
        }
        taken.push(
          ...entries.flatMap(({ value }, index) => ((answers[index] as Answer).how === 'done' ? value : [])),
        );
        return answers as Answer[];
      },
      ...given,
    },
    { clock, random: slowest },
  );

describe('what is sent', () => {
  it('goes in requests of as many as one takes', async () => {
    expect(await give(sinkOf(), linesOf(numbered(7)))).toEqual({});
    expect(requests.map(({ length }) => length)).toEqual([3, 3, 1]);
    expect(taken).toEqual(numbered(7));
  });

  it('goes in requests of no more bytes than one takes', async () => {
    const limits = { countMax: 100, bytesMax: 13 };
    await give(sinkOf({ limits }), linesOf(numbered(5)));
    expect(requests).toEqual([['line 0', 'line 1'], ['line 2', 'line 3'], ['line 4']]);
  });

  it('is what the transform makes of a record: nothing, one, or several', async () => {
    const transform: Transform<string> = (record) => {
      const line = record.get('content')!;
      if (line === 'line 1') return undefined;
      return line === 'line 2' ? ['a', 'b'] : line;
    };
    expect(await give(sinkOf({ transform }), linesOf(numbered(4)))).toEqual({});
    expect(taken).toEqual(['line 0', 'a', 'b', 'line 3']);
  });

  it('is nothing, where the transform leaves all out', async () => {
    expect(await give(sinkOf({ transform: () => undefined }), linesOf(numbered(4)))).toEqual({});
    expect(requests).toEqual([]);
  });
});

describe('a record that is to blame', () => {
  it('is named if the service refuses it, also as the first; nothing behind it is begun', async () => {
    said = (line) => (line === 'line 4' ? refused : DONE);
    expect(await give(sinkOf(), linesOf(numbered(30)))).toEqual({
      failed: [4],
      error: (refused as { error: unknown }).error,
    });
    expect(requests).toHaveLength(2);
    said = (line) => (line === 'line 0' ? refused : DONE);
    expect(await give(sinkOf(), linesOf(numbered(3)))).toMatchObject({ failed: [0] });
  });

  it('is named if the transform throws, and none of it is sent; those before it are', async () => {
    const transform: Transform<string> = (record) => {
      if (record.get('content') === 'line 4') throw new Error('no JSON');
      return record.get('content');
    };
    expect(await give(sinkOf({ transform }), linesOf(numbered(9)))).toEqual({
      failed: [4],
      error: new Error('no JSON'),
    });
    expect(taken).toEqual(numbered(4));
  });

  it('is named if it is larger than a request may be, or an entry', async () => {
    const lines = ['a', 'b'.repeat(101), 'c'];
    const { failed, error } = await give(sinkOf(), linesOf(lines));
    expect(failed).toEqual([1]);
    expect((error as Error).message).toContain('has 101 bytes, and no more than 100 can be sent');
    expect(taken).toEqual(['a']);
    const limits = { countMax: 3, bytesMax: 100, entryBytesMax: 1 };
    expect(await give(sinkOf({ limits }), linesOf(['a', 'bb']))).toMatchObject({ failed: [1] });
  });

  it('is the first of several, in whatever order they are answered', async () => {
    said = (line) => (/ (2|7)$/.test(line) ? refused : DONE);
    const first = Promise.withResolvers<void>();
    const sink = sinkOf({
      parallelMax: 3,
      async send(entries: readonly Entry<string>[]) {
        if (entries[0]!.value === 'line 0') await first.promise;
        if (entries[0]!.value === 'line 6') first.resolve();
        return entries.map(({ value }) => said(value, 1) as Answer);
      },
    });
    expect(await give(sink, linesOf(numbered(9)))).toMatchObject({ failed: [2] });
  });
});

describe('what is throttled', () => {
  it('is sent again after a wait that grows, and nothing else with it', async () => {
    said = (line, times) => (line === 'line 1' && times < 4 ? throttled : DONE);
    const context = contextOf();
    expect(await give(sinkOf(), linesOf(numbered(3)), context)).toEqual({});
    expect(requests).toEqual([numbered(3), ['line 1'], ['line 1'], ['line 1']]);
    // The first has brought the others along, so the second wait is as long again.
    expect(clock.waits).toEqual([200, 400, 800]);
    expect(context.logged).toEqual([
      expect.objectContaining({ event: 'sink.retried', sink: 'test', retries: 3 }),
    ]);
  });

  it('is not sent again if it stands behind a record that was refused meanwhile', async () => {
    said = (line) => ({ 'line 1': refused, 'line 2': throttled })[line] ?? DONE;
    expect(await give(sinkOf(), linesOf(numbered(3)))).toMatchObject({ failed: [1] });
    expect(requests).toHaveLength(1);
  });

  it('waits as long as the service asks for', async () => {
    said = (_line, times) => (times === 1 ? { ...throttled, waitMs: 3_000 } : DONE);
    await give(sinkOf(), linesOf(['a']));
    expect(clock.waits).toEqual([3_000]);
  });

  it('is given up after eight attempts that took nothing: the first that is not there is named', async () => {
    said = (line) => (line === 'line 4' ? throttled : DONE);
    expect(await give(sinkOf(), linesOf(numbered(9)))).toMatchObject({
      failed: [4],
      error: { message: 'too fast' },
    });
    expect(times.get('line 4')).toBe(8);
    expect(taken).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 5']);
  });

  it('throws if nothing was taken: no record is to blame', async () => {
    said = () => throttled;
    expect(await give(sinkOf(), linesOf(numbered(9)))).toMatchObject({ threw: { message: 'too fast' } });
  });

  it('goes on as long as it gets on, and there is time', async () => {
    said = (line, times) => (times <= Number(line.split(' ')[1]) ? throttled : DONE);
    const limits = { countMax: 20, bytesMax: 1_000 };
    expect(await give(sinkOf({ limits }), linesOf(numbered(12)))).toEqual({});
    expect(taken).toHaveLength(12);
  });

  it('is given up when a wait would last longer than the time does', async () => {
    said = (line) => (line === 'line 0' ? DONE : throttled);
    const context = contextOf({ remainingMs: () => 12_000 });
    expect(await give(sinkOf(), linesOf(numbered(3)), context)).toMatchObject({ failed: [1] });
    // 11.5 of the 12 seconds are for it: one more wait of five would be too long.
    expect(clock.waits).toEqual([200, 400, 800, 1_600, 3_200, 5_000]);
  });
});

describe('what fails as a whole', () => {
  const failing = (error: Error) => ({ send: () => Promise.reject(error) });

  it('is sent again if that may help', async () => {
    let calls = 0;
    const send = async (entries: readonly Entry<string>[]) => {
      if (++calls < 3) throw new ShardbeatError('503', { retriable: true });
      return entries.map(() => DONE);
    };
    expect(await give(sinkOf({ send }), linesOf(['a']))).toEqual({});
    expect(calls).toBe(3);
  });

  it('is not if it does not, and nothing else is begun', async () => {
    const error = new ShardbeatError('no such queue', { retriable: false });
    expect(await give(sinkOf(failing(error)), linesOf(numbered(9)))).toEqual({ threw: error });
    const programming = new TypeError('x is undefined');
    expect(await give(sinkOf(failing(programming)), linesOf(numbered(9)))).toEqual({ threw: programming });
  });

  it('names the first record that is not there, once others are', async () => {
    const error = new ShardbeatError('no such queue', { retriable: false });
    const send = async (entries: readonly Entry<string>[]) => {
      if (entries[0]!.value !== 'line 0') throw error;
      return entries.map(() => DONE);
    };
    expect(await give(sinkOf({ send }), linesOf(numbered(9)))).toEqual({ failed: [3], error });
  });
});

it('a batch that cannot be read on has failed, and nothing of it is left under way', async () => {
  // As many as are read before the first of them has its place.
  const batch = linesOf(numbered(2_001));
  const records = {
    *[Symbol.iterator]() {
      yield* batch.records;
      throw new Error('not a log group');
    },
  };
  const signals: AbortSignal[] = [];
  const send: Service<string>['send'] = async (_entries, _batch, signal) =>
    signals.push(signal) === 1 ? [DONE] : new Promise(() => {});
  const limits = { countMax: 1, bytesMax: 100 };
  const sink = sinkOf({ parallelMax: 2, limits, send });
  expect(await give(sink, { ...batch, records })).toEqual({ threw: new Error('not a log group') });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});

describe('time', () => {
  it('is over a little before the tick’s, so that it can be told how far it got', async () => {
    said = (line) => (line === 'line 3' ? 'never' : DONE);
    const giving = give(sinkOf(), linesOf(numbered(9)), contextOf({ remainingMs: () => 60_000 }));
    await expect.poll(() => requests.length).toBe(2);
    clock.advance(59_499);
    clock.advance(1);
    expect(await giving).toMatchObject({
      failed: [3],
      error: { message: expect.stringContaining('in the time of the tick') },
    });
  });

  it('is over at once when the signal aborts: then it ends with its reason', async () => {
    said = (line) => (line === 'line 3' ? 'never' : DONE);
    const controller = new AbortController();
    const giving = give(sinkOf(), linesOf(numbered(9)), contextOf({ signal: controller.signal }));
    await expect.poll(() => requests.length).toBe(2);
    const reason = new Error('the tick is over');
    controller.abort(reason);
    expect(await giving).toEqual({ threw: reason });
    expect(await give(sinkOf(), linesOf(['a']), contextOf({ signal: controller.signal }))).toEqual({
      threw: reason,
    });
    expect(requests).toHaveLength(2);
  });
});

describe('order', () => {
  const keyOf = (line: string): string => line[0]!;
  const lines = ['a0', 'b0', 'a1', 'a2', 'c0', 'b1', 'a3'];
  const orderOf = (key: string): string[] => taken.filter((line) => line.startsWith(key));

  it('of a key holds, whatever is throttled', async () => {
    said = (line, times) => (times < 3 && /^(a1|b0)$/.test(line) ? throttled : DONE);
    expect(await give(sinkOf({ keyOf, parallelMax: 3 }), linesOf(lines))).toEqual({});
    expect(orderOf('a')).toEqual(['a0', 'a1', 'a2', 'a3']);
    expect(orderOf('b')).toEqual(['b0', 'b1']);
    for (const request of requests) expect(new Set(request.map(keyOf)).size).toBe(request.length);
  });

  it('of a key holds, if one is refused: none of it follows', async () => {
    said = (line) => (line === 'a1' ? refused : DONE);
    expect(await give(sinkOf({ keyOf, parallelMax: 3 }), linesOf(lines))).toMatchObject({ failed: [2] });
    expect(orderOf('a')).toEqual(['a0']);
  });

  it('is nobody’s where there is no key: several requests are on their way together', async () => {
    const open = new Set<string>();
    let most = 0;
    const send = async (entries: readonly Entry<string>[]) => {
      open.add(entries[0]!.value);
      most = Math.max(most, open.size);
      await new Promise((resolve) => setImmediate(resolve));
      open.delete(entries[0]!.value);
      return entries.map(() => DONE);
    };
    await give(sinkOf({ parallelMax: 3, send }), linesOf(numbered(30)));
    expect(most).toBe(3);
  });

  it('keeps what goes ahead of one without an answer within bounds', async () => {
    said = (line) => (line === 'line 0' ? 'never' : DONE);
    const limits = { countMax: 100, bytesMax: 100_000 };
    const controller = new AbortController();
    const giving = give(
      sinkOf({ parallelMax: 2, limits }),
      linesOf(numbered(5_000)),
      contextOf({ signal: controller.signal }),
    );
    await expect.poll(() => taken.length).toBe(1_901);
    controller.abort(new Error('over'));
    await giving;
    expect(taken).toHaveLength(1_901);
  });
});
