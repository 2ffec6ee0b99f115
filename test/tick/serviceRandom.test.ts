import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { patched } from '../simulation/patch.ts';
import { SERVICE_MUTANTS } from './random/mutants.ts';
import { runSeed } from './random/run.ts';
import { SERVICES } from './random/scenario.ts';
import { runSeeds } from './random/seeds.ts';

/** `npm run simulate:service -- --seeds 5000` runs more of them; `-- --from N --trace` tells what happened in one. */
const SEEDS = 20;

/** What has to have happened in them, so that they say something of it. */
const TOLD = [
  /… succeeded/,
  /… failed/,
  /… named/,
  /… timedOut/,
  / died$/,
  /record\.givenUp/,
  /shard\.takenOver/,
];

it('groups that a log service keeps lose nothing, keep the order and come to rest, whatever happens and whatever their function does', async () => {
  const failures: string[] = [];
  const services = new Set<string>();
  const traces: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { scenario, violation, trace } = await runSeed(seed);
    services.add(scenario.service);
    traces.push(...trace);
    if (violation !== undefined) failures.push(`seed ${seed}: ${violation}`);
  }
  expect(failures).toEqual([]);
  expect(services).toEqual(new Set(Object.keys(SERVICES)));
  for (const line of TOLD) expect(traces.some((text) => line.test(text))).toBe(true);
}, 240_000);

it('a seed replays to the same trace', async () => {
  const [first, second] = [await runSeed(7), await runSeed(7)];
  expect(first.trace.length).toBeGreaterThan(20);
  expect(second.trace).toEqual(first.trace);
});

it.each(['what is pending forgotten when the checkpoints agree', 'given up without evidence'])(
  'notices the mutant "%s"',
  async (mutant) => {
    const found = await runSeeds({ from: 1, count: 8, untilFailure: true }, { mutant });
    expect(found.some(({ violation }) => violation !== undefined)).toBe(true);
  },
  240_000,
);

it('finds the text of every mutant exactly once', () => {
  for (const { name, patches } of SERVICE_MUTANTS) {
    for (const patch of patches) {
      const source = readFileSync(new URL(`../../lib/${patch.file}`, import.meta.url), 'utf8');
      expect(patched(name, patch, source)).not.toBe(source);
    }
  }
});
