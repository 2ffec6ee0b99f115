import { defineCommand } from '../command.ts';
import { diagnose, EXIT_ERROR, EXIT_WARNING, exitCodeOf, formatFindings } from '../doctor/diagnose.ts';
import { gather } from '../doctor/gather.ts';
import { findTarget, TARGET_OPTIONS } from '../target.ts';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'looks for what keeps a group from working, and says what is to be done',
  about: `Looks at versions, settings, credentials and rights, clock, table, slots, shards that do not go on by themselves, the log service, and, of a deployed group, at its function and its schedules. Whether you may write is tried with a condition that no item can fulfil: nothing is written. With a function, that is started once, to ask the log service.`,
  options: {
    json: { type: 'boolean', default: false, help: 'as JSON, for programs' },
    ...TARGET_OPTIONS,
  },
  examples: [
    ['npx shardbeat doctor', 'the local run in this folder, or the one group that serverless.yml describes'],
    ['npx shardbeat doctor --stage prod --group orders', 'a deployed one of several'],
    ['npx shardbeat doctor --table shop --group orders --function shop-prod-orders', 'without its project'],
  ],
  exitCodes: { [EXIT_WARNING]: 'the worst that was found is a warning', [EXIT_ERROR]: 'it is an error' },
  run: async ({ options }, world) => {
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    const findings = diagnose(await gather(target, signal));
    const { group, place } = target;
    if (options.json) world.out(`${JSON.stringify({ group, place, findings })}\n`);
    else world.out(`group ${group}, ${place}\n\n${formatFindings(findings)}`);
    return exitCodeOf(findings);
  },
});
