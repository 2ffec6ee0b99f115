import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

export interface Seeds {
  from: number;
  count: number;
  /** No further seeds once one has failed. */
  untilFailure: boolean;
}

/** A module that answers each list of seeds that it is sent with their results, in a thread of its own. */
export interface Work {
  module: URL;
  data: unknown;
  /** How many a thread is sent at a time. */
  seedsPerMessage: number;
}

interface Result {
  seed: number;
  violation: unknown;
}

/** Runs seeds on every core, in order. Answers the results by seed; `onResults` hears of them as they come. */
export async function runInPool<R extends Result>(
  seeds: Seeds,
  { module, data, seedsPerMessage }: Work,
  onResults: (results: readonly R[]) => void = () => {},
): Promise<R[]> {
  const end = seeds.from + seeds.count;
  const all: R[] = [];
  let next = seeds.from;
  let failed = false;

  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const send = (): void => {
        if (next >= end || (failed && seeds.untilFailure)) {
          resolve();
          return;
        }
        const count = Math.min(seedsPerMessage, end - next);
        worker.postMessage(Array.from({ length: count }, (_, index) => next + index));
        next += count;
      };
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`a worker ended by itself, with code ${code}`)));
      worker.on('message', (results: R[]) => {
        all.push(...results);
        failed ||= results.some((result) => result.violation !== undefined);
        onResults(results);
        send();
      });
      send();
    });

  const count = Math.min(availableParallelism(), Math.ceil(seeds.count / seedsPerMessage));
  const workers = Array.from({ length: count }, () => new Worker(module, { workerData: data }));
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return all.sort((a, b) => a.seed - b.seed);
}
