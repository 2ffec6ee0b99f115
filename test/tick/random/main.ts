import { parseArgs } from 'node:util';
import { runSeed } from './run.ts';

/**
 * Runs many seeds of the random test of groups that the log service keeps:
 *
 *   --seeds N --from S     which ones; ends with 1 if something was wrong in one of them
 *   --first                ends with the first of them
 *   --trace                prints what happened in seed S
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    first: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
});

const from = Number(values.from);
const count = values.trace ? 1 : Number(values.seeds);
const startedAt = performance.now();
let failures = 0;
let restAfterMax = 0;
for (let seed = from; seed < from + count && !(values.first && failures > 0); seed++) {
  const { scenario, violation, restAfter, trace } = await runSeed(seed);
  if (values.trace) console.log([JSON.stringify(scenario), ...trace, `rest after ${restAfter}`].join('\n'));
  restAfterMax = Math.max(restAfterMax, restAfter);
  if (violation === undefined) continue;
  failures++;
  console.log(`seed ${seed} (${scenario.service}, ${scenario.officials} officials): ${violation}`);
}
const time = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
console.log(`${count} seeds, ${failures} failed, ${time}; at rest after ${restAfterMax} intervals at most`);
process.exit(failures > 0 ? 1 : 0);
