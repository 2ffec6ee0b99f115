import { describe, expect, test } from 'vitest';
import type { HandOver } from '../../../local/cls/group/balance.ts';
import { createGroup, refresh } from '../../../local/cls/group/group.ts';
import { CONSUMERS_MAX, heartbeat } from '../../../local/cls/group/heartbeat.ts';
import { commitOffsets } from '../../../local/cls/group/offsets.ts';

const TIMEOUT_SEC = 60;

/** A group over partitions 1, 2, … of topic `t`, and a time that the test sets. */
function groupOver(count: number, handOver: HandOver = 'cooperative') {
  const partitions = Array.from({ length: count }, (_, index) => ({ topicId: 't', id: index + 1 }));
  const group = createGroup('g', TIMEOUT_SEC, ['t']);
  return {
    group,
    partitions,
    add: (id: number, topicId = 't') => partitions.push({ topicId, id }),
    remove: (id: number) =>
      partitions.splice(
        partitions.findIndex((partition) => partition.id === id),
        1,
      ),
    beat: (consumer: string, reported: number[], atSec = 0): number[] => {
      refresh(group, partitions, atSec * 1000);
      const keys = new Set(reported.map((id) => `t:${id}`));
      return heartbeat(group, consumer, keys, { nowMs: atSec * 1000, handOver }).map(({ id }) => id);
    },
    states: (): string[] =>
      [...group.partitions.values()].map(({ allocation }) =>
        [
          allocation.state,
          ...('holder' in allocation ? [allocation.holder] : []),
          ...('next' in allocation ? [allocation.next] : []),
        ].join(' '),
      ),
  };
}

/** Two consumers that have half of the partitions each: the first halves, and the second ones. */
function shared(count: number, handOver?: HandOver) {
  const bench = groupOver(count, handOver);
  const all = bench.beat('a', []);
  bench.beat('b', []);
  const kept = bench.beat('a', all);
  bench.beat('a', kept);
  return bench;
}

describe('the examples of the product page', () => {
  test('A has 1 and 2, B has 3 and 4: a new partition 5 goes to B', () => {
    const { beat, add } = shared(4);
    expect([beat('a', [1, 2]), beat('b', [3, 4])]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    add(5);
    expect([beat('a', [1, 2]), beat('b', [3, 4])]).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
  });

  test('A has 1 to 3, B has 4 to 6: C, who joins, gets 3 and 6', () => {
    const { beat } = shared(6);
    expect([beat('a', [1, 2, 3]), beat('b', [4, 5, 6])]).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(beat('c', [])).toEqual([]);
    expect([beat('a', [1, 2, 3]), beat('b', [4, 5, 6])]).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect([beat('a', [1, 2]), beat('b', [4, 5])]).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(beat('c', [])).toEqual([3, 6]);
  });
});

describe('a consumer that is alone', () => {
  test('gets every partition', () => {
    const { beat } = groupOver(3);
    expect(beat('a', [])).toEqual([1, 2, 3]);
    expect(beat('a', [1, 2, 3])).toEqual([1, 2, 3]);
  });

  test('keeps what it does not report: it may have started anew', () => {
    const { beat } = groupOver(3);
    beat('a', []);
    expect(beat('a', [2])).toEqual([1, 2, 3]);
    expect(beat('a', [])).toEqual([1, 2, 3]);
  });

  test('is not given what it only claims', () => {
    const { beat } = groupOver(1);
    expect(beat('a', [1, 7])).toEqual([1]);
  });

  test('loses a partition that is no more', () => {
    const { beat, remove } = groupOver(3);
    beat('a', []);
    remove(2);
    expect(beat('a', [1, 2, 3])).toEqual([1, 3]);
  });
});

describe('a second consumer, where hand-over is cooperative,', () => {
  test('gets a partition only when the first one no longer reports it', () => {
    const { beat, states } = groupOver(4);
    beat('a', []);
    expect(beat('b', [])).toEqual([]);
    expect(states()).toEqual(['held a', 'held a', 'moving a b', 'moving a b']);
    // Told to give up two, the first is not able to at once.
    expect(beat('a', [1, 2, 3, 4])).toEqual([1, 2]);
    expect(beat('b', [])).toEqual([]);
    expect(beat('a', [1, 2, 3])).toEqual([1, 2]);
    expect(beat('b', [])).toEqual([4]);
    expect(beat('a', [1, 2])).toEqual([1, 2]);
    expect(beat('b', [4])).toEqual([3, 4]);
  });

  test('gets it when the first one times out as well', () => {
    const { beat } = groupOver(2);
    beat('a', []);
    expect(beat('b', [], 30)).toEqual([]);
    expect(beat('b', [], 60)).toEqual([]);
    expect(beat('b', [], 61)).toEqual([1, 2]);
  });

  test('that dies before the hand-over leaves the partitions where they are', () => {
    const { beat, group } = groupOver(2);
    beat('a', []);
    beat('b', []);
    expect(beat('a', [1, 2], 59)).toEqual([1]);
    expect(beat('a', [1, 2], 61)).toEqual([1, 2]);
    expect([...group.consumers.keys()]).toEqual(['a']);
  });

  test('gets nothing where there is nothing left to share', () => {
    const { beat } = groupOver(1);
    beat('a', []);
    expect(beat('b', [])).toEqual([]);
    expect(beat('a', [1])).toEqual([1]);
  });

  test('leaves the first with the odd one', () => {
    const { beat } = groupOver(3);
    beat('a', []);
    beat('b', []);
    expect(beat('a', [1, 2, 3])).toEqual([1, 2]);
  });
});

test('where hand-over is immediate, a second consumer gets its share at once', () => {
  const { beat } = groupOver(4, 'immediate');
  beat('a', []);
  expect(beat('b', [])).toEqual([3, 4]);
  expect(beat('a', [1, 2, 3, 4])).toEqual([1, 2]);
});

test('a partition on its way is redirected rather than another one taken', () => {
  const { beat, states } = groupOver(6);
  beat('a', []);
  beat('b', []);
  // Of 4, 5 and 6, which go to b, 4 is not given up yet.
  expect(beat('a', [1, 2, 3, 4])).toEqual([1, 2, 3]);
  expect(beat('b', [])).toEqual([5, 6]);
  expect(beat('c', [])).toEqual([]);
  expect(beat('b', [5, 6])).toEqual([5, 6]);
  expect(states()).toEqual(['held a', 'held a', 'moving a c', 'moving a c', 'held b', 'held b']);
  expect(beat('a', [1, 2])).toEqual([1, 2]);
  expect(beat('c', [])).toEqual([3, 4]);
});

test('a partition that comes back to who still has it is its own again', () => {
  const { beat, states, remove } = groupOver(4);
  beat('a', []);
  beat('b', []);
  expect(states()).toEqual(['held a', 'held a', 'moving a b', 'moving a b']);
  remove(1);
  remove(2);
  expect(beat('a', [3, 4])).toEqual([4]);
  expect(states()).toEqual(['moving a b', 'held a']);
});

test('a group has an end to its consumers; those that are in it go on', () => {
  const { beat } = groupOver(1);
  for (let number = 0; number < CONSUMERS_MAX; number += 1) beat(`c${number}`, []);
  expect(() => beat('one more', [])).toThrow('at most 1000 consumers');
  expect(beat('c0', [1])).toEqual([1]);
});

test('topics are balanced together', () => {
  const { beat, add, group } = groupOver(3);
  group.topics = ['t', 'u'];
  add(1, 'u');
  beat('a', []);
  beat('b', []);
  beat('a', [1, 2]);
  const held = [...group.partitions].map(([key, { allocation }]) => [
    key,
    'holder' in allocation && allocation.holder,
  ]);
  expect(held).toEqual([
    ['t:1', 'a'],
    ['t:2', 'a'],
    ['t:3', 'b'],
    ['u:1', 'b'],
  ]);
});

describe('a commit', () => {
  const commit = (
    bench: ReturnType<typeof groupOver>,
    who: string,
    id: number,
    offset: bigint,
    isFenced = false,
  ) => commitOffsets(bench.group, who, [{ topicId: 't', id, offset }], { isFenced });

  test('is accepted from anybody, forwards and back', () => {
    const bench = groupOver(2);
    bench.beat('a', []);
    commit(bench, 'a', 1, 10n);
    commit(bench, 'nobody', 1, 5n);
    expect(bench.group.offsets).toEqual(new Map([['t:1', 5n]]));
  });

  test('may be -1, which says that nothing was read, and nothing less', () => {
    const bench = groupOver(1);
    bench.beat('a', []);
    commit(bench, 'a', 1, -1n);
    expect(bench.group.offsets).toEqual(new Map([['t:1', -1n]]));
    expect(() => commit(bench, 'a', 1, -2n)).toThrow('Offset -2 is invalid');
  });

  test('where commits are fenced, is only accepted from who has the partition', () => {
    const bench = shared(2);
    expect(() => commit(bench, 'a', 2, 1n, true)).toThrow('consumer a does not hold partition t:2');
    expect(() => commit(bench, 'nobody', 2, 1n, true)).toThrow('does not hold');
    commit(bench, 'b', 2, 1n, true);
    expect(bench.group.offsets).toEqual(new Map([['t:2', 1n]]));
  });

  test('where commits are fenced, is accepted from who was told to give the partition up and has not', () => {
    const bench = groupOver(2);
    bench.beat('a', []);
    bench.beat('b', []);
    expect(bench.states()).toEqual(['held a', 'moving a b']);
    commit(bench, 'a', 2, 7n, true);
    expect(() => commit(bench, 'b', 2, 8n, true)).toThrow('does not hold');
  });

  test('of several partitions is all or nothing', () => {
    const { group, beat } = groupOver(1);
    beat('a', []);
    const commits = [1, 9].map((id) => ({ topicId: 't', id, offset: 1n }));
    expect(() => commitOffsets(group, 'a', commits, { isFenced: false })).toThrow(
      'partition 9 does not exist',
    );
    expect(group.offsets.size).toBe(0);
  });
});
