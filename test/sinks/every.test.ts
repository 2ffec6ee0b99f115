import { expect, it } from 'vitest';
import { deliverBatches } from '../../lib/delivery/eachBatch.ts';
import { everySink, type Sink } from '../../lib/sinks/every.ts';
import { contextOf } from '../../lib/testing.ts';
import { linesOf, numbered } from './support.ts';

const batch = linesOf(numbered(9));
const all: Sink = async () => undefined;
const naming =
  (...failed: number[]): Sink =>
  async () => ({ failed, error: new Error(`at ${failed[0]}`) });
const throwing: Sink = async () => {
  throw new Error('down');
};
const resultOf = (...sinks: Sink[]) => deliverBatches(everySink(...sinks))(batch, contextOf());

it('done is what is in every sink: a record that one of them names is named, and the first one counts', async () => {
  expect(await resultOf(all, all)).toEqual({ how: 'succeeded' });
  expect(await resultOf(all, naming(5), naming(3, 7), naming(8))).toEqual({
    ...{ how: 'named', done: 3, error: new Error('at 3') },
  });
});

it('records are named as they come out of the batch, too', async () => {
  const record = [...batch.records][4]!;
  expect(await resultOf(async () => ({ failed: [record] }), naming(6))).toMatchObject({
    how: 'named',
    done: 4,
  });
});

it('none is done if one throws, or names all, whatever the others have named; all are given the batch', async () => {
  let given = 0;
  const counting: Sink = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    given += 1;
    return undefined;
  };
  expect(await resultOf(naming(5), throwing, counting)).toEqual({ how: 'failed', error: new Error('down') });
  expect(await resultOf(naming(...numbered(9).keys()), counting)).toEqual({
    how: 'failed',
    error: new Error('at 0'),
  });
  expect(given).toBe(2);
});

it('none is done if one wants something to be written with the checkpoint: nobody would write it', async () => {
  const writing = (async () => ({ writes: [] })) as unknown as Sink;
  const result = await resultOf(all, writing);
  expect(result).toMatchObject({
    how: 'failed',
    error: { message: expect.stringContaining('returned writes') },
  });
});
