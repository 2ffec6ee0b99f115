import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createAccount } from './account.ts';

/** Lines of two keys in turn, all with the same content: 1, 3, 5, … are of `a`, 2, 4, 6, … of `b`. */
function accountOf(lines: number) {
  const account = createAccount();
  const content = Buffer.from('x');
  for (let line = 1; line <= lines; line += 1) account.produced(line % 2 === 1 ? 'a' : 'b', content);
  const deliver = (slot: string, shard: string, cursors: string, ...delivered: number[]): void => {
    const records = Uint32Array.from(delivered.flatMap((line) => [line, crc32(content)]));
    account.delivered({ slot, shard, batch: `chaos/${shard}/${cursors}`, records });
  };
  return { account, deliver };
}

describe('the account of a chaos run', () => {
  it('wants each record counted once, but for those that are never taken', () => {
    const account = createAccount();
    const put = (key: string, isPoison?: boolean) => account.produced(key, Buffer.from('x'), isPoison);
    for (const key of ['key-1', 'key-1', 'key-4', 'key-2']) put(key);
    put('key-2', true);
    account.counted(
      new Map([
        ['counter-1', 3],
        ['counter-2', 1],
      ]),
    );
    expect(account.violations()).toEqual([]);
    expect(account.totals()).toMatchObject({ counted: 4 });
    account.counted(
      new Map([
        ['counter-1', 4],
        ['counter-0', 1],
      ]),
    );
    expect(account.violations()).toEqual([
      'counter-1 is 4, and 3 records were put',
      'counter-2 is 0, and 1 records were put',
      'counter-0 is 1, and 0 records were put',
    ]);
  });

  it('is content with batches that follow one another, from parent to child', () => {
    const { account, deliver } = accountOf(6);
    deliver('s', '0', 'AA==-AQ==', 1, 2);
    deliver('s', '0', 'AQ==-Ag==', 3, 4);
    deliver('t', '1', 'xx-xy', 5);
    deliver('s', '2', 'yx-yy', 6);
    expect(account.violations()).toEqual([]);
    expect(account.totals()).toMatchObject({ lost: 0, outOfOrder: 0, duplicates: 0, keys: 2 });
  });

  it('complains of a child that is read before its parent is done', () => {
    const { account, deliver } = accountOf(4);
    deliver('s', '0', 'a-b', 1, 2);
    deliver('t', '1', 'x-y', 3);
    deliver('u', '2', 'x-y', 4);
    expect(account.violations()).toEqual([]);

    const early = accountOf(4);
    early.deliver('s', '0', 'a-b', 1);
    early.deliver('u', '2', 'x-y', 4);
    early.deliver('s', '0', 'b-c', 2, 3);
    expect(early.account.violations()).toEqual(['key b: u delivered record 2 from shard 2 right after 0']);
    expect(early.account.totals()).toMatchObject({ lost: 0, outOfOrder: 0 });
  });

  it('allows the batch of an interrupted tick once more, as it was or in parts', () => {
    const { account, deliver } = accountOf(4);
    deliver('s', '0', 'a-b', 1, 2);
    account.interrupted('s');
    deliver('t', '0', 'a-b/0-1', 1);
    deliver('t', '0', 'a-b/1-2', 2);
    account.interrupted('t', '0');
    deliver('s', '0', 'a-b/1-2', 2);
    deliver('s', '0', 'b-d', 3, 4);
    expect(account.violations()).toEqual([]);
    expect(account.totals()).toMatchObject({ lost: 0, duplicates: 3, batchesRepeated: 2, refusals: 0 });
  });

  it('complains of a batch that has grown, and of what the sink refused', () => {
    const { account, deliver } = accountOf(4);
    deliver('s', '0', 'a-b', 1, 2);
    account.interrupted('s');
    deliver('t', '0', 'a-c', 1, 2, 3);
    expect(account.violations()).toEqual(['shard 0: t delivered chaos/0/a-c, which had begun as a-b']);
    account.refused(['chaos/0/a-c']);
    expect(account.violations().at(-1)).toBe(
      'chaos/0/a-c came again with other records: the sink refused it',
    );
    expect(account.totals()).toMatchObject({ refusals: 1 });
  });

  it('wants those that are never taken as dead letters, once each, and nothing else', () => {
    const account = createAccount();
    const content = Buffer.from('x');
    for (const isPoison of [false, true, false]) account.produced('a', content, isPoison);
    const records = Uint32Array.from([1, 3].flatMap((line) => [line, crc32(content)]));
    account.delivered({ slot: 's', shard: '0', batch: 'chaos/0/a-b', records });
    account.deadLettered([2]);
    expect(account.violations()).toEqual([]);
    expect(account.totals()).toMatchObject({ lost: 0, deadLetters: 1 });
    account.deadLettered([1, 1]);
    expect(account.violations()).toEqual([
      '1 records are dead letters twice',
      'line 2, which is never taken, is no dead letter',
      'line 1 is a dead letter',
    ]);
  });

  it('complains of a repeat that nothing explains: no interruption, another slot’s or shard’s, or an old one', () => {
    const { account, deliver } = accountOf(2);
    deliver('s', '0', 'a-b', 1);
    account.interrupted('t');
    account.interrupted('s', '1');
    deliver('t', '0', 'a-b', 1);
    expect(account.violations()).toEqual(['shard 0: t repeats a batch of s, which nothing interrupted']);
    account.interrupted('t');
    deliver('t', '0', 'a-b', 1);
    expect(account.violations()).toHaveLength(1);
    deliver('t', '0', 'a-b', 1);
    expect(account.violations()).toHaveLength(2);
  });

  it('complains of a checkpoint that went back, and of one that went too far', () => {
    const { account, deliver } = accountOf(4);
    deliver('s', '0', 'a-b', 1);
    deliver('s', '0', 'b-c', 2);
    account.interrupted('s');
    deliver('t', '0', 'a-b', 1);
    expect(account.violations()).toEqual(['shard 0: t delivered chaos/0/a-b after s had come to c']);
    deliver('t', '0', 'c-d', 4);
    expect(account.violations()).toHaveLength(2);
    expect(account.totals()).toMatchObject({ lost: 1 });
  });
});
