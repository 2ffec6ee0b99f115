import { SettingsError } from '../../lib/errors.ts';
import { several } from '../amounts.ts';
import { CHANGE_OPTIONS } from '../change.ts';
import { type Command, defineCommand } from '../command.ts';
import { findTarget } from '../target.ts';

function defineDrain(name: 'drain' | 'undrain', summary: string, about: string, example: string): Command {
  return defineCommand({
    name,
    summary,
    about,
    words: [{ name: 'SLOT', help: 'such as consumer-0; status lists them' }],
    options: CHANGE_OPTIONS,
    examples: [[`npx shardbeat ${name} consumer-1`, example]],
    run: async ({ words: [slot = ''], options }, world) => {
      const signal = world.untilStopped();
      const target = await findTarget(options, world, signal);
      const group = await target.open();
      const { consumers } = await group.describe({ signal });
      const consumer = consumers.find((candidate) => candidate.slot === slot);
      if (consumer === undefined) {
        const names = consumers.map((candidate) => candidate.slot).join(', ') || 'none';
        throw new SettingsError('SLOT', slot, `the group has no such slot: it has ${names}`);
      }
      const dryRun = options['dry-run'];
      if (!dryRun) await group[name](slot, { signal });
      const shards = Object.keys(consumer.assigned ?? {});
      const [would, does] =
        name === 'drain' ? ['would hand over', 'hands over'] : ['would take part in', 'takes part in'];
      const what = name === 'drain' ? several(shards.length, 'shard') : 'the next plan';
      const text = `${slot} of group ${target.group}, ${target.place}, ${dryRun ? would : does} ${what}\n`;
      world.out(options.json ? `${JSON.stringify({ group: target.group, slot, dryRun, shards })}\n` : text);
      return 0;
    },
  });
}

export const drain = defineDrain(
  'drain',
  'takes every shard from a slot, and gives it no more until undrain',
  'Each shard is handed over between ticks, so that no batch is repeated. The slot may go on ticking, or stop. If it is the only one, nobody reads its shards.',
  'hand its shards to the others',
);

export const undrain = defineDrain(
  'undrain',
  'lets a slot that was drained have shards again',
  'The next plan gives it its share.',
  'let it take part again',
);
