import { positionCases } from './positionCases.ts';
import { readingCases } from './readingCases.ts';
import { recordCases } from './recordCases.ts';
import { reshardingCases } from './reshardingCases.ts';
import type { SourceBackend, SourceCase } from './sourceCase.ts';

/**
 * What every driver of `Source` must do, as data for any test runner: for each case make a backend, and `await run(backend)`.
 * Cases that need more than `offers` has are left out: a stream whose shards never split or merge passes without.
 */
export function sourceCases(offers: Pick<SourceBackend, 'split' | 'merge'>): SourceCase[] {
  const all = [...readingCases, ...recordCases, ...positionCases, ...reshardingCases];
  // A merge is followed by a split.
  const has = {
    split: offers.split !== undefined,
    merge: offers.split !== undefined && offers.merge !== undefined,
  };
  return all.filter(({ needs }) => needs === undefined || has[needs]);
}
