import type { Driver } from '../driver.ts';
import { shareGroup } from '../mixedGroup.ts';
import type { Step } from '../steps.ts';
import { callEverything } from './clientCalls.ts';
import { callGenerated } from './generatedCalls.ts';
import { startMixedCls } from './mixed.ts';
import { askForTokens, refuseStrangers } from './refusals.ts';
import { consumeAlone } from './soleConsumer.ts';
import { upload } from './uploads.ts';

/** What the SDKs of CLS for Python are tried with: that of the log service, and the one generated for API 3.0. */
export function clsPythonSteps(driver: Driver): Step[] {
  const { client } = driver;
  return [
    { name: `${client}: every call`, golden: 'cls/python-calls', run: () => callEverything(driver) },
    {
      name: `${client}: every call of the one generated for API 3.0`,
      golden: 'cls/python-generated',
      run: () => callGenerated(driver),
    },
    { name: `${client}: refusals`, golden: 'cls/python-refusals', run: () => refuseStrangers(driver) },
    {
      name: `${client}: temporary credentials`,
      golden: 'cls/python-tokens',
      run: () => askForTokens(driver),
    },
    {
      name: `${client}: its consumer, alone, to the last record`,
      golden: 'cls/python-consumer',
      run: () => consumeAlone(driver),
    },
    {
      name: `${client}: two of its consumers and two of our slots in one group`,
      run: () => shareGroup(driver, startMixedCls),
    },
  ];
}

/** And with what the one for Go, of the log service, which uploads only. */
export function clsGoSteps(driver: Driver): Step[] {
  return [{ name: `${driver.client}: uploads`, golden: 'cls/go-uploads', run: () => upload(driver) }];
}
