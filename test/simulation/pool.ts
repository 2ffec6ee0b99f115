import { runInPool, type Seeds } from '../support/pool.ts';
import type { SeedResult, WorkerData } from './worker.ts';

const SEEDS_PER_MESSAGE = 20;

/** Runs seeds on every core, in order. Answers the results by seed; `onResults` hears of them as they come. */
export function runSeeds(
  seeds: Seeds,
  data: WorkerData,
  onResults: (results: readonly SeedResult[]) => void = () => {},
): Promise<SeedResult[]> {
  const module = new URL('./worker.ts', import.meta.url);
  return runInPool<SeedResult>(seeds, { module, data, seedsPerMessage: SEEDS_PER_MESSAGE }, onResults);
}
