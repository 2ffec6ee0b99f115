import { SettingsError } from '../../lib/errors.ts';
import type { Description, OpenGroup } from '../../lib/operations.ts';
import { CHANGE_OPTIONS } from '../change.ts';
import { type Command, defineCommand } from '../command.ts';
import { findTarget } from '../target.ts';

const OPTIONS = {
  shard: { type: 'string', value: 'ID', help: 'only this shard; the others are read on' },
  ...CHANGE_OPTIONS,
} as const;

const SHARD =
  'With --shard it is one shard: its slot keeps it, or hands it over as ever, and reads the others.';

function defineSwitch(name: 'pause' | 'resume', summary: string, about: string, done: string): Command {
  return defineCommand({
    name,
    summary,
    about,
    options: OPTIONS,
    examples: [
      [`npx shardbeat ${name}`, 'the group of the local run in this folder, or of serverless.yml'],
      [`npx shardbeat ${name} --stage prod --shard 3`, 'one shard of a deployed group'],
    ],
    run: async ({ options }, world) => {
      const signal = world.untilStopped();
      const { shard, 'dry-run': dryRun } = options;
      const target = await findTarget(options, world, signal);
      const group = await target.open();
      const shards = await checkedShards(group, target.group, shard, signal);
      if (!dryRun) await group[name]({ shard, signal });
      const what = shard === undefined ? `group ${target.group}` : `shard ${shard} of group ${target.group}`;
      const text = `${what}, ${target.place}: ${dryRun ? 'would be ' : ''}${done}\n`;
      const paused = shards.filter((one) => one.paused === true && one.state !== 'done');
      if (name === 'resume' && shard === undefined && paused.length > 0) {
        const ids = paused.map((one) => one.shard).join(', ');
        world.say(`still paused, each by itself: shard ${ids}; npx shardbeat resume --shard ID`);
      }
      world.out(options.json ? `${JSON.stringify({ group: target.group, shard, dryRun, done })}\n` : text);
      return 0;
    },
  });
}

/** As the operation itself checks it, in the words of this command line. */
async function checkedShards(
  group: OpenGroup,
  name: string,
  shard: string | undefined,
  signal: AbortSignal,
): Promise<Description['shards']> {
  const { status, shards } = await group.describe({ signal });
  if (status === 'absent') {
    throw new SettingsError('--group', name, 'the table has no such group: its first tick makes it');
  }
  const isLeft = shards.some((candidate) => candidate.shard === shard && candidate.state !== 'done');
  if (shard !== undefined && !isLeft) {
    throw new SettingsError(
      '--shard',
      shard,
      'the group has none of that id that is not done: status lists them',
    );
  }
  return shards;
}

export const pause = defineSwitch(
  'pause',
  'stops the reading of a group, or of one shard; resume lets it go on',
  `Each slot’s next tick sends its heartbeat and leaves; a tick at work finishes what it has begun. Slots keep their sessions and their shards, and no plan is made. A pause that is longer than the retention loses records. ${SHARD}`,
  'paused',
);

export const resume = defineSwitch(
  'resume',
  'lets a group, or one shard, go on where it was',
  `What was paused is read on from its checkpoint in the next tick. ${SHARD}`,
  'resumed',
);
