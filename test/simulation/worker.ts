import { parentPort, workerData } from 'node:worker_threads';
import type { Violation } from './observer/watch.ts';
import { applyMutant, findMutant } from './patch.ts';
import type { Overrides } from './scenario.ts';

/** Runs the seeds that it is sent, in a thread of its own: a mutant changes the code of its thread only. */

export interface WorkerData {
  mutant: string | undefined;
  overrides: Overrides;
}

export interface SeedResult {
  seed: number;
  violation: Violation | undefined;
  restAfter: number;
}

const { mutant, overrides } = workerData as WorkerData;
const checkPatches = mutant === undefined ? () => {} : applyMutant(findMutant(mutant));
const { runSeed } = await import('./world.ts');
checkPatches();

let unhandled: unknown;
process.on('unhandledRejection', (reason) => {
  unhandled ??= reason;
});

parentPort!.on('message', async (seeds: number[]) => {
  const results: SeedResult[] = [];
  for (const seed of seeds) {
    const { violation, restAfter } = await runSeed(seed, overrides);
    results.push({ seed, violation: violation ?? leftUnhandled(), restAfter });
  }
  parentPort!.postMessage(results);
});

function leftUnhandled(): Violation | undefined {
  if (unhandled === undefined) return undefined;
  const text = `a rejection that nobody handles: ${(unhandled as Error).stack ?? unhandled}`;
  unhandled = undefined;
  return { check: 'crash of the code', text, atMs: 0 };
}
