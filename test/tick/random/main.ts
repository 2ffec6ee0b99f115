import { parseArgs } from 'node:util';
import { applyMutant, findMutant } from '../../simulation/patch.ts';
import { SERVICE_MUTANTS } from './mutants.ts';
import { runSeeds } from './seeds.ts';

/**
 * Runs many seeds of the random test of groups that the log service keeps:
 *
 *   --seeds N --from S     which ones; ends with 1 if something was wrong in one of them
 *   --first                ends with the first of them
 *   --trace                prints what happened in seed S
 *   --mutant NAME          with one rule left out; --mutants: with each, which must be noticed
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    first: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
  },
});

const SEEDS = 1_000;
const MUTANT_SEEDS = 1_000;

const from = Number(values.from);
if (values.trace) await traceSeed();
else process.exitCode = values.mutants ? await tryMutants() : await trySeeds();

/** Only after a mutant has changed the code. */
async function traceSeed(): Promise<void> {
  if (values.mutant !== undefined) applyMutant(findMutant(values.mutant, SERVICE_MUTANTS));
  const { runSeed } = await import('./run.ts');
  const { scenario, trace, restAfter, violation } = await runSeed(from);
  console.log([JSON.stringify(scenario), ...trace, `rest after ${restAfter}`, violation ?? ''].join('\n'));
}

async function trySeeds(): Promise<number> {
  const startedAt = performance.now();
  const seeds = { from, count: Number(values.seeds ?? SEEDS), untilFailure: values.first };
  const found = await runSeeds(seeds, { mutant: values.mutant }, (some) => {
    for (const { seed, violation } of some) {
      if (violation !== undefined) console.log(`seed ${seed} (${violation})`);
    }
  });
  const failures = found.filter(({ violation }) => violation !== undefined).length;
  const restAfterMax = Math.max(...found.map(({ restAfter }) => restAfter));
  const time = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
  console.log(
    `${found.length} seeds, ${failures} failed, ${time}; at rest after ${restAfterMax} intervals at most`,
  );
  return failures > 0 ? 1 : 0;
}

async function tryMutants(): Promise<number> {
  let missed = 0;
  const count = Number(values.seeds ?? MUTANT_SEEDS);
  for (const { name } of SERVICE_MUTANTS) {
    const found = await runSeeds({ from, count, untilFailure: true }, { mutant: name });
    const caught = found.find(({ violation }) => violation !== undefined);
    if (caught === undefined) missed++;
    const said = caught === undefined ? 'not caught' : `seed ${caught.seed} (${caught.violation})`;
    console.log(`${name.padEnd(52)} ${said}`);
  }
  return missed > 0 ? 1 : 0;
}
