import * as v from 'valibot';
import { formatDuration, parseDuration } from '../duration.ts';
import { SettingsError } from '../errors.ts';
import { planByLag } from '../group/planByLag.ts';
import { planEvenly, type Strategy } from '../group/planner.ts';
import { keepSecretsOf } from '../observe/secrets.ts';
import { systemClock } from '../runtime.ts';
import type { Position } from '../sources/source.ts';
import { deriveTimes, type Times } from '../times.ts';
import { readBytesMax } from './bytes.ts';
import { CLS_NAMES, type ClsSettings, readCls } from './clsSettings.ts';
import { DeadLetterEntries, type DeadLetterSettings, readDeadLetters } from './deadLetters.ts';
import { DeliveryEntries, type DeliverySettings, readDelivery } from './delivery.ts';
import { EventBusEntries, type EventBusSettings, readEventBus } from './eventBus.ts';
import { functionTimeoutOf, LINGER, readLinger } from './linger.ts';
import { OWN_NAMES, type OwnSource, readOwn } from './ownSource.ts';
import { parsePosition, parseTime } from './position.ts';
import { count, type Environment, name, oneOf, parseEnvironment, required } from './rules.ts';
import { readSlots } from './slot.ts';
import { readSls, SLS_NAMES, type SlsSettings } from './slsSettings.ts';
import { type UnknownSetting, unknownSettings } from './unknown.ts';

/** Everything a function is told from outside, read once, checked together. */
export type Settings = CommonSettings & SourceSettings;

/** Which log service, and how to reach it; or that the function brings a source of its own. */
export type SourceSettings =
  | { source: 'sls'; sls: SlsSettings }
  | { source: 'cls'; cls: ClsSettings }
  | { source: 'own' };

export interface CommonSettings {
  group: string;
  table: string;
  times: Times;
  /** Which slots the group has; undefined: whatever an event names. */
  slots: readonly string[] | undefined;
  /** How many of them there are at least, where their number follows the load; undefined: there are always all. */
  slotsMin: number | undefined;
  /** Who assigns the shards: our own planner, or the service's consumer group. */
  coordination: 'own' | 'service';
  /** Which stream the group reads, and never another one: `sls://project/logstore` (or `a,b`), `cls://logset/topic` (or `a,b`). */
  stream: string;
  start: Position;
  /** Shards are done once they are read up to here, milliseconds since 1970. Undefined: never. */
  endAt: number | undefined;
  /** Children of a split or merge wait until every parent is done. */
  order: boolean;
  /** Raise it to change the settings of a group that exists. */
  settingsVersion: number;
  strategy: Strategy;
  /** Where to go on when the service no longer has the cursor: it was past the retention. */
  onCursorExpired: 'earliest' | 'latest' | 'fail';
  /** Most batches of one shard in one tick; Infinity = as many as there is time for. */
  batchesMax: number;
  /** Most records (SLS: log groups) of one pull. */
  countMax: number;
  /** Least time between two pulls of one shard in a tick; 0: none. */
  pullIntervalMs: number;
  /** The function is rung, beside its schedule: each tick gives its slot back, so that no ring finds a lease that nobody needs. */
  doorbell: boolean;
  /** Until when a tick that has read all up goes on polling, from its start. 0: not at all; Infinity: as long as it may work. */
  lingerMs: number;
  shardsParallelMax: number;
  /** Most bytes of records, as they are before compression, that all shards of a tick have in memory at a time. */
  bytesMax: number;
  /** How records are given to the user's function, and what becomes of those that it does not take. */
  delivery: DeliverySettings;
  deadLetters: DeadLetterSettings;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Whether metrics are the group's only, by the minute, or each shard's too, by the second. */
  metrics: 'group' | 'shard';
  /** Where events are sent, too. */
  eventBus: EventBusSettings | undefined;
  /** What is set and that nobody reads, for a warning. */
  unknown: readonly UnknownSetting[];
}

const Schema = v.object({
  SHARDBEAT_GROUP: name('the name of the consumer group'),
  SHARDBEAT_TABLE: name('the name of the DynamoDB table'),
  SHARDBEAT_INTERVAL: required('the schedule, such as 1m'),
  SHARDBEAT_SLOTS: v.optional(v.string()),
  SHARDBEAT_SESSION_TIMEOUT: v.optional(v.string()),
  SHARDBEAT_FUNCTION_TIMEOUT: v.optional(v.string()),
  SHARDBEAT_SOURCE: v.optional(v.string()),
  SHARDBEAT_COORDINATION: oneOf(['own', 'service'], 'own', { dynamodb: 'own', provider: 'service' }),
  SHARDBEAT_START: v.optional(v.string(), 'begin'),
  SHARDBEAT_END: v.optional(v.string()),
  SHARDBEAT_SETTINGS_VERSION: count(1, 1_000_000),
  SHARDBEAT_STRATEGY: oneOf(['even', 'lag'], 'even'),
  SHARDBEAT_CURSOR_EXPIRED: oneOf(['earliest', 'latest', 'fail'], 'earliest'),
  SHARDBEAT_ORDER: v.optional(v.picklist(['true', 'false'], 'choose true or false')),
  SHARDBEAT_BATCHES_MAX: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,9}$/, 'write a whole number from 1, or leave it out for no limit'),
    ),
  ),
  SHARDBEAT_PULL_INTERVAL: v.optional(v.string()),
  [LINGER]: v.optional(v.string()),
  SHARDBEAT_DOORBELL: oneOf(['true', 'false'], 'false'),
  SHARDBEAT_SHARDS_PARALLEL_MAX: count(16, 64),
  SHARDBEAT_BYTES_MAX: v.optional(
    v.pipe(v.string(), v.regex(/^[1-9]\d{0,11}$/, 'write a whole number of bytes, or leave it out')),
  ),
  ...DeliveryEntries,
  ...DeadLetterEntries,
  SHARDBEAT_LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error'], 'info'),
  SHARDBEAT_METRICS: oneOf(['group', 'shard'], 'group'),
  ...EventBusEntries,
});

/** What the variables are called that are read whatever the source is. */
export const COMMON_NAMES: readonly string[] = Object.keys(Schema.entries);

export interface ReadSettingsOptions {
  /** Milliseconds since 1970, for the times that must be past. */
  now?: number;
  /** The function brings a source of its own. */
  own?: OwnSource | undefined;
}

/** Reads and checks the environment. Throws a SettingsError for the first field that cannot be used. */
export function readSettings(
  environment: Environment,
  { now = systemClock.now(), own }: ReadSettingsOptions = {},
): Settings {
  // Before anything can go wrong.
  keepSecretsOf(environment);
  const read = parseEnvironment(Schema, environment);
  const times = readTimes(read);
  const delivery = readDelivery(read, times);
  const { source, countMax, stream, order } = readSource(read, environment, times, own);
  const { slots, slotsMin } = readSlotsOf(read);
  return {
    ...source,
    group: read.SHARDBEAT_GROUP,
    table: read.SHARDBEAT_TABLE,
    times,
    slots,
    slotsMin,
    stream,
    coordination: read.SHARDBEAT_COORDINATION,
    ...readSpan(read, now),
    settingsVersion: read.SHARDBEAT_SETTINGS_VERSION,
    strategy: read.SHARDBEAT_STRATEGY === 'even' ? planEvenly : planByLag,
    onCursorExpired: read.SHARDBEAT_CURSOR_EXPIRED,
    order,
    batchesMax: Number(read.SHARDBEAT_BATCHES_MAX ?? Number.POSITIVE_INFINITY),
    countMax,
    pullIntervalMs: readPullInterval(read, times),
    lingerMs: readLinger(read[LINGER], times),
    doorbell: read.SHARDBEAT_DOORBELL === 'true',
    shardsParallelMax: read.SHARDBEAT_SHARDS_PARALLEL_MAX,
    bytesMax: readBytesMax(read.SHARDBEAT_BYTES_MAX, environment, delivery),
    delivery,
    deadLetters: readDeadLetters(read),
    logLevel: read.SHARDBEAT_LOG_LEVEL,
    metrics: read.SHARDBEAT_METRICS,
    eventBus: readEventBus(read),
    unknown: unknownIn(environment, source.source),
  };
}

type Read = v.InferOutput<typeof Schema>;

function readSlotsOf({
  SHARDBEAT_SLOTS: text,
  SHARDBEAT_COORDINATION: coordination,
}: Read): Pick<Settings, 'slots' | 'slotsMin'> {
  if (text === undefined) return { slots: undefined, slotsMin: undefined };
  const read = readSlots('SHARDBEAT_SLOTS', text);
  if (read.slotsMin === undefined || coordination === 'own') return read;
  throw new SettingsError('SHARDBEAT_SLOTS', text, NO_SCALING_REMEDY);
}

const NO_SCALING_REMEDY =
  'where the log service assigns the shards, a slot that leaves holds up its own: write one number';

function readSource(
  read: Read,
  environment: Environment,
  times: Times,
  own: OwnSource | undefined,
): { source: SourceSettings; countMax: number; stream: string; order: boolean } {
  const {
    SHARDBEAT_GROUP: group,
    SHARDBEAT_COORDINATION: coordination,
    SHARDBEAT_ORDER: order = 'true',
  } = read;
  if (own !== undefined) {
    const { countMax } = readOwn(environment, own, coordination);
    return { source: { source: 'own' }, order: order === 'true', stream: own.stream, countMax };
  }
  if (read.SHARDBEAT_SOURCE !== 'sls' && read.SHARDBEAT_SOURCE !== 'cls') {
    throw new SettingsError('SHARDBEAT_SOURCE', read.SHARDBEAT_SOURCE, 'set it to sls or cls');
  }
  if (read.SHARDBEAT_SOURCE === 'sls') {
    const { sls, ...rest } = readSls(environment, coordination);
    return { source: { source: 'sls', sls }, order: order === 'true', ...rest };
  }
  const common = { group, coordination, times, order: read.SHARDBEAT_ORDER };
  const { cls, stream } = readCls(environment, common);
  return {
    source: { source: 'cls', cls },
    order: order === 'true' && coordination === 'own',
    // Bytes bound a pull there.
    countMax: Number.POSITIVE_INFINITY,
    stream,
  };
}

const PULL_INTERVAL_MS_MIN = 1_000;

function readPullInterval(read: Read, { functionTimeoutMs }: Times): number {
  const text = read.SHARDBEAT_PULL_INTERVAL;
  if (text === undefined) return 0;
  const pullIntervalMs = parseDuration('SHARDBEAT_PULL_INTERVAL', text);
  if (pullIntervalMs >= PULL_INTERVAL_MS_MIN && pullIntervalMs < functionTimeoutMs) return pullIntervalMs;
  const remedy = `choose 1s or more, and less than a tick has (${formatDuration(functionTimeoutMs)}), or leave it out to read on at once`;
  throw new SettingsError('SHARDBEAT_PULL_INTERVAL', text, remedy);
}

function readTimes(read: Read): Times {
  const fields = {
    interval: 'SHARDBEAT_INTERVAL',
    functionTimeout: 'SHARDBEAT_FUNCTION_TIMEOUT',
    sessionTimeout: 'SHARDBEAT_SESSION_TIMEOUT',
  } as const;
  const given = (field: 'functionTimeout' | 'sessionTimeout'): { [K in `${typeof field}Ms`]?: number } => {
    const text = read[fields[field]];
    return text === undefined ? {} : { [`${field}Ms`]: parseDuration(fields[field], text) };
  };
  const intervalMs = parseDuration(fields.interval, read.SHARDBEAT_INTERVAL);
  const usual = functionTimeoutOf(read[LINGER], intervalMs);
  return deriveTimes(
    intervalMs,
    { ...usual, ...given('functionTimeout'), ...given('sessionTimeout') },
    fields,
  );
}

/** Of clocks, and of whoever writes `now`. Until a time of the future comes, a group would read what it should leave out. */
const START_AHEAD_MS_MAX = 15 * 60_000;

/** From where to where the group reads. */
function readSpan(read: Read, now: number): { start: Position; endAt: number | undefined } {
  const { SHARDBEAT_START: from, SHARDBEAT_END: to } = read;
  const start = parsePosition('SHARDBEAT_START', from);
  const endAt = to === undefined ? undefined : parseTime('SHARDBEAT_END', to);
  if (start.at !== 'time') return { start, endAt };
  if (start.unixMs > now + START_AHEAD_MS_MAX) {
    const remedy = 'it is in the future: choose end, or a time that has come';
    throw new SettingsError('SHARDBEAT_START', from, remedy);
  }
  if (endAt !== undefined && endAt <= start.unixMs) {
    const remedy = `there is nothing to read: choose a time after SHARDBEAT_START (${from})`;
    throw new SettingsError('SHARDBEAT_END', to, remedy);
  }
  return { start, endAt };
}

const NAMES = { sls: SLS_NAMES, cls: CLS_NAMES, own: OWN_NAMES } as const;

function unknownIn(environment: Environment, source: Settings['source']): UnknownSetting[] {
  const others = Object.values(NAMES).flat();
  return unknownSettings(environment, [...COMMON_NAMES, ...NAMES[source]], others);
}
