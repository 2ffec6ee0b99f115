import { wholeNumber } from '../../lib/commandLine/parse.ts';
import type { RedriveRequest, RedriveResult } from '../../lib/operations.ts';
import { several } from '../amounts.ts';
import { EXIT_NO } from '../change.ts';
import { defineCommand } from '../command.ts';
import { FILTER_OPTIONS, filterOf } from '../letters.ts';
import { moduleOf, tellOfAnEnd } from '../module.ts';
import { untilAllTried } from '../redriving.ts';
import { findTarget, TARGET_OPTIONS } from '../target.ts';

const LIMIT_MAX = 999_999_999;

export const redrive = defineCommand({
  name: 'redrive',
  summary: 'gives dead letters to the function once more; those for which it succeeds are removed',
  about: `The deployed function does it, with its rights and its network, as often as it takes until all were tried; of a local run, its module does, here and now. Each comes as a batch of one. One that fails again stays, and counts it. It may be stopped at any time, and run beside the group.`,
  options: {
    limit: { type: 'string', value: 'N', help: 'no more than so many' },
    module: {
      type: 'string',
      value: 'FILE',
      help: 'give them to this module, here and now, in place of the deployed function or the module of the local run',
    },
    'dry-run': { type: 'boolean', default: false, help: 'only count them' },
    json: { type: 'boolean', default: false, help: 'as JSON, for programs' },
    ...FILTER_OPTIONS,
    ...TARGET_OPTIONS,
  },
  examples: [
    ['npx shardbeat redrive --stage prod --error TypeError --limit 1', 'try one, after a bug was mended'],
    ['npx shardbeat redrive --stage prod', 'all'],
    ['npx shardbeat redrive --module src/orders.ts', 'of a local run, with the module as it is now'],
  ],
  exitCodes: { [EXIT_NO]: 'some of them stay: they failed again, or another redrive has them' },
  run: async ({ options }, world) => {
    const { limit, module: file, 'dry-run': dryRun } = options;
    const lettersMax = limit === undefined ? undefined : wholeNumber('--limit', limit, 1, LIMIT_MAX);
    const request: RedriveRequest = { ...filterOf(options), ...(dryRun && { dryRun }) };
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    const group = await target.open();
    const module = await moduleOf(target, file, world.directory);
    const step = (most: number | undefined) =>
      group.redrive(module, { ...request, ...(most !== undefined && { lettersMax: most }) }, { signal });
    using _end = module === 'function' ? undefined : tellOfAnEnd(world.say);
    const result = await untilAllTried(step, lettersMax, (so) => world.say(`so far: ${outcome(so)}`));
    const what = `group ${target.group}, ${target.place}: `;
    world.out(
      options.json
        ? `${JSON.stringify({ group: target.group, ...result })}\n`
        : `${what}${outcome(result)}\n`,
    );
    return result.failed + result.skipped > 0 ? EXIT_NO : 0;
  },
});

function outcome({ dryRun, found, redriven, failed, skipped, left, stopped }: RedriveResult): string {
  if (dryRun) return `${several(found, 'dead letter')} would be redriven`;
  const parts = [
    `${several(redriven, 'dead letter')} redriven`,
    ...(failed > 0 ? [`${failed} failed again`] : []),
    ...(skipped > 0 ? [`${skipped} in another redrive`] : []),
    ...(left === undefined ? [] : [`${left} left`]),
    ...(stopped === 'timeUp' ? ['not all were tried'] : []),
  ];
  return parts.join(', ');
}
