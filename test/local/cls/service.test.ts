import { expect, test } from 'vitest';
import { beat, commit, createGroup, offsetsFrom, pull, put, startBench } from './support.ts';

test('what is put is pulled, consumed by a group, and committed', async () => {
  const bench = await startBench({ firstOffset: 2n ** 53n + 1n });
  expect((await createGroup(bench)).outcome).toBe('200');
  expect(await beat(bench, 'a', [])).toEqual([1, 2]);
  expect((await put(bench, ['one', 'two'])).outcome).toBe('200');
  expect((await put(bench, ['three'])).outcome).toBe('200');
  const begin = await offsetsFrom(bench, 'begin');
  expect(begin).toEqual({ 1: 2n ** 53n + 1n, 2: 2n ** 53n + 1n });
  const first = await pull(bench, 1, begin[1]!);
  expect(first.messages).toEqual([['one'], ['two']]);
  expect(first.next).toBe(2n ** 53n + 3n);
  expect((await commit(bench, 'a', { 1: first.next })).outcome).toBe('200');
  expect(await offsetsFrom(bench, 'begin')).toEqual({ 1: 2n ** 53n + 3n, 2: 2n ** 53n + 1n });
});
