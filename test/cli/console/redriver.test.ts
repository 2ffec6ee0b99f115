import { expect, it } from 'vitest';
import { redriveByFunction, redriveByNobody } from '../../../cli/console/redriver.ts';
import type { OpenGroup, RedriveResult } from '../../../lib/operations.ts';

const { signal } = new AbortController();
const result = (given: Partial<RedriveResult>): RedriveResult => ({
  dryRun: false,
  found: 0,
  redriven: 0,
  failed: 0,
  skipped: 0,
  left: 0,
  stopped: 'done',
  ...given,
});

it('the deployed function redrives, and is asked again as long as it gets on', async () => {
  const asked: unknown[][] = [];
  const answers = [
    result({ redriven: 3, stopped: 'timeUp', left: 4 }),
    result({ redriven: 1, failed: 2, left: 2 }),
  ];
  const redrive: OpenGroup['redrive'] = async (...given) => {
    asked.push(given);
    return answers.shift()!;
  };
  const redriver = redriveByFunction({ redrive } as OpenGroup, signal);
  expect(redriver.by).toEqual({ redrivenBy: 'function' });
  expect(await redriver.redrive({ shard: '3' })).toMatchObject({ redriven: 4, failed: 2, left: 2 });
  expect(asked).toEqual([
    ['function', { shard: '3' }, { signal }],
    ['function', { shard: '3' }, { signal }],
  ]);
});

it('where nobody redrives, the page is told what to do, before and after', async () => {
  const redriver = redriveByNobody('Start the console with --function NAME.');
  expect(redriver.by).toEqual({ cannotRedrive: 'Start the console with --function NAME.' });
  await expect(redriver.redrive({})).rejects.toMatchObject({
    status: 409,
    message: redriver.by.cannotRedrive,
  });
});
