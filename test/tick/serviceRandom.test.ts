import { expect, it } from 'vitest';
import { runSeed } from './random/run.ts';
import { SERVICES } from './random/scenario.ts';

/** `node test/tick/random/main.ts --seeds 5000` runs more of them; `--from N --trace` tells what happened in one. */
const SEEDS = 200;

it('groups that a log service keeps lose nothing, keep the order and come to rest, whatever happens', async () => {
  const failures: string[] = [];
  const services = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { scenario, violation } = await runSeed(seed);
    services.add(scenario.service);
    if (violation !== undefined) failures.push(`seed ${seed}: ${violation}`);
  }
  expect(failures).toEqual([]);
  expect(services).toEqual(new Set(Object.keys(SERVICES)));
}, 240_000);

it('a seed replays to the same trace', async () => {
  const [first, second] = [await runSeed(7), await runSeed(7)];
  expect(first.trace.length).toBeGreaterThan(20);
  expect(second.trace).toEqual(first.trace);
});
