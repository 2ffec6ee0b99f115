import { describe, expect, it, vi } from 'vitest';
import type { ProofTotals } from '../../../local/run/proof.ts';
import { createWatch } from '../../../local/run/watch.ts';

const INTERVAL_MS = 1_000;

function watching({ once = true } = {}) {
  const outside = new AbortController();
  const onIdle = vi.fn();
  const watch = createWatch({
    once,
    intervalMs: INTERVAL_MS,
    shardName: (shard) => `a:${shard}`,
    signal: outside.signal,
    onIdle,
  });
  const look = (atMs: number, counts: { produced: number; distinct: number }, cursors: string): void => {
    const lost = counts.produced - counts.distinct;
    const totals: ProofTotals = {
      ...counts,
      processed: counts.distinct,
      lost,
      duplicates: 0,
      outOfOrder: 0,
      damaged: 0,
    };
    // Two shards, `cursors` one letter each; their end is at z.
    const committed = new Map(cursors.split('').map((cursor, shard) => [String(shard), cursor]));
    watch.look(atMs, totals, { 0: 'z', 1: 'z' }, committed);
  };
  return { watch, look, outside, onIdle };
}

const all = { produced: 9, distinct: 9 };

describe('a run that ends by itself', () => {
  it('is over once all is produced and each shard committed to its end, not before', () => {
    const { watch, look } = watching();
    look(0, all, 'zz');
    expect(watch.over.aborted).toBe(false);
    watch.productionEnded();
    look(1, all, 'zy');
    look(2, all, 'z');
    expect(watch.over.aborted).toBe(false);
    look(3, all, 'zz');
    expect(watch.over.aborted).toBe(true);
    expect(watch.verdict()).toEqual({ interrupted: false, problem: undefined });
  });

  it('is over when nothing went on for 30 intervals, and says what is left and why', () => {
    const { watch, look } = watching();
    watch.productionEnded();
    watch.note('consumer-0, shard 1: Error: boom');
    look(0, { produced: 9, distinct: 4 }, 'ba');
    look(20_000, { produced: 9, distinct: 4 }, 'za');
    look(50_000, { produced: 9, distinct: 4 }, 'za');
    expect(watch.over.aborted).toBe(false);
    look(50_001, { produced: 9, distinct: 4 }, 'za');
    expect(watch.over.aborted).toBe(true);
    expect(watch.verdict()).toEqual({
      interrupted: false,
      problem:
        'Nothing went on for 30s: 5 records are not consumed, in shards a:1. The last error: consumer-0, shard 1: Error: boom',
    });
  });

  it('has patience with an input that is slow to come', () => {
    const { watch, look } = watching();
    look(0, all, 'zz');
    look(500_000, all, 'zz');
    expect(watch.over.aborted).toBe(false);
  });
});

describe('a run that goes on until it is stopped', () => {
  it('says that everything is consumed, again after more came', () => {
    const { watch, look, onIdle } = watching({ once: false });
    watch.productionEnded();
    look(0, all, 'zz');
    look(1, all, 'zz');
    expect(onIdle).toHaveBeenCalledTimes(1);
    look(2, all, 'zy');
    look(3, all, 'zz');
    expect(onIdle).toHaveBeenCalledTimes(2);
    expect(watch.over.aborted).toBe(false);
  });

  it('is not ended by a standstill', () => {
    const { watch, look } = watching({ once: false });
    watch.productionEnded();
    look(0, all, 'zy');
    look(1_000_000, all, 'zy');
    expect(watch.over.aborted).toBe(false);
  });

  it('was interrupted if it is stopped from outside before all is consumed', () => {
    const { watch, look, outside } = watching({ once: false });
    watch.productionEnded();
    look(0, all, 'zy');
    outside.abort();
    expect(watch.over.aborted).toBe(true);
    expect(watch.verdict()).toMatchObject({ interrupted: true });
  });
});

it('a run that fails is over at once, and its first error is the one that counts', () => {
  const { watch } = watching();
  watch.fail(new Error('first'));
  watch.fail(new Error('second'));
  expect(watch.over.aborted).toBe(true);
  expect(() => watch.verdict()).toThrow('first');
});
