import { describe, expect, it } from 'vitest';
import { achievedNothing, emptyResult, type ShardResult } from '../../lib/tick/result.ts';

const shard = (stopped: ShardResult['stopped'], batches = 0): ShardResult => ({
  shard: '0',
  stopped,
  batches,
  records: 0,
  bytes: 0,
  cursor: undefined,
  lagMs: undefined,
});
const isNothing = (shards: ShardResult[], planFailed = false): boolean =>
  achievedNothing({ ...emptyResult('a', 'worked'), planFailed, shards });

describe('a tick in which something failed', () => {
  it.each(['sourceFailed', 'storeFailed', 'batchFailed', 'cursorExpired'] as const)(
    'has achieved nothing where %s is all that happened',
    (stopped) => {
      expect(isNothing([shard(stopped)])).toBe(true);
      expect(isNothing([shard(stopped), shard('waiting'), shard('deadline'), shard('lost')])).toBe(true);
    },
  );

  it('has achieved something with a batch, also in the very shard that failed then', () => {
    expect(isNothing([shard('sourceFailed', 1)])).toBe(false);
    expect(isNothing([shard('sourceFailed'), shard('batchesMax', 1)])).toBe(false);
  });

  it.each(['caughtUp', 'done'] as const)('has found nothing to do in a shard that is %s', (stopped) => {
    expect(isNothing([shard('sourceFailed'), shard(stopped)])).toBe(false);
    expect(isNothing([shard(stopped)], true)).toBe(false);
  });

  it('has achieved nothing where that was the plan', () => {
    expect(isNothing([], true)).toBe(true);
    expect(isNothing([shard('waiting')], true)).toBe(true);
  });
});

it('a tick in which nothing failed has not achieved nothing', () => {
  expect(isNothing([])).toBe(false);
  expect(isNothing([shard('waiting'), shard('deadline'), shard('lost')])).toBe(false);
});
