import { once } from 'node:events';
import type { OpenPage } from '../../lib/commandLine/page.ts';
import { parseAge, portNumber } from '../../lib/commandLine/parse.ts';
import { parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import { systemClock } from '../../lib/runtime.ts';
import { defineCommand } from '../command.ts';
import { openConsole } from '../console/console.ts';
import { findTarget, localTarget, optionsOf, TARGET_OPTIONS } from '../target.ts';
import type { World } from '../world.ts';
import { LOOK_OPTIONS } from './status.ts';

const EVERY_MS_MIN = 500;
/** A look at a local run costs nothing; of a deployed group it reads every item of it. */
const EVERY_MS = { local: 1_000, deployed: 10_000 } as const;
const { json: _json, ...SEEING_OPTIONS } = LOOK_OPTIONS;

export const consoleCommand = defineCommand({
  name: 'console',
  summary: 'serves a page that shows a group, live: who has which shard, lag, events, dead letters',
  about: `Prints the page’s address, and serves it until Ctrl-C, on this machine only. Whoever has the address may also pause and resume the group, and redrive and drop its dead letters: it has a secret in it, and is another one each time.

A look reads all items of the group: 2.5 read units of DynamoDB with 10 shards, 5.5 with 100, every 10 seconds unless --every says otherwise, and only while a page is open. Where the deployed function is asked for the lag, that is done once in an interval of the group at most: a run of it costs money and, with a reserved concurrency, may hold up a tick. A local run has a page of its own, and this is another one.`,
  options: {
    every: { type: 'string', value: 'D', help: 'how often it looks, from 500ms (10s; of a local run 1s)' },
    port: { type: 'string', default: '0', value: 'P', help: 'port of the page (any free one)' },
    ...SEEING_OPTIONS,
    ...TARGET_OPTIONS,
  },
  examples: [
    ['npx shardbeat console --stage prod', 'a deployed group of serverless.yml'],
    ['npx shardbeat console --table shop --group orders --table-only', 'by its table alone'],
  ],
  run: async ({ options }, world) => {
    const every = options.every === undefined ? undefined : parseDuration('--every', options.every);
    if (every !== undefined && every < EVERY_MS_MIN) {
      throw new SettingsError('--every', options.every, 'choose 500ms or more');
    }
    const port = portNumber('--port', options.port);
    const retentionMs = parseAge('--retention', options.retention);
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    const page = await openConsole({
      target,
      group: await target.open(),
      commandOptions: optionsOf(options),
      everyMs: every ?? EVERY_MS[target.isLocal ? 'local' : 'deployed'],
      keepsLooking: target.isLocal,
      port,
      portOption: '--port',
      tableOnly: options['table-only'],
      retentionMs,
      clock: world.clock,
    });
    world.out(`${page.address}\n`);
    world.say(
      `group ${target.group}, ${target.place}: its page is there until Ctrl-C; keep the address to yourself`,
    );
    if (!signal.aborted) await once(signal, 'abort');
    await page.close();
    return 0;
  },
});

/** The page of a local run, in the run's own process. */
export const openPageOfRun =
  (world: World): OpenPage =>
  async ({ run, port, records }) => {
    // The run has its own screen, into which nobody else may write.
    const target = localTarget(run, { environment: world.environment, say: () => {} });
    return openConsole({
      target,
      group: await target.open(),
      commandOptions: '',
      everyMs: EVERY_MS.local,
      keepsLooking: true,
      port,
      portOption: '--page-port',
      records,
      clock: systemClock,
    });
  };
