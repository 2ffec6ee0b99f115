import type { Values } from '../../lib/commandLine/command.ts';
import { wholeNumber } from '../../lib/commandLine/parse.ts';
import { EXIT_INTERRUPTED } from '../../lib/commandLine/stop.ts';
import { parseTime } from '../../lib/config/position.ts';
import { REPLAY_SLOTS_MAX } from '../../lib/config/replay.ts';
import { SettingsError } from '../../lib/errors.ts';
import type { OpenGroup, ReplayCount, ReplayRequest, ReplayResult } from '../../lib/operations.ts';
import { SKEW_MARGIN_MS_MAX } from '../../lib/times.ts';
import { about, moment } from '../amounts.ts';
import { ASKING_OPTIONS, agreed, EXIT_NO } from '../change.ts';
import { defineCommand } from '../command.ts';
import { sayEvents } from '../events.ts';
import { moduleOf, tellOfAnEnd } from '../module.ts';
import { drawProgress } from '../replay/bar.ts';
import { formatCount, formatResult, missingOf } from '../replay/view.ts';
import { findTarget, needService, type Target } from '../target.ts';
import type { World } from '../world.ts';

const OPTIONS = {
  from: {
    type: 'string',
    value: 'T',
    help: 'what the service received from then on: 2026-01-31T12:00:00Z, or Unix seconds',
  },
  to: { type: 'string', value: 'T', help: 'and before then: a time, or now' },
  shards: {
    type: 'string',
    value: 'ID,…',
    help: 'of these shards only, with commas between their ids (all)',
  },
  parallel: {
    type: 'string',
    value: 'N',
    default: '1',
    help: 'how many runs at a time; each has some of the shards',
  },
  module: {
    type: 'string',
    value: 'FILE',
    help: 'give it to this module, here and now, in place of the deployed function or the module of the local run',
  },
  clear: {
    type: 'boolean',
    default: false,
    help: 'only remove what a replay that was killed has left in the table',
  },
  ...ASKING_OPTIONS,
  'dry-run': { type: 'boolean', default: false, help: 'only count what would be read' },
} as const;

export const replay = defineCommand({
  name: 'replay',
  summary: 'gives a range of the past to the function once more, beside the group',
  about: `Reads what the log service received from one time on, before another, in a group of its own, which ends by itself and leaves nothing: checkpoints, epochs and batches of the living group do not change. The deployed function takes it, with its rights and its network, run after run, after a question; of a local run, its module does, here and now. What it does not take, after as many attempts as ever, is told of at the end, and is no dead letter of the group. One replay of a group runs at a time, beside its schedules: with reserved concurrency, leave room for it.`,
  options: OPTIONS,
  examples: [
    [
      'npx shardbeat replay --from 2026-01-30T00:00:00Z --to 2026-01-31T00:00:00Z --dry-run --stage prod',
      'how much yesterday was',
    ],
    [
      'npx shardbeat replay --from 2026-01-30T00:00:00Z --to 2026-01-31T00:00:00Z --parallel 4 --stage prod',
      'all of it, by the deployed function',
    ],
    [
      'npx shardbeat replay --from 2026-01-31T11:00:00Z --to now --shards 3 --module src/orders.ts',
      'one shard, with the module as it is now',
    ],
  ],
  exitCodes: {
    [EXIT_NO]:
      'not all of it was taken; or another replay is at work, there is no such group, or you did not agree',
    [EXIT_INTERRUPTED]: 'stopped by Ctrl-C, after it was removed; it says where to go on',
  },
  run: async ({ options }, world) => {
    const request = options.clear ? nothingElse(options) : requestOf(options, world.clock.now());
    const signal = world.untilStopped();
    const lines: Lines = { say: world.say };
    const say = (line: string): void => lines.say(line);
    const target = await findTarget(options, { ...world, say }, signal);
    if (request === undefined) return clear(target, options, world, signal);
    if (options.module === undefined) needService(target);
    const group =
      options.module === undefined ? await target.open() : await openHere(target, options.module, say);
    const module = options['dry-run'] ? undefined : await moduleOf(target, options.module, world.directory);
    const what = `group ${target.group}, ${target.place}`;
    const isDeployed = module === 'function';
    if (isDeployed && (await group.describe({ signal })).status === 'absent') {
      world.say(`${what}: the table has no such group`);
      return EXIT_NO;
    }
    const count = await group.countReplay(request, { signal });
    if (options['dry-run']) {
      const json = { dryRun: true, ...request, ...count };
      world.out(options.json ? `${JSON.stringify(json)}\n` : formatCount(count, request, world.columns));
      return 0;
    }
    tell(count, request, options, world, isDeployed && !options.yes);
    const question = `Have ${target.function} process this again, for ${what}?`;
    if (isDeployed && !(await agreed(world, options, question))) return EXIT_NO;
    return make({ group, target, module: module!, request, count, lines }, options, world, signal);
  },
});

type Given = Values<typeof OPTIONS>;

/** Where the events of the replay are said: once there is a bar, not into it. */
interface Lines {
  say: World['say'];
}

/** Where this process reads the stream. */
async function openHere({ settings }: Target, module: string, say: World['say']): Promise<OpenGroup> {
  const remedy =
    'it is given what this process reads: set all variables of the function, and name the group with --table and --group; or leave it out';
  if (settings === undefined) throw new SettingsError('--module', module, remedy);
  const { openGroup } = await import('../../lib/operations.ts');
  return openGroup({ environment: settings, logger: sayEvents(say) });
}

/** Throws a SettingsError for what says what is to be read. */
function nothingElse({ from, to, shards, module }: Given): undefined {
  const others = Object.entries({ from, to, shards, module });
  const [name] = others.find(([, value]) => value !== undefined) ?? [];
  if (name === undefined) return undefined;
  const remedy = `it only removes what is left, and reads nothing: leave it out, or --${name}`;
  throw new SettingsError('--clear', undefined, remedy);
}

function requestOf({ from, to, shards, parallel }: Given, now: number): ReplayRequest {
  if (from === undefined) throw new SettingsError('--from', from, 'say from when on: 2026-01-31T12:00:00Z');
  if (to === undefined) throw new SettingsError('--to', to, 'say up to when: 2026-01-31T13:00:00Z, or now');
  const range = { from: parseTime('--from', from), to: to === 'now' ? now : parseTime('--to', to, 'now, ') };
  if (range.to > now)
    throw new SettingsError('--to', to, 'it is in the future: write now, or a time that has come');
  if (range.to <= range.from) {
    throw new SettingsError('--to', to, `there is nothing to read: choose a time after --from (${from})`);
  }
  const ids = shards?.split(',').map((id) => id.trim());
  if (ids?.some((id) => id === '')) {
    throw new SettingsError('--shards', shards, 'write the ids of shards, with commas between them');
  }
  return {
    ...range,
    ...(ids !== undefined && { shards: [...new Set(ids)] }),
    parallel: wholeNumber('--parallel', parallel, 1, REPLAY_SLOTS_MAX),
  };
}

function tell(
  count: ReplayCount,
  request: ReplayRequest,
  { json }: Given,
  world: World,
  isAsked: boolean,
): void {
  if (isAsked) world.say(formatCount(count, request, world.columns).trimEnd());
  else if (!json) for (const line of missingOf(count, request)) world.say(line);
}

interface Making {
  group: OpenGroup;
  target: Target;
  module: Parameters<OpenGroup['replay']>[0];
  request: ReplayRequest;
  count: ReplayCount;
  lines: Lines;
}

async function make(
  { group, target, module, request, count, lines }: Making,
  { json }: Given,
  world: World,
  signal: AbortSignal,
): Promise<number> {
  using bar = drawProgress(world, json);
  lines.say = bar.say;
  const isDeployed = module === 'function';
  using _end = isDeployed ? undefined : tellOfAnEnd(world.say);
  const stopping = () => {
    const wait = isDeployed ? ', and for the runs at work' : '';
    bar.say(`stopping: it waits for what is in work${wait}, and removes the replay`);
  };
  signal.addEventListener('abort', stopping, { once: true });
  const result = await group.replay(module, request, { signal, onProgress: bar.show });
  signal.removeEventListener('abort', stopping);
  bar.end();
  if ('begun' in result) {
    world.say(busyUntil(result.until, world.clock.now()));
    return EXIT_NO;
  }
  const out = { group: target.group, dryRun: false, ...request, unit: count.unit, ...result };
  world.out(json ? `${JSON.stringify(out)}\n` : formatResult(result, count.unit, request));
  return exitCodeOf(result);
}

function exitCodeOf({ stopped, givenUp, expired, shards }: ReplayResult): number {
  if (stopped === 'interrupted') return EXIT_INTERRUPTED;
  const isWhole = stopped === 'done' && givenUp.count === 0 && expired === 0;
  return isWhole && shards.every(({ state }) => state === 'done') ? 0 : EXIT_NO;
}

const busyUntil = (until: number, now: number): string =>
  `another replay of the group is at work, or was killed a moment ago: try again in ${about(until - now + SKEW_MARGIN_MS_MAX + 1_000)}`;

async function clear(target: Target, options: Given, world: World, signal: AbortSignal): Promise<number> {
  const { json, 'dry-run': dryRun } = options;
  const group = await target.open();
  const left = await group.replayLeft({ signal });
  const until = left === undefined ? 0 : dryRun ? left.until : await clearedUntil(group, signal);
  const isAtWork = until > 0;
  const answer = left !== undefined && { cleared: !isAtWork && !dryRun, ...(isAtWork && { until }) };
  const removed = dryRun ? 'would be removed' : 'removed';
  if (json) world.out(`${JSON.stringify({ group: target.group, dryRun, left: left ?? null, ...answer })}\n`);
  else if (left === undefined) world.out('nothing of a replay is in the table\n');
  else if (isAtWork) world.say(busyUntil(until, world.clock.now()));
  else world.out(`${removed}: a replay that was begun at ${moment(left.begunAt)}\n`);
  return isAtWork ? EXIT_NO : 0;
}

/** 0: it is removed. */
async function clearedUntil(group: OpenGroup, signal: AbortSignal): Promise<number> {
  const answer = await group.clearReplay({ signal });
  return answer.cleared ? 0 : answer.until;
}
