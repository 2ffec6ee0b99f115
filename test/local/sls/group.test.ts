import { describe, expect, test } from 'vitest';
import { WHOLE_KEYSPACE } from '../../../local/service/keyspace.ts';
import { endOf } from '../../../local/service/log.ts';
import { loadsOf } from '../../../local/sls/group/balance.ts';
import { type Commit, commit } from '../../../local/sls/group/checkpoint.ts';
import { type ConsumerGroup, configure, createGroup, refresh } from '../../../local/sls/group/group.ts';
import { heartbeat } from '../../../local/sls/group/heartbeat.ts';
import { encodeCursor } from '../../../local/sls/state/cursor.ts';
import { createShard, type Shard } from '../../../local/sls/state/shard.ts';
import { START_MS } from './support.ts';

const TIMEOUT_SEC = 60;

/** A group over shards of which only the lineage matters, and a time that the test sets. */
function groupOver(parents: number[][], order = false) {
  const shards: Shard[] = parents.map((ids, id) => createShard(id, WHOLE_KEYSPACE, ids, START_MS));
  const group = createGroup('g', TIMEOUT_SEC, order);
  refresh(group, shards, 0);
  return {
    group,
    shards,
    beat: (consumer: string, reported: number[], atSec = 0): number[] => {
      refresh(group, shards, atSec * 1000);
      return heartbeat(group, consumer, reported, atSec * 1000);
    },
    commit: (shard: number, options: Partial<Commit> = {}): void => {
      const change = { shard, checkpoint: 'MQ==', consumer: '', force: true, ...options };
      commit(group, shards, change, 0);
    },
    close: (shard: number): void => {
      shards[shard]!.status = 'readonly';
    },
    /** Closes a shard and commits its end. */
    finish: (shard: number, options: Partial<Commit> = {}): void => {
      shards[shard]!.status = 'readonly';
      const checkpoint = encodeCursor(endOf(shards[shard]!));
      commit(group, shards, { shard, checkpoint, consumer: '', force: true, ...options }, 0);
    },
  };
}

const independent = (count: number): number[][] => Array.from({ length: count }, () => []);

function states(group: ConsumerGroup): string[] {
  return [...group.shards.values()].map(({ allocation }) =>
    [allocation.state, ...('holder' in allocation ? [allocation.holder] : [])].join(' '),
  );
}

describe('a consumer that is alone', () => {
  test('gets every shard', () => {
    const { beat, group } = groupOver(independent(3));
    expect(states(group)).toEqual(['not_alloc', 'not_alloc', 'not_alloc']);
    expect(beat('a', [])).toEqual([0, 1, 2]);
    expect(beat('a', [0, 1, 2])).toEqual([0, 1, 2]);
  });

  test('keeps what it does not report: it may have started anew', () => {
    const { beat } = groupOver(independent(3));
    beat('a', []);
    expect(beat('a', [1])).toEqual([0, 1, 2]);
    expect(beat('a', [])).toEqual([0, 1, 2]);
  });

  test('gets a new shard as soon as there is one', () => {
    const { beat, shards } = groupOver(independent(1));
    beat('a', []);
    shards.push(createShard(1, WHOLE_KEYSPACE, [], 0));
    expect(beat('a', [0])).toEqual([0, 1]);
  });

  test('is not given what it only claims', () => {
    const { beat } = groupOver(independent(1));
    beat('a', []);
    expect(beat('a', [0, 7])).toEqual([0]);
  });
});

describe('a second consumer', () => {
  test('gets a shard only when the first one no longer reports it', () => {
    const { beat, group } = groupOver(independent(4));
    beat('a', []);
    expect(beat('b', [])).toEqual([]);
    expect(states(group)).toEqual(['already_alloc a', 'already_alloc a', 'transfer a', 'transfer a']);
    // Told to give up two, the first is not able to at once.
    expect(beat('a', [0, 1, 2, 3])).toEqual([0, 1]);
    expect(beat('b', [])).toEqual([]);
    expect(beat('a', [0, 1, 3])).toEqual([0, 1]);
    expect(beat('b', [])).toEqual([2]);
    expect(beat('a', [0, 1])).toEqual([0, 1]);
    expect(beat('b', [2])).toEqual([2, 3]);
  });

  test('leaves the first with the odd shard', () => {
    const { beat } = groupOver(independent(3));
    beat('a', []);
    beat('b', []);
    expect(beat('a', [0, 1, 2])).toEqual([0, 1]);
  });

  test('that dies before the hand-over leaves the shards where they are', () => {
    const { beat, group } = groupOver(independent(2));
    beat('a', []);
    beat('b', []);
    expect(beat('a', [0, 1], 59)).toEqual([0]);
    expect(beat('a', [0, 1], 61)).toEqual([0, 1]);
    expect([...group.consumers.keys()]).toEqual(['a']);
  });

  test('gets everything when the first one dies', () => {
    const { beat } = groupOver(independent(2));
    beat('a', []);
    expect(beat('b', [], 30)).toEqual([]);
    expect(beat('b', [], 60)).toEqual([]);
    expect(beat('b', [], 61)).toEqual([0, 1]);
  });

  test('gets nothing where there is nothing left to share', () => {
    const { beat } = groupOver(independent(1));
    beat('a', []);
    expect(beat('b', [])).toEqual([]);
    expect(beat('a', [0])).toEqual([0]);
  });
});

test('a shard on its way is redirected rather than another one taken', () => {
  const { beat, group } = groupOver(independent(6));
  beat('a', []);
  beat('b', []);
  beat('c', []);
  const loads = [...loadsOf(group)].map(([name, load]) => [name, load.length]);
  expect(loads).toEqual([
    ['a', 2],
    ['b', 2],
    ['c', 2],
  ]);
  expect(beat('a', [0, 1, 2, 3, 4, 5])).toEqual([0, 1]);
});

test('a shard on its way is redirected even if others are held already', () => {
  const { beat } = groupOver(independent(6));
  beat('a', []);
  beat('b', []);
  // Of 3, 4 and 5, which go to b, 3 is not given up yet.
  expect(beat('a', [0, 1, 2, 3])).toEqual([0, 1, 2]);
  expect(beat('b', [])).toEqual([4, 5]);
  expect(beat('c', [])).toEqual([]);
  expect(beat('b', [4, 5])).toEqual([4, 5]);
  expect(beat('a', [0, 1, 2])).toEqual([0, 1]);
  expect(beat('c', [])).toEqual([3]);
});

describe('a consumer that timed out', () => {
  test('is alive for exactly the timeout', () => {
    const { beat } = groupOver(independent(1));
    beat('a', []);
    expect(beat('a', [0], TIMEOUT_SEC)).toEqual([0]);
    expect(() => beat('a', [0], 2 * TIMEOUT_SEC + 1)).toThrow('non-exist consumer with non-empty body');
  });

  test('may come back with nothing in its hands', () => {
    const { beat } = groupOver(independent(2));
    beat('a', []);
    beat('b', [], 100);
    expect(() => beat('a', [0, 1], 100)).toThrow();
    expect(beat('a', [], 100)).toEqual([]);
    expect(beat('b', [0], 100)).toEqual([0]);
    expect(beat('a', [], 100)).toEqual([1]);
  });
});

describe('a checkpoint', () => {
  test('is committed by the holder, also while it hands the shard over', () => {
    const { beat, group, commit } = groupOver(independent(2));
    beat('a', []);
    commit(0, { consumer: 'a', force: false, checkpoint: 'MTA=' });
    expect(group.shards.get(0)).toMatchObject({ checkpoint: 'MTA=', committedBy: 'a' });
    beat('b', []);
    expect(states(group)).toEqual(['already_alloc a', 'transfer a']);
    commit(1, { consumer: 'a', force: false });
  });

  test.each([
    ['by who does not hold the shard', 'b', 0, 'ConsumerNotMatch'],
    ['by who is to hold it next', 'b', 1, 'ConsumerNotMatch'],
    ['by who is not alive', 'c', 0, 'ConsumerNotExist'],
    ['by nobody', '', 0, 'ConsumerNotExist'],
    ['of no shard', 'a', 9, 'ShardNotExist'],
  ])('%s is refused, and changes nothing', (_, consumer, shard, code) => {
    const { beat, group, commit } = groupOver(independent(2));
    beat('a', []);
    beat('b', []);
    expect(() => commit(shard, { consumer, force: false })).toThrow(expect.objectContaining({ code }));
    expect([...group.shards.values()].map(({ checkpoint }) => checkpoint)).toEqual(['', '']);
  });

  test('may be forced by anybody: that is how a zombie rewinds its successor', () => {
    const { beat, group, commit } = groupOver(independent(1));
    beat('a', []);
    commit(0, { consumer: 'zombie', checkpoint: 'OQ==' });
    expect(group.shards.get(0)).toMatchObject({ checkpoint: 'OQ==', committedBy: 'zombie' });
    expect(states(group)).toEqual(['already_alloc a']);
  });
});

describe('a shard consumed to its end', () => {
  test('is given to nobody again', () => {
    const { beat, group, finish } = groupOver(independent(2));
    beat('a', []);
    finish(0, { consumer: 'a', force: false });
    expect(states(group)).toEqual(['over', 'already_alloc a']);
    expect(beat('a', [0, 1])).toEqual([1]);
    expect(beat('b', [])).toEqual([]);
    expect(beat('a', [1])).toEqual([1]);
  });

  test('is over also if it was closed only after the commit', () => {
    const { beat, group, shards, close, commit } = groupOver(independent(2));
    beat('a', []);
    commit(0, { checkpoint: encodeCursor(endOf(shards[0]!)) });
    expect(beat('a', [0, 1])).toEqual([0, 1]);
    close(0);
    expect(beat('a', [0, 1])).toEqual([1]);
    expect(states(group)).toEqual(['over', 'already_alloc a']);
  });

  test('is not over without a checkpoint, even if it is empty', () => {
    const { beat, close } = groupOver(independent(1));
    close(0);
    expect(beat('a', [])).toEqual([0]);
    expect(beat('a', [0])).toEqual([0]);
  });

  test('is consumed again when its checkpoint is forced back', () => {
    const { beat, commit, finish } = groupOver(independent(1));
    beat('a', []);
    finish(0);
    expect(beat('a', [0])).toEqual([]);
    commit(0);
    expect(beat('a', [])).toEqual([0]);
  });
});

describe('in order', () => {
  // 0 is split into 1 and 2; 2 and 3 are merged into 4.
  const LINEAGE = [[], [0], [0], [], [2, 3]];

  test('a shard waits for all that it continues', () => {
    const { beat, group, finish } = groupOver(LINEAGE, true);
    expect(states(group)).toEqual(['not_alloc', 'wait', 'wait', 'not_alloc', 'wait']);
    expect(beat('a', [])).toEqual([0, 3]);
    finish(3);
    expect(beat('a', [0, 3])).toEqual([0]);
    finish(0);
    expect(beat('a', [0])).toEqual([1, 2]);
    finish(2);
    expect(beat('a', [1, 2])).toEqual([1, 4]);
  });

  test('a shard waits for what is further back as well', () => {
    const { group, finish } = groupOver([[], [0], [1]], true);
    finish(1);
    expect(states(group)).toEqual(['not_alloc', 'over', 'wait']);
    finish(0);
    expect(states(group)).toEqual(['over', 'over', 'not_alloc']);
  });

  test('shards that wait do not count as load', () => {
    const { beat, finish } = groupOver([[], [], [0], [0], [0]], true);
    beat('a', []);
    beat('b', []);
    expect(beat('a', [0])).toEqual([0]);
    expect(beat('b', [])).toEqual([1]);
    finish(0);
    expect(beat('a', []).length + beat('b', [1]).length).toBe(4);
  });

  test('given up frees what waits', () => {
    const { beat, group } = groupOver(LINEAGE, true);
    beat('a', []);
    configure(group, { order: false });
    expect(beat('a', [0, 3])).toEqual([0, 1, 2, 3, 4]);
  });

  test('taken up concerns later shards only', () => {
    const { beat, group, shards } = groupOver([[], [0]], false);
    configure(group, { order: true });
    shards.push(createShard(2, WHOLE_KEYSPACE, [1], 0));
    expect(beat('a', [])).toEqual([0, 1]);
  });

  test('hundreds of splits and merges in a row are no trouble', () => {
    const lineage: number[][] = [[]];
    for (let id = 0; id < 900; id += 3) lineage.push([id], [id], [id + 1, id + 2]);
    const { group, finish } = groupOver(lineage, true);
    for (let id = 0; id < lineage.length - 1; id += 1) finish(id);
    expect(states(group).at(-1)).toBe('not_alloc');
  });
});

test('a longer timeout counts at once', () => {
  const { beat, group } = groupOver(independent(1));
  beat('a', []);
  configure(group, { timeoutSec: 300 });
  expect(beat('a', [0], 299)).toEqual([0]);
});
