import { parentPort, workerData } from 'node:worker_threads';
import { applyMutant, findMutant } from '../../simulation/patch.ts';
import { SERVICE_MUTANTS } from './mutants.ts';

/** Runs the seeds that it is sent, in a thread of its own: a mutant changes the code of its thread only. */

export interface WorkerData {
  mutant: string | undefined;
}

export interface FoundInSeed {
  seed: number;
  /** What was wrong; undefined if nothing was. */
  violation: string | undefined;
  restAfter: number;
}

const { mutant } = workerData as WorkerData;
const checkPatches = mutant === undefined ? () => {} : applyMutant(findMutant(mutant, SERVICE_MUTANTS));
const { runSeed } = await import('./run.ts');
checkPatches();

parentPort!.on('message', async (seeds: number[]) => {
  const found: FoundInSeed[] = [];
  for (const seed of seeds) {
    const { scenario, violation, restAfter } = await runSeed(seed);
    const { service, officials } = scenario;
    const where = violation && `${service}, ${officials} officials: ${violation}`;
    found.push({ seed, violation: where, restAfter });
  }
  parentPort!.postMessage(found);
});
