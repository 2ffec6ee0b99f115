import { describe, expect, it, vi } from 'vitest';
import type { ProofTotals } from '../../../local/run/proof.ts';
import { createWatch } from '../../../local/run/watch.ts';

const INTERVAL_MS = 1_000;

function watching({ once = true } = {}) {
  const outside = new AbortController();
  const stuck = { records: 1 };
  const onIdle = vi.fn();
  const watch = createWatch({
    once,
    intervalMs: INTERVAL_MS,
    shardName: (shard) => `a:${shard}`,
    troubles: {
      of: (shard) => (shard === '1' ? 'is blocked by 1 record: boom' : undefined),
      stuckRecords: (shard) => (shard === '1' ? stuck.records : 0),
    },
    signal: outside.signal,
    onIdle,
  });
  type Counts = { produced: number; distinct: number; processed?: number; deadLetters?: number };
  const look = (atMs: number, counts: Counts, cursors: string): void => {
    const { deadLetters = 0 } = counts;
    const lost = counts.produced - counts.distinct - deadLetters;
    const totals: ProofTotals = {
      processed: counts.distinct,
      ...counts,
      deadLetters,
      endedTwice: 0,
      letGo: 0,
      lost,
      duplicates: 0,
      outOfOrder: 0,
      damaged: 0,
    };
    // Two shards, `cursors` one letter each; their end is at z.
    const committed = new Map(cursors.split('').map((cursor, shard) => [String(shard), cursor]));
    watch.look(atMs, totals, { 0: 'z', 1: 'z' }, committed);
  };
  return { watch, look, stuck, outside, onIdle };
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

  it('is over when nothing was processed or given up for 50 intervals, and says which shards wait for what', () => {
    const { watch, look } = watching();
    watch.productionEnded();
    watch.note('consumer-0, shard 1: Error: boom');
    look(0, { produced: 9, distinct: 3 }, 'ba');
    look(20_000, { produced: 9, distinct: 4 }, 'ba');
    look(40_000, { produced: 9, distinct: 4, deadLetters: 1 }, 'ba');
    look(60_000, { produced: 9, distinct: 4, deadLetters: 1 }, 'ya');
    // The same records again and again are no progress.
    look(80_000, { produced: 9, distinct: 4, deadLetters: 1, processed: 8 }, 'ya');
    look(110_000, { produced: 9, distinct: 4, deadLetters: 1, processed: 16 }, 'ya');
    expect(watch.over.aborted).toBe(false);
    look(110_001, { produced: 9, distinct: 4, deadLetters: 1, processed: 20 }, 'ya');
    expect(watch.over.aborted).toBe(true);
    expect(watch.verdict()).toEqual({
      interrupted: false,
      problem: [
        'Nothing was processed or given up for 50s, and 4 records are left.',
        'Shard a:0 is not read up, and nothing was told of it.',
        'Shard a:1 is blocked by 1 record: boom.',
        'The last error: consumer-0, shard 1: Error: boom',
      ].join('\n'),
    });
  });

  it('has patience for each record in a row that fails, up to ten, if something succeeded before', () => {
    for (const [distinct, records] of [
      [4, 10],
      [0, 1],
    ] as const) {
      const { watch, look, stuck } = watching();
      watch.productionEnded();
      let atMs = 0;
      while (!watch.over.aborted) {
        look(atMs, { produced: 9, distinct }, 'za');
        atMs += 40_000;
        stuck.records += 1;
      }
      expect(Math.round(atMs / 40_000)).toBe(records + 2);
    }
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
