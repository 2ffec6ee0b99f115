import * as v from 'valibot';
import { SettingsError } from '../errors.ts';
import { planByLag } from '../group/planByLag.ts';
import { planEvenly, type Strategy } from '../group/planner.ts';
import type { Position } from '../sources/source.ts';
import { type ClsSettings, readCls } from './clsSettings.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { count, type Environment, name, oneOf, parseEnvironment, required } from './rules.ts';
import { readSls, type SlsSettings } from './slsSettings.ts';
import { deriveTimes, type Times } from './times.ts';

/** Everything a function is told from outside, read once, checked together. */
export type Settings = CommonSettings & SourceSettings;

/** Which log service, and how to reach it. */
export type SourceSettings = { source: 'sls'; sls: SlsSettings } | { source: 'cls'; cls: ClsSettings };

export interface CommonSettings {
  group: string;
  table: string;
  times: Times;
  /** Who assigns the shards: our planner, or the service's own consumer group. */
  coordination: 'dynamodb' | 'provider';
  /** Which stream the group reads: `sls://project/logstore` (or `a,b`), `cls://logset/topic` (or `a,b`). */
  stream: string;
  start: Position;
  endAt: number | undefined;
  order: boolean;
  settingsVersion: number;
  strategy: Strategy;
  onCursorExpired: 'earliest' | 'latest' | 'fail';
  batchesMax: number;
  countMax: number;
  /** Between two pulls of a shard in one tick; 0 = none. */
  pullIntervalMs: number;
  shardsParallelMax: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Module with the user's `process`, a path or a URL; relative to the function's bundle. */
  process: string;
}

const Schema = v.object({
  SHARDBEAT_GROUP: name('the name of the consumer group'),
  SHARDBEAT_TABLE: name('the name of the DynamoDB table of infra/table.yml'),
  SHARDBEAT_INTERVAL: required('the schedule, such as 1m'),
  SHARDBEAT_SESSION_TIMEOUT: v.optional(v.string()),
  SHARDBEAT_FUNCTION_TIMEOUT: v.optional(v.string()),
  SHARDBEAT_SOURCE: v.picklist(['sls', 'cls'], 'set it to sls or cls'),
  SHARDBEAT_COORDINATION: oneOf(['dynamodb', 'provider'], 'dynamodb'),
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
  SHARDBEAT_SHARDS_PARALLEL_MAX: count(4, 64),
  SHARDBEAT_LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error'], 'info'),
  SHARDBEAT_PROCESS: v.optional(v.string(), './process.mjs'),
});

/** Reads and checks the environment. Throws a SettingsError for the first field that cannot be used. */
export function readSettings(environment: Environment): Settings {
  const read = parseEnvironment(Schema, environment);
  const times = readTimes(read);
  const { source, countMax, stream, order } = readSource(read, environment, times);
  return {
    ...source,
    group: read.SHARDBEAT_GROUP,
    table: read.SHARDBEAT_TABLE,
    times,
    stream,
    coordination: read.SHARDBEAT_COORDINATION,
    start: parseStart(read.SHARDBEAT_START),
    endAt: read.SHARDBEAT_END === undefined ? undefined : parseTime('SHARDBEAT_END', read.SHARDBEAT_END),
    settingsVersion: read.SHARDBEAT_SETTINGS_VERSION,
    strategy: read.SHARDBEAT_STRATEGY === 'even' ? planEvenly : planByLag,
    onCursorExpired: read.SHARDBEAT_CURSOR_EXPIRED,
    order,
    batchesMax: Number(read.SHARDBEAT_BATCHES_MAX ?? Number.POSITIVE_INFINITY),
    countMax,
    pullIntervalMs: readPullInterval(read, times),
    shardsParallelMax: read.SHARDBEAT_SHARDS_PARALLEL_MAX,
    logLevel: read.SHARDBEAT_LOG_LEVEL,
    process: read.SHARDBEAT_PROCESS,
  };
}

type Read = v.InferOutput<typeof Schema>;

function readSource(
  read: Read,
  environment: Environment,
  times: Times,
): { source: SourceSettings; countMax: number; stream: string; order: boolean } {
  const {
    SHARDBEAT_GROUP: group,
    SHARDBEAT_COORDINATION: coordination,
    SHARDBEAT_ORDER: order = 'true',
  } = read;
  if (read.SHARDBEAT_SOURCE === 'sls') {
    const { sls, ...rest } = readSls(environment, coordination);
    return { source: { source: 'sls', sls }, order: order === 'true', ...rest };
  }
  const common = { group, coordination, times, order: read.SHARDBEAT_ORDER };
  const { cls, stream } = readCls(environment, common);
  return {
    source: { source: 'cls', cls },
    order: order === 'true' && coordination === 'dynamodb',
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
  return deriveTimes(intervalMs, { ...given('functionTimeout'), ...given('sessionTimeout') }, fields);
}

function parseStart(text: string): Position {
  if (text === 'begin' || text === 'end') return { at: text };
  return { at: 'time', unixMs: parseTime('SHARDBEAT_START', text, 'begin, end, ') };
}

/** ISO 8601 with a zone, or Unix seconds; milliseconds since 1970. */
function parseTime(field: string, text: string, others = ''): number {
  const isTime = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text);
  const unixMs = /^\d{9,10}$/.test(text) ? Number(text) * 1_000 : isTime ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(unixMs)) return unixMs;
  throw new SettingsError(field, text, `write ${others}2026-01-31T12:00:00Z or Unix seconds`);
}
