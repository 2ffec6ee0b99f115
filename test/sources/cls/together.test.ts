import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { together } from '../../../lib/sources/cls/together.ts';

const { signal } = new AbortController();

/** A call that answers when it is told to. */
function scripted() {
  const calls: { items: readonly string[]; signal: AbortSignal; answer: PromiseWithResolvers<string> }[] = [];
  const question = together<string, string>((items, signal) => {
    const answer = Promise.withResolvers<string>();
    signal.addEventListener('abort', () => answer.reject(signal.reason));
    calls.push({ items, signal, answer });
    return answer.promise;
  });
  const called = (count: number) => vi.waitFor(() => expect(calls).toHaveLength(count), { interval: 1 });
  return { calls, question, called };
}

describe('what is asked at the same time', () => {
  test('goes into one call, and everybody gets its answer', async () => {
    const { calls, question, called } = scripted();
    const answers = ['a', 'b', 'c'].map((item) => question(item, signal));
    await called(1);
    expect(calls[0]!.items).toEqual(['a', 'b', 'c']);
    calls[0]!.answer.resolve('fine');
    expect(await Promise.all(answers)).toEqual(['fine', 'fine', 'fine']);
  });

  test('is not joined to a call that is under way: its answer would be older than the question', async () => {
    const { calls, question, called } = scripted();
    const first = question('a', signal);
    await called(1);
    const others = ['b', 'c'].map((item) => question(item, signal));
    await new Promise(setImmediate);
    expect(calls).toHaveLength(1);
    calls[0]!.answer.resolve('old');
    await called(2);
    expect(calls[1]!.items).toEqual(['b', 'c']);
    calls[1]!.answer.resolve('new');
    expect([await first, ...(await Promise.all(others))]).toEqual(['old', 'new', 'new']);
  });

  test('fails together, and the next call is made all the same', async () => {
    const { calls, question, called } = scripted();
    const both = ['a', 'b'].map((item) => question(item, signal));
    await called(1);
    const later = question('c', signal);
    const failure = new Error('throttled');
    calls[0]!.answer.reject(failure);
    expect(
      (await Promise.allSettled(both)).map((result) => (result as PromiseRejectedResult).reason),
    ).toEqual([failure, failure]);
    await called(2);
    calls[1]!.answer.resolve('fine');
    expect(await later).toBe('fine');
  });
});

describe('whoever aborts', () => {
  const reason = new Error('deadline');

  test('leaves at once, and alone', async () => {
    const { calls, question, called } = scripted();
    const controller = new AbortController();
    const stays = question('a', signal);
    const leaves = question('b', controller.signal);
    await called(1);
    controller.abort(reason);
    await expect(leaves).rejects.toBe(reason);
    calls[0]!.answer.resolve('fine');
    expect(await stays).toBe('fine');
    expect(calls).toHaveLength(1);
  });

  test('may end the call of others, who then ask for themselves', async () => {
    const { calls, question, called } = scripted();
    const controller = new AbortController();
    const leaves = question('a', controller.signal);
    const stay = ['b', 'c'].map((item) => question(item, signal));
    await called(1);
    controller.abort(reason);
    await expect(leaves).rejects.toBe(reason);
    await called(3);
    expect(calls.slice(1).map(({ items }) => items)).toEqual([['b'], ['c']]);
    for (const { answer } of calls.slice(1)) answer.resolve('fine');
    expect(await Promise.all(stay)).toEqual(['fine', 'fine']);
  });

  test('before asks nothing', async () => {
    const { calls, question } = scripted();
    await expect(question('a', AbortSignal.abort(reason))).rejects.toBe(reason);
    await new Promise(setImmediate);
    expect(calls).toEqual([]);
  });

  test('leaves no listener behind', async () => {
    const { calls, question, called } = scripted();
    const controller = new AbortController();
    const joins = [question('a', signal), question('b', controller.signal)];
    await called(1);
    calls[0]!.answer.resolve('fine');
    await Promise.all(joins);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});
