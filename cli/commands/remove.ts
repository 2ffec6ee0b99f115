import { about, moment } from '../amounts.ts';
import { CHANGE_OPTIONS, EXIT_NO } from '../change.ts';
import { defineCommand } from '../command.ts';
import { findTarget } from '../target.ts';

export const remove = defineCommand({
  name: 'remove',
  summary: 'removes a slot whose schedule is gone, before its session is over',
  about: `Delete the schedule first: a slot that ticks again is back. Refused while a run of it may be at work. Its shards are given to others by the next plan.`,
  words: [{ name: 'SLOT', help: 'such as consumer-3' }],
  options: CHANGE_OPTIONS,
  examples: [['npx shardbeat remove consumer-3 --stage prod', 'one that has no schedule any more']],
  exitCodes: { [EXIT_NO]: 'a run of it may be at work' },
  run: async ({ words: [slot = ''], options }, world) => {
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    const group = await target.open();
    const dryRun = options['dry-run'];
    const { consumers } = await group.describe({ signal });
    const { removed, busyUntil } = await group.removeSlot(slot, { dryRun, signal });
    if (options.json)
      world.out(`${JSON.stringify({ group: target.group, slot, dryRun, removed, busyUntil })}\n`);
    else {
      const names = consumers.map((consumer) => consumer.slot);
      const outcome =
        busyUntil === undefined
          ? removedText(slot, names, dryRun)
          : `is not removed: a run of it may be at work until ${moment(busyUntil)}; try again in ${about(busyUntil - world.clock.now() + 5_000)}`;
      world.out(`${slot} of group ${target.group}, ${target.place}, ${outcome}\n`);
    }
    return removed ? 0 : EXIT_NO;
  },
});

/** One that was not there may have been removed before, and may have been spelt wrong. */
function removedText(slot: string, names: readonly string[], isDry: boolean): string {
  if (!names.includes(slot)) return `is not there: the group has ${names.join(', ') || 'none'}`;
  return isDry ? 'would be removed' : 'is removed';
}
