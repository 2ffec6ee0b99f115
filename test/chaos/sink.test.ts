import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Batch } from '../../lib/index.ts';
import { recordOf } from '../../lib/testing/records.ts';
import { makeTemporaryDirectory } from '../../local/run/temporary.ts';
import { createSink } from './sink.ts';

let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
beforeEach(async () => {
  directory = await makeTemporaryDirectory();
});
afterEach(() => directory[Symbol.asyncDispose]());

const batchOf = (id: string, ...contents: string[]): Batch =>
  ({ id, records: contents.map((content) => recordOf({ content })) }) as unknown as Batch;

it('takes a batch as often as it comes with the same records, whoever brings it', () => {
  createSink(directory.path).take(batchOf('g/0/a-b', 'x', 'y'));
  const another = createSink(directory.path);
  another.take(batchOf('g/0/a-b', 'x', 'y'));
  another.take(batchOf('g/0/a-c', 'x', 'y', 'z'));
  expect(another.refused()).toEqual([]);
});

it.each([
  ['fewer', ['x']],
  ['more', ['x', 'y', 'z']],
  ['others', ['x', 'z']],
  ['another order', ['y', 'x']],
])('refuses a batch that comes again with %s', (_what, contents) => {
  const sink = createSink(directory.path);
  sink.take(batchOf('g/0/a-b', 'x', 'y'));
  expect(() => sink.take(batchOf('g/0/a-b', ...contents))).toThrow('g/0/a-b came again with other records');
  expect(sink.refused()).toEqual(['g/0/a-b']);
});
