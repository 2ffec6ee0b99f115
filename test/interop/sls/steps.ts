import type { Driver } from '../driver.ts';
import { outlastFrozenWorker } from '../frozenWorker.ts';
import { shareGroup } from '../mixedGroup.ts';
import type { Step } from '../steps.ts';
import { callEverything } from './clientCalls.ts';
import { startMixedSls } from './mixed.ts';
import { refuseStrangers } from './refusals.ts';
import { consumeAlone } from './soleConsumer.ts';

/** What an SDK of SLS is tried with. */
export function slsSteps(language: 'python' | 'go' | 'java', driver: Driver): Step[] {
  const { client } = driver;
  // The Java SDK of this version has no other.
  const signatures = language === 'java' ? (['v1'] as const) : (['v1', 'v4'] as const);
  const steps: Step[] = signatures.map((signature) => ({
    name: `${client}: every call, signature ${signature}`,
    golden: `sls/${language}-calls-${signature}`,
    run: () => callEverything(driver, signature),
  }));
  if (language === 'python') {
    for (const signature of signatures) {
      steps.push({
        name: `${client}: refusals, signature ${signature}`,
        golden: `sls/${language}-refusals-${signature}`,
        run: () => refuseStrangers(driver, signature),
      });
    }
  }
  steps.push({
    name: `${client}: its consumer, alone, to the last record`,
    golden: `sls/${language}-consumer`,
    run: () => consumeAlone(driver, language === 'go' ? 'v4' : 'v1'),
  });
  steps.push({
    name: `${client}: two of its consumers and two of our slots in one group`,
    run: () => shareGroup(driver, startMixedSls),
  });
  if (language === 'java') {
    steps.push({
      name: `${client}: two of its consumers, one frozen past its timeout, and a slot of ours in one group`,
      run: () => outlastFrozenWorker(driver, startMixedSls),
    });
  }
  return steps;
}
