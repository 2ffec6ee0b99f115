import { describe, expect, it } from 'vitest';
import type { ShardResult, TickResult } from '../../../lib/tick/result.ts';
import { createBoard } from '../../../local/run/board.ts';
import { createRate } from '../../../local/run/rate.ts';

const shard = (id: string, cursor: string | undefined): ShardResult => ({
  shard: id,
  stopped: cursor === undefined ? 'waiting' : 'caughtUp',
  batches: 0,
  records: 0,
  bytes: 0,
  cursor,
  lagMs: undefined,
});

const worked = (slot: string, ...shards: ShardResult[]): TickResult => ({
  slot,
  outcome: 'worked',
  tick: 1,
  generation: 1,
  warm: false,
  planned: false,
  planFailed: false,
  shards,
});

describe('the board', () => {
  it('knows who owned what in its last tick, and how far it had committed', () => {
    const board = createBoard(['consumer-0', 'consumer-1']);
    board.ticking('consumer-0');
    board.started('consumer-0', 42);
    board.ticked(worked('consumer-0', shard('10', 'a'), shard('2', 'b'), shard('3', undefined)));
    expect(board.consumers()).toEqual([
      { slot: 'consumer-0', pid: 42, ticks: 1, shards: ['2', '10'] },
      { slot: 'consumer-1', pid: undefined, ticks: 0, shards: [] },
    ]);
    expect(board.committed()).toEqual(
      new Map([
        ['10', 'a'],
        ['2', 'b'],
      ]),
    );
  });

  it('adds up what the functions had of the log service, once for each tick', () => {
    const board = createBoard(['consumer-0']);
    const measured = { event: 'tick.metrics', sourceRequests: 3, sourceBytes: 100, bytes: 500 };
    board.event('consumer-0', measured);
    board.event('consumer-0', { ...measured, shard: '0' });
    board.event('consumer-0', { event: 'tick.metrics', bytes: 0 });
    board.event('consumer-0', { ...measured, event: 'shard.claimed' });
    expect(board.logService()).toEqual({ requests: 3, bytes: 100, rawBytes: 500 });
  });

  it('learns nothing from a tick that was refused', () => {
    const board = createBoard(['consumer-0']);
    board.ticked(worked('consumer-0', shard('0', 'a')));
    board.ticked({ ...worked('consumer-0'), outcome: 'busy' });
    expect(board.consumers()).toMatchObject([{ shards: ['0'] }]);
  });

  it('counts a hand-off where a shard comes from somebody else, and shows it at once', () => {
    const board = createBoard(['consumer-0', 'consumer-1']);
    const claim = (slot: string, from: string | null): void =>
      board.event(slot, { event: 'shard.claimed', shard: '0', from, epoch: 2 });
    claim('consumer-0', null);
    claim('consumer-0', 'consumer-0');
    expect(board.handOffs()).toBe(0);
    claim('consumer-1', 'consumer-0');
    expect(board.handOffs()).toBe(1);
    expect(board.consumers().map(({ shards }) => shards)).toEqual([[], ['0']]);
  });
});

describe('a rate', () => {
  it('is what was added per second over the last five', () => {
    const rate = createRate();
    expect(rate(0, 0)).toBe(0);
    expect(rate(1_000, 100)).toBe(100);
    expect(rate(5_000, 500)).toBe(100);
    expect(rate(7_000, 500)).toBeCloseTo(400 / 6);
    expect(rate(20_000, 500)).toBe(0);
  });
});
