import type { Driver } from '../driver.ts';
import { shareGroup } from '../mixedGroup.ts';
import type { Step } from '../steps.ts';
import { callEverything } from './clientCalls.ts';
import { startMixedSls } from './mixed.ts';
import { refuseStrangers } from './refusals.ts';
import { consumeAlone } from './soleConsumer.ts';

/** What an SDK of SLS is tried with. */
export function slsSteps(language: 'python' | 'go', driver: Driver): Step[] {
  const { client } = driver;
  const signatures = ['v1', 'v4'] as const;
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
    run: () => consumeAlone(driver, language === 'python' ? 'v1' : 'v4'),
  });
  steps.push({
    name: `${client}: two of its consumers and two of our slots in one group`,
    run: () => shareGroup(driver, startMixedSls),
  });
  return steps;
}
