/**
 * `npm run test:interop`: the local log services against clients that are not ours, the official SDKs for Python, Go
 * and Java, and those clients in one group with our functions. With `--record` what they say is kept in test/golden.
 */
import { clsGoSteps, clsPythonSteps } from './cls/steps.ts';
import type { Driver } from './driver.ts';
import { slsSteps } from './sls/steps.ts';
import { perform, type Step } from './steps.ts';
import { installGo, installJava, installPython } from './toolchains.ts';

/** The steps of a toolchain, for each of its SDKs; none if it is not there. */
async function stepsOf(
  name: string,
  sdks: readonly { install: () => Promise<Driver | undefined>; steps: (driver: Driver) => Step[] }[],
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const sdk of sdks) {
    const driver = await sdk.install();
    if (driver === undefined) {
      console.log(`skipped: no ${name}`);
      return [];
    }
    steps.push(...sdk.steps(driver));
  }
  return steps;
}

const record = process.argv.includes('--record');
/** Only the steps whose names contain one of these. */
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const all = [
  ...(await stepsOf('python3', [
    { install: () => installPython('sls'), steps: (driver) => slsSteps('python', driver) },
    { install: () => installPython('cls'), steps: clsPythonSteps },
  ])),
  ...(await stepsOf('go', [
    { install: () => installGo('sls'), steps: (driver) => slsSteps('go', driver) },
    { install: () => installGo('cls'), steps: clsGoSteps },
  ])),
  ...(await stepsOf('JDK with Maven', [
    { install: installJava, steps: (driver) => slsSteps('java', driver) },
  ])),
];
const steps = all.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (words.length > 0 && steps.length === 0) throw new Error(`no step is named by ${words.join(' or ')}`);
let passed = 0;
for (const step of steps) if (await perform(step, record)) passed += 1;
const failed = steps.length - passed;
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
