import { parseAge } from '../../lib/commandLine/parse.ts';
import { EXIT_NO } from '../change.ts';
import { defineCommand } from '../command.ts';
import { lookAt } from '../look.ts';
import { findTarget, TARGET_OPTIONS } from '../target.ts';
import { formatLook } from '../view.ts';

/** Of every command that looks at a group. */
export const LOOK_OPTIONS = {
  json: { type: 'boolean', default: false, help: 'as JSON, for programs' },
  'table-only': {
    type: 'boolean',
    default: false,
    help: 'ask the table only: what the log service would tell is missing (with serverless.yml or --function, that costs a run of the function)',
  },
  retention: {
    type: 'string',
    value: 'D',
    help: 'how long the stream is kept, such as 7d, where the log service does not tell',
  },
  ...TARGET_OPTIONS,
} as const;

export const status = defineCommand({
  name: 'status',
  summary: 'shows a group: slots, shards, lag, failures, and what waits for what',
  about: `Says of each slot when it last sent a heartbeat, and of each shard who owns it, where its checkpoint is, how far behind it is (in log groups of SLS or messages of CLS, and in time), how long it is until the retention passes the checkpoint, how often what comes next has failed, and what it waits for. Nothing is changed.`,
  options: LOOK_OPTIONS,
  examples: [
    ['npx shardbeat status', 'the local run in this folder, or the one group that serverless.yml describes'],
    ['npx shardbeat status --stage prod --group orders', 'a deployed one of several'],
    [
      'npx shardbeat status --table shop --group orders --region eu-west-1 --profile ops',
      'without its project',
    ],
  ],
  exitCodes: { [EXIT_NO]: 'the table has no such group' },
  run: async ({ options }, world) => {
    const signal = world.untilStopped();
    const retentionMs = parseAge('--retention', options.retention);
    const target = await findTarget(options, world, signal);
    const look = await lookAt(target, await target.open(), {
      now: world.clock.now(),
      signal,
      askService: !options['table-only'],
      retentionMs,
    });
    for (const line of look.missing) world.say(`not known: ${line}`);
    world.out(options.json ? `${JSON.stringify(look)}\n` : formatLook(look, world.columns));
    return look.description.status === 'absent' ? EXIT_NO : 0;
  },
});
