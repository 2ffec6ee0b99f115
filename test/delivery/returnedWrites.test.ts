import { describe, expect, it } from 'vitest';
import type { Delivered } from '../../lib/delivery/delivered.ts';
import { userFunctionsOf } from '../../lib/delivery/userFunctions.ts';
import type { ItemWrite } from '../../lib/group/itemWrite.ts';
import { batchOf, contextOf } from '../../lib/testing.ts';
import { additions } from '../support/counters.ts';
import { HOSTILE } from '../support/hostile.ts';

const delivering = (returned: unknown): Promise<Delivered> =>
  userFunctionsOf({ eachBatch: () => returned }).deliver(batchOf(['a', 'b']), contextOf());
const messageOf = async (returned: unknown): Promise<string> => {
  const delivered = await delivering(returned);
  expect(delivered).toMatchObject({ how: 'failed', error: { name: 'WritesError', retriable: false } });
  return (delivered as { error: Error }).error.message;
};
const [update] = additions({ red: 1 });
const many = (count: number): ItemWrite[] =>
  additions(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1])));

describe('writes that are returned', () => {
  it('are handed on, also by a promise', async () => {
    expect(await delivering({ writes: [update] })).toEqual({ how: 'succeeded', writes: [update] });
    expect(await delivering(Promise.resolve({ writes: many(99) }))).toMatchObject({ how: 'succeeded' });
  });

  it('are nothing where there is none', async () => {
    expect(await delivering({ writes: [] })).toEqual({ how: 'succeeded' });
    expect(await delivering({ writes: [], failed: [1], error: 'no' })).toEqual({
      how: 'named',
      done: 1,
      error: 'no',
    });
  });

  it('are too many from a hundred on', async () => {
    expect(await delivering({ writes: many(100) })).toMatchObject({ how: 'tooMany', writes: 100 });
  });

  it.each<[unknown, RegExp]>([
    [{ writes: 'x' }, /returned writes that are a string and no array: each is one Put/],
    [{ writes: undefined }, /returned writes that are undefined and no array/],
    [{ writes: [update], failed: [0] }, /both failed and writes: .*: return one or the other/],
    [{ writes: [update, null] }, /returned null as writes\[1\]/],
    [{ writes: [{}] }, /returned writes\[0\] with none of ConditionCheck, Put, Update, Delete/],
    [{ writes: [{ ...update, Put: {} }] }, /returned writes\[0\] with Put and Update of/],
    [{ writes: [{ Put: 'x' }] }, /returned a string as writes\[0\]\.Put/],
    [{ writes: [{ Put: { Item: {} } }] }, /returned writes\[0\]\.Put without a TableName/],
    [{ writes: [{ Put: { TableName: 't', Item: 3 } }] }, /returned a number as writes\[0\]\.Put\.Item/],
    [
      { writes: [{ Put: { TableName: 't', Item: { pk: 'x' } } }] },
      /a string as writes\[0\]\.Put\.Item\.pk: .*marshall/,
    ],
    [
      { writes: [{ Delete: { TableName: 't', Key: { pk: { s: 'x' } } } }] },
      /an object as writes\[0\]\.Delete\.Key\.pk/,
    ],
    [
      { writes: [{ Update: { TableName: 't', ExpressionAttributeValues: { ':n': 1 } } }] },
      /a number as writes\[0\]\.Update\.ExpressionAttributeValues\.:n/,
    ],
  ])('are refused by name where they cannot be any: %j', async (returned, message) => {
    expect(await messageOf(returned)).toMatch(message);
  });

  it('tell nothing of what is in them', async () => {
    const secret = 'hunter2';
    const wrong = { Put: { TableName: 't', Item: { password: secret } } };
    expect(await messageOf({ writes: [wrong] })).not.toContain(secret);
  });

  it.each(Object.entries(HOSTILE))('may be anything: %s', async (_name, make) => {
    const value = make();
    for (const returned of [{ writes: value }, { writes: [value] }, { writes: [{ Put: value }] }]) {
      expect(['succeeded', 'failed', 'tooMany']).toContain((await delivering(returned)).how);
    }
  });
});

describe('eachRecord', () => {
  it.each([
    ['at once', () => ({ writes: [update] })],
    ['later', async () => ({ writes: [update] })],
  ])('that returns writes %s has failed, and is told why', async (_when, returns) => {
    const eachRecord = returns as unknown as () => void;
    const delivered = await userFunctionsOf({ eachRecord }).deliver(batchOf(['a', 'b']), contextOf());
    expect(delivered).toMatchObject({ how: 'named', done: 0, error: { name: 'WritesError' } });
  });
});
