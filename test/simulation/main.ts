import { parseArgs } from 'node:util';
import { FAULT_NAMES, type FaultName } from './faults.ts';
import { MUTANTS } from './mutants.ts';
import { applyMutant, findMutant } from './patch.ts';
import { runSeeds } from './pool.ts';
import type { Overrides } from './scenario.ts';
import { argumentsOf, shrink } from './shrink.ts';
import type { SeedResult } from './worker.ts';

/**
 * Simulates the group under seeded faults:
 *
 *   --seeds N --from S        which seeds; --minutes M, --slots N, --shards N and --without a,b overrule them
 *   --trace                   prints what happened in seed S
 *   --mutant NAME             with one rule of the protocol left out; --mutants: with each, which must be noticed
 *   --json                    for programs
 */

const USAGE_EXIT = 2;
const TRACE_LINES_SHOWN = 120;
const MUTANT_SEEDS = 5_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    slots: { type: 'string' },
    shards: { type: 'string' },
    without: { type: 'string' },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const from = wholeNumber('from', values.from);
const overrides: Overrides = {
  minutes: optionalNumber('minutes', values.minutes),
  slots: optionalNumber('slots', values.slots),
  shards: optionalNumber('shards', values.shards),
  without: faultNames(values.without),
};

if (values.mutants) process.exitCode = await tryMutants();
else if (values.trace) process.exitCode = await traceSeed(from);
else process.exitCode = await simulate(wholeNumber('seeds', values.seeds));

async function simulate(count: number): Promise<number> {
  const startedAt = performance.now();
  const data = { mutant: values.mutant, overrides };
  const results = await runSeeds({ from, count, untilFailure: false }, data, (some) => {
    for (const { seed, violation } of some) {
      if (violation !== undefined && !values.json)
        console.log(`seed ${seed}: ${violation.check}: ${violation.text}`);
    }
  });
  const failures = results.filter((result) => result.violation !== undefined);
  const durationMs = Math.round(performance.now() - startedAt);
  if (values.json) console.log(JSON.stringify({ from, count, durationMs, failures }));
  else console.log(summary(results, failures.length, durationMs));
  if (failures.length > 0 && !values.json) await explain(failures[0]!.seed);
  return failures.length > 0 ? 1 : 0;
}

function summary(results: readonly SeedResult[], failures: number, durationMs: number): string {
  const rests = results.filter(({ violation }) => violation === undefined).map(({ restAfter }) => restAfter);
  const sorted = rests.sort((a, b) => a - b);
  const half = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const time = `${(durationMs / 1_000).toFixed(1)} s`;
  return `${results.length} seeds, ${failures} failed, ${time}; at rest after ${half} intervals (half), ${sorted.at(-1) ?? 0} (all)`;
}

/** The seed's trace, as short as it can be made. */
async function explain(seed: number): Promise<void> {
  const runSeed = await loadSimulation();
  const found = await runSeed(seed, overrides);
  if (found.violation === undefined) return;
  const small = await shrink(found, (candidate) => runSeed(seed, candidate), overrides);
  const { trace } = await runSeed(seed, small, true);
  if (trace.length > TRACE_LINES_SHOWN) console.log(`… ${trace.length - TRACE_LINES_SHOWN} lines before`);
  const shown = trace.slice(-TRACE_LINES_SHOWN);
  console.log(shown.join('\n'));
  console.log(`\nAgain: npm run simulate -- ${argumentsOf(seed, values.mutant, small)}`);
}

async function traceSeed(seed: number): Promise<number> {
  const runSeed = await loadSimulation();
  const { trace, scenario, violation, restAfter } = await runSeed(seed, overrides, true);
  console.log(JSON.stringify(scenario));
  console.log(trace.join('\n'));
  if (violation === undefined) console.log(`at rest after ${restAfter} intervals`);
  return violation === undefined ? 0 : 1;
}

/** Only now: a mutant must change the code before it is loaded. */
async function loadSimulation() {
  const checkPatches = values.mutant === undefined ? undefined : applyMutant(findMutant(values.mutant));
  const { runSeed } = await import('./world.ts');
  checkPatches?.();
  return runSeed;
}

async function tryMutants(): Promise<number> {
  let missed = 0;
  for (const { name, harmless } of MUTANTS) {
    const startedAt = performance.now();
    const seeds = { from, count: MUTANT_SEEDS, untilFailure: true };
    const results = await runSeeds(seeds, { mutant: name, overrides });
    const caught = results.find((result) => result.violation !== undefined);
    if (caught === undefined && harmless === undefined) missed++;
    const time = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
    const said =
      caught === undefined
        ? `not caught${harmless ? `: ${harmless}` : ''}`
        : `seed ${caught.seed}: ${caught.violation!.check}`;
    if (values.json) console.log(JSON.stringify({ name, seed: caught?.seed, violation: caught?.violation }));
    else console.log(`${name.padEnd(46)} ${said.padEnd(40)} ${time}`);
  }
  return missed > 0 ? 1 : 0;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name} ${text}: give a whole number above 0`);
  process.exit(USAGE_EXIT);
}

function optionalNumber(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber(name, text);
}

function faultNames(text: string | undefined): FaultName[] {
  const names = text === undefined || text === '' ? [] : text.split(',');
  const unknown = names.find((name) => !FAULT_NAMES.includes(name as FaultName));
  if (unknown === undefined) return names as FaultName[];
  console.error(`--without ${unknown}: there is no such fault; there are ${FAULT_NAMES.join(', ')}`);
  process.exit(USAGE_EXIT);
}
