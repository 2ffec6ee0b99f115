import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestExchange } from '../../lib/group/planByLag.ts';

interface Weighed {
  shard: string;
  lag: number;
}

/** As it is meant: through all pairs, the first one of those that are best. */
function byLookingAtAll(outs: readonly Weighed[], backs: readonly Weighed[], gap: number) {
  let best: { out: string; back: string; left: number } | undefined;
  for (const out of outs) {
    for (const back of backs) {
      const left = Math.abs(gap - 2 * (out.lag - back.lag));
      if (left < (best?.left ?? gap)) best = { out: out.shard, back: back.shard, left };
    }
  }
  return best;
}

describe('the exchange of two shards that brings two slots closest to each other', () => {
  const side = (name: string) =>
    fc
      .array(fc.nat(30), { maxLength: 12 })
      .map((lags) => lags.map((lag, index) => ({ shard: `${name}${index}`, lag })));

  it('is the one that is found by looking at all pairs, also of those that are equally good', () => {
    fc.assert(
      fc.property(side('out'), side('back'), fc.nat(100), (outs, backs, gap) => {
        expect(bestExchange(outs, backs, gap)).toEqual(byLookingAtAll(outs, backs, gap));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is none where every one would leave them further apart', () => {
    expect(bestExchange([{ shard: '0', lag: 100 }], [{ shard: '1', lag: 0 }], 50)).toBeUndefined();
    expect(bestExchange([], [{ shard: '1', lag: 0 }], 50)).toBeUndefined();
    expect(bestExchange([{ shard: '0', lag: 100 }], [], 50)).toBeUndefined();
  });
});
