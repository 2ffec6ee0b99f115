/**
 * `npm run test:interop`: the local SLS service against clients that are not ours, the official SDKs for Python and Go,
 * and those clients in one group with our functions. With `--record` what they say is kept in test/golden.
 */
import { type Golden, writeGolden } from '../golden/golden.ts';
import { callEverything } from './clientCalls.ts';
import type { Driver } from './driver.ts';
import { shareGroup } from './mixedGroup.ts';
import { refuseStrangers } from './refusals.ts';
import { consumeAlone } from './soleConsumer.ts';
import { installGo, installPython } from './toolchains.ts';

interface Step {
  name: string;
  /** What it is kept as, if it is. */
  golden?: string;
  /** What was said, or a remark. */
  run(): Promise<Golden | string>;
}

function stepsOf(language: 'python' | 'go', driver: Driver): Step[] {
  const { client } = driver;
  const signatures = ['v1', 'v4'] as const;
  const steps: Step[] = signatures.map((signature) => ({
    name: `${client}: every call, signature ${signature}`,
    golden: `${language}-calls-${signature}`,
    run: () => callEverything(driver, signature),
  }));
  if (language === 'python') {
    for (const signature of signatures) {
      steps.push({
        name: `${client}: refusals, signature ${signature}`,
        golden: `${language}-refusals-${signature}`,
        run: () => refuseStrangers(driver, signature),
      });
    }
  }
  steps.push({
    name: `${client}: its consumer, alone, to the last record`,
    golden: `${language}-consumer`,
    run: () => consumeAlone(driver, language === 'python' ? 'v1' : 'v4'),
  });
  steps.push({
    name: `${client}: two of its consumers and two of our slots in one group`,
    run: () => shareGroup(driver),
  });
  return steps;
}

async function perform({ name, golden, run }: Step, record: boolean): Promise<boolean> {
  const startedAtMs = Date.now();
  try {
    const said = await run();
    const remark = typeof said === 'string' ? said : `${said.exchanges.length} requests`;
    if (record && golden !== undefined && typeof said !== 'string') await writeGolden(golden, said);
    console.log(`ok      ${name}: ${remark} (${((Date.now() - startedAtMs) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    console.log(`FAILED  ${name}\n${error instanceof Error ? error.stack : error}`);
    return false;
  }
}

const record = process.argv.includes('--record');
/** Only the steps whose names contain one of these. */
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const python = await installPython();
const go = await installGo();
if (!python) console.log('skipped: no python3');
if (!go) console.log('skipped: no go');
const steps = [...(python ? stepsOf('python', python) : []), ...(go ? stepsOf('go', go) : [])].filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
if (words.length > 0 && steps.length === 0) throw new Error(`no step is named by ${words.join(' or ')}`);
let passed = 0;
for (const step of steps) if (await perform(step, record)) passed += 1;
const failed = steps.length - passed;
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
