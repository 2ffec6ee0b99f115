/** A group on a local stack in this process, which commands find as they find a run of `npm start`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../cli/commands.ts';
import { runCommandLine } from '../../cli/run.ts';
import type { World } from '../../cli/world.ts';
import { announceRun } from '../../lib/commandLine/localRuns.ts';
import { composeGroup } from '../../lib/compose/group.ts';
import { readSettings } from '../../lib/config/settings.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { systemClock, systemRandom } from '../../lib/runtime.ts';
import { LOG_SERVICES } from '../../local/run/services/services.ts';
import { startStack } from '../../local/run/stack.ts';
import { createManualClock } from '../support/clock.ts';
import { createGroup, INTERVAL_MS } from '../support/world.ts';
import { createWorld } from './world.ts';

const signal = new AbortController().signal;

/** In its place: what Node itself reads is the real environment, and no object that took its place. */
export function restore(before: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (before[name] === undefined) delete process.env[name];
  Object.assign(process.env, before);
}

/** Types a line, as in a terminal whose folder is this one; without a terminal, unless something is given. */
export async function typed(directory: string, line: string, given: Partial<World> = {}) {
  const world = createWorld({ directory, environment: process.env, clock: systemClock, ...given });
  const code = await runCommandLine(COMMANDS, line.split(' '), world);
  return { code, out: world.written(), said: world.said() };
}

export async function startStage({
  source = 'sls',
  shards = 2,
}: {
  source?: 'sls' | 'cls';
  shards?: number;
} = {}) {
  const before = { ...process.env };
  const directory = mkdtempSync(join(tmpdir(), 'cli-stage-'));
  process.env.TMPDIR = directory;
  const options = {
    shards,
    intervalMs: INTERVAL_MS,
    linger: 'off',
    logsPort: 0,
    dynamodbPort: 0,
    clock: systemClock,
  };
  const stack = await startStack({ ...options, service: LOG_SERVICES[source] });
  Object.assign(process.env, stack.environment);
  const logger = createLogger({ level: 'error', now: systemClock.now, write: () => {} });
  const settings = readSettings(stack.environment);
  const composed = composeGroup(settings, { clock: systemClock, random: systemRandom, logger });
  // The time of the ticks is made up, and comes near the real one at their end.
  const clock = createManualClock(Date.now() - 4 * INTERVAL_MS);
  const group = createGroup({ clock, source: composed.source, table: composed.store });
  for (let round = 0; round < 4; round++) await group.round('consumer-0', 'consumer-1');
  // What a command sees is only what it finds.
  restore({ ...before, TMPDIR: directory });
  const announced = await announceRun({
    directory,
    startedAt: Date.now(),
    module: join(directory, 'taking.mjs'),
    environment: stack.environment,
  });
  return Object.assign(group, {
    directory,
    environment: stack.environment,
    letters: composed.deadLetters,
    put: (shard: number, contents: readonly string[]) =>
      stack.logs.put(
        shard,
        contents.map((content) => ({ timeMs: Date.now(), fields: { content } })),
        signal,
      ),
    type: (line: string, given: Partial<World> = {}) => typed(directory, line, given),
    forget: () => announced[Symbol.dispose](),
    async close() {
      announced[Symbol.dispose]();
      await stack.close();
      restore(before);
      rmSync(directory, { recursive: true });
    },
  });
}

export type Stage = Awaited<ReturnType<typeof startStage>>;
