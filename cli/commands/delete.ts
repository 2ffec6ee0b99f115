import { several } from '../amounts.ts';
import { ASKING_OPTIONS, agreed, EXIT_NO } from '../change.ts';
import { defineCommand } from '../command.ts';
import { findTarget } from '../target.ts';

export const deleteGroup = defineCommand({
  name: 'delete',
  summary: 'deletes a group, checkpoints and all',
  about: `Refused while any slot’s session lives, since its next tick would make the group anew, from its start: delete the schedules, wait for the session timeout, delete. Its dead letters stay, and so does the log service’s own consumer group, if there is one. It asks for the name of the group.`,
  options: ASKING_OPTIONS,
  examples: [
    ['npx shardbeat delete --stage old --dry-run', 'what would go'],
    ['npx shardbeat delete --table shop --group orders --yes', 'without a question'],
  ],
  exitCodes: { [EXIT_NO]: 'slots are live, or a replay is, or you did not agree' },
  run: async ({ options }, world) => {
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    const group = await target.open();
    const what = `group ${target.group}, ${target.place},`;
    const { status, consumers, shards } = await group.describe({ signal });
    const dry = await group.delete({ dryRun: true, signal });
    const answer = async (): Promise<typeof dry | undefined> => {
      if (options['dry-run'] || !dry.deleted || status === 'absent') return dry;
      const question = `Delete ${what} with the checkpoints of ${several(shards.length, 'shard')}? There is no way back.`;
      return (await agreed(world, options, question, target.group)) ? group.delete({ signal }) : undefined;
    };
    const answered = await answer();
    if (answered === undefined) return EXIT_NO;
    const counts = { slots: consumers.length, shards: shards.length };
    const dryRun = options['dry-run'];
    if (options.json)
      world.out(`${JSON.stringify({ group: target.group, dryRun, ...counts, ...answered })}\n`);
    else if (status === 'absent') world.out(`${what} is not there: the table has no such group\n`);
    else if (answered.deleted) {
      const done = dryRun ? 'would be deleted' : 'is deleted';
      world.out(`${what} ${done}: ${several(counts.slots, 'slot')}, ${several(counts.shards, 'shard')}\n`);
    } else {
      const slots = answered.live.filter((live) => consumers.some(({ slot }) => slot === live));
      const why =
        slots.length === 0
          ? 'a replay of it is at work, or was killed a moment ago; let it end, or wait for the session timeout'
          : `these slots are live: ${slots.join(', ')}; delete their schedules, and wait for the session timeout`;
      world.out(`${what} is not deleted: ${why}\n`);
    }
    return answered.deleted ? 0 : EXIT_NO;
  },
});
