import { runInPool, type Seeds } from '../../support/pool.ts';
import type { FoundInSeed, WorkerData } from './worker.ts';

/** Each takes a good part of a second. */
const SEEDS_PER_MESSAGE = 4;

/** Runs seeds on every core, in order. `onFound` hears of their results as they come. */
export function runSeeds(
  seeds: Seeds,
  data: WorkerData,
  onFound: (found: readonly FoundInSeed[]) => void = () => {},
): Promise<FoundInSeed[]> {
  const module = new URL('./worker.ts', import.meta.url);
  return runInPool<FoundInSeed>(seeds, { module, data, seedsPerMessage: SEEDS_PER_MESSAGE }, onFound);
}
