import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SeedResult, WorkerData } from './worker.ts';

const SEEDS_PER_MESSAGE = 20;

export interface Seeds {
  from: number;
  count: number;
  /** No further seeds once one has failed. */
  untilFailure: boolean;
}

/** Runs seeds on every core, in order. Answers the results by seed; `onResults` hears of them as they come. */
export async function runSeeds(
  seeds: Seeds,
  data: WorkerData,
  onResults: (results: readonly SeedResult[]) => void = () => {},
): Promise<SeedResult[]> {
  const end = seeds.from + seeds.count;
  const all: SeedResult[] = [];
  let next = seeds.from;
  let failed = false;

  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const send = (): void => {
        if (next >= end || (failed && seeds.untilFailure)) {
          resolve();
          return;
        }
        const count = Math.min(SEEDS_PER_MESSAGE, end - next);
        worker.postMessage(Array.from({ length: count }, (_, index) => next + index));
        next += count;
      };
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`a worker ended by itself, with code ${code}`)));
      worker.on('message', (results: SeedResult[]) => {
        all.push(...results);
        failed ||= results.some((result) => result.violation !== undefined);
        onResults(results);
        send();
      });
      send();
    });

  const count = Math.min(availableParallelism(), Math.ceil(seeds.count / SEEDS_PER_MESSAGE));
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('./worker.ts', import.meta.url), { workerData: data }),
  );
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return all.sort((a, b) => a.seed - b.seed);
}
