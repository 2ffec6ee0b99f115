/** Looks at everything that can be looked at, and writes nothing. What cannot be told is told as that. */
import { readSettings, type Settings } from '../../lib/config/settings.ts';
import { STARTER_SUFFIX } from '../../lib/config/starter.ts';
import { ShardbeatError } from '../../lib/errors.ts';
import {
  type Description,
  disagreements,
  type Examiner,
  examine,
  listStream,
  remedyOf,
  TABLE_ACTIONS,
} from '../../lib/examine.ts';
import { messageOf } from '../../lib/observe/plainError.ts';
import { ownVersion } from '../ownVersion.ts';
import type { Target } from '../target.ts';
import {
  type Facts,
  isDenied,
  type Known,
  knownOf,
  type Problem,
  type SettingsFacts,
  type StreamFacts,
} from './facts.ts';

export async function gather(target: Target, signal: AbortSignal): Promise<Facts> {
  const { group, place, table, isLocal, packaged } = target;
  const examiner = examine({ table, group });
  const rights = await Promise.all(
    TABLE_ACTIONS.map(async (action) => {
      const asked = await known(() => examiner.may(action, signal), signal);
      return { action, problem: 'problem' in asked ? asked.problem : undefined };
    }),
  );
  const isBlocked = rights.some(({ problem }) => problem !== undefined && !isDenied(problem));
  const aws = isBlocked ? NOTHING : await ofAws(target, examiner, signal);
  const source = settingsSource(target, aws.function);
  const read = source.environment && readKnown(source.environment);
  const description = aws.description;
  const settings = read && factsOfSettings(read, description);
  const isReadable = knownOf(description) !== undefined;
  const replayLeft = async () => (await target.open()).replayLeft({ signal });
  return {
    group,
    place,
    isLocal,
    versions: { shardbeat: await ownVersion(), node: process.versions.node },
    settingsOf: source.name,
    settings,
    packaged,
    rights,
    skewMs: isBlocked ? undefined : examiner.skewMs(),
    replay: isReadable ? await known(replayLeft, signal) : undefined,
    stream: await streamOf(target, read, description, signal),
    ...aws,
  };
}

type AwsFacts = Pick<Facts, 'table' | 'timeToLive' | 'backups' | 'description' | 'function' | 'schedules'>;

const NOTHING: AwsFacts = {
  table: undefined,
  timeToLive: undefined,
  backups: undefined,
  description: undefined,
  function: undefined,
  schedules: undefined,
};

async function ofAws(target: Target, examiner: Examiner, signal: AbortSignal): Promise<AwsFacts> {
  const { isLocal, function: name } = target;
  const [table, description] = await Promise.all([
    known(() => examiner.shape(signal), signal),
    known(() => examiner.describe(signal), signal),
  ]);
  if (isLocal) return { ...NOTHING, table, description };
  const [timeToLive, backups, found] = await Promise.all([
    known(() => examiner.timeToLive(signal), signal),
    known(() => examiner.backups(signal), signal),
    name === undefined ? undefined : known(() => examiner.function(name, signal), signal),
  ]);
  const arn = knownOf(found)?.arn;
  const schedules =
    arn === undefined
      ? undefined
      : await known(
          () => examiner.schedules({ functionArn: arn, starterArn: arn + STARTER_SUFFIX }, signal),
          signal,
        );
  return { table, description, timeToLive, backups, function: found, schedules };
}

/** Throws only what `signal` was aborted with. */
async function known<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<NonNullable<Known<T>>> {
  try {
    return { value: await ask() };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: problemOf(error) };
  }
}

function problemOf(error: unknown): Problem {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return {
    code: String(code ?? name ?? 'Error'),
    message: error instanceof ShardbeatError ? error.message : messageOf(error),
    remedy: remedyOf(error),
  };
}

/** Where the settings stand that count: in the function, if it can be looked at. */
function settingsSource(
  { isLocal, settings, packaged }: Target,
  deployed: Facts['function'],
): { name: string; environment: Readonly<Record<string, string | undefined>> | undefined } {
  const environment = knownOf(deployed)?.environment;
  if (environment !== undefined && isWhole(environment)) return { name: 'the function', environment };
  if (settings !== undefined) {
    return { name: isLocal ? 'the local run' : 'the environment', environment: settings };
  }
  const texts = Object.entries(packaged?.environment ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const isKnown = packaged !== undefined && texts.length === Object.keys(packaged.environment).length;
  return { name: 'serverless.yml', environment: isKnown ? Object.fromEntries(texts) : undefined };
}

/** A source of the module’s own is known to the module only. */
const isWhole = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  environment.SHARDBEAT_SOURCE !== undefined;

function readKnown(environment: Readonly<Record<string, string | undefined>>): NonNullable<Known<Settings>> {
  try {
    return { value: readSettings(environment) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

function factsOfSettings(
  read: NonNullable<Known<Settings>>,
  description: Known<Description>,
): Known<SettingsFacts> {
  if ('problem' in read) return read;
  const { times, slots, slotsMin, unknown } = read.value;
  const group = knownOf(description)?.group;
  return {
    value: {
      ...times,
      slots,
      slotsMin,
      warnings: unknown.map(({ name, remedy }) => `${name}: ${remedy}`),
      disagreements: group && disagreements(group, read.value),
    },
  };
}

async function streamOf(
  { asks, open }: Target,
  read: Known<Settings>,
  description: Known<Description>,
  signal: AbortSignal,
): Promise<Known<StreamFacts>> {
  if (asks === 'nobody') return undefined;
  // Without settings that can be used nobody can ask, and these have a finding of their own.
  const settings = knownOf(read);
  if (asks === 'itself' && settings === undefined) return undefined;
  const status = knownOf(description)?.status;
  const isThere = status !== undefined && status !== 'absent';
  return known(async () => {
    const listed =
      asks === 'itself' && settings !== undefined ? await listStream(settings, signal) : undefined;
    if (!isThere && listed !== undefined) return { listed, failed: [], asked: 0, retentionError: undefined };
    const { shards, retentionError } = await (await open()).lag({ signal });
    const failed = shards.flatMap(({ shard, error }) => (error === undefined ? [] : [{ shard, error }]));
    return { listed, failed, asked: shards.length, retentionError };
  }, signal);
}
