/**
 * `npm run test:interop`: the local log services against clients that are not ours, the official SDKs for Python and Go,
 * and those clients in one group with our functions. With `--record` what they say is kept in test/golden.
 */
import { slsSteps } from './sls/steps.ts';
import { perform } from './steps.ts';
import { installGo, installPython } from './toolchains.ts';

const record = process.argv.includes('--record');
/** Only the steps whose names contain one of these. */
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const python = await installPython('sls');
const go = await installGo('sls');
if (!python) console.log('skipped: no python3');
if (!go) console.log('skipped: no go');
const steps = [...(python ? slsSteps('python', python) : []), ...(go ? slsSteps('go', go) : [])].filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
if (words.length > 0 && steps.length === 0) throw new Error(`no step is named by ${words.join(' or ')}`);
let passed = 0;
for (const step of steps) if (await perform(step, record)) passed += 1;
const failed = steps.length - passed;
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
