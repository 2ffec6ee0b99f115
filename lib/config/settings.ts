import * as v from 'valibot';
import { SettingsError } from '../errors.ts';
import { planByLag } from '../group/planByLag.ts';
import { planEvenly, type Strategy } from '../group/planner.ts';
import type { Position } from '../sources/source.ts';
import { parseDuration } from './duration.ts';
import { readSls, type SlsSettings } from './slsSettings.ts';
import { deriveTimes, type Times } from './times.ts';

/** Everything a function is told from outside, read once, checked together. */
export interface Settings {
  group: string;
  table: string;
  times: Times;
  /** Who assigns the shards: our planner, or the service's own consumer group. */
  coordination: 'dynamodb' | 'provider';
  /** Which stream the group reads: `sls://project/logstore`, or several logstores: `sls://project/a,b`. */
  stream: string;
  start: Position;
  endAt: number | undefined;
  order: boolean;
  settingsVersion: number;
  strategy: Strategy;
  onCursorExpired: 'earliest' | 'latest' | 'fail';
  batchesMax: number;
  countMax: number;
  shardsParallelMax: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Module with the user's `process`, a path or a URL; relative to the function's bundle. */
  process: string;
  sls: SlsSettings;
}

const required = (remedy: string) => v.pipe(v.string(`set it: ${remedy}`), v.nonEmpty(`set it: ${remedy}`));
const name = (remedy: string) =>
  v.pipe(required(remedy), v.regex(/^[A-Za-z0-9][\w.-]{0,127}$/, 'use 1–128 letters, digits, - _ or .'));
const oneOf = <const T extends readonly [string, ...string[]]>(choices: T, otherwise: T[number]) =>
  v.optional(v.picklist(choices, `choose ${choices.join(' or ')}`), otherwise as T[number]);
const count = (otherwise: number, most: number) =>
  v.pipe(
    v.optional(v.string(), String(otherwise)),
    v.regex(/^[1-9]\d{0,9}$/, `write a whole number from 1 to ${most}`),
    v.transform(Number),
    v.maxValue(most, `write a whole number from 1 to ${most}`),
  );

const EnvironmentSchema = v.object({
  SHARDBEAT_GROUP: name('the name of the consumer group'),
  SHARDBEAT_TABLE: name('the name of the DynamoDB table of infra/table.yml'),
  SHARDBEAT_INTERVAL: required('the schedule, such as 1m'),
  SHARDBEAT_SESSION_TIMEOUT: v.optional(v.string()),
  SHARDBEAT_FUNCTION_TIMEOUT: v.optional(v.string()),
  SHARDBEAT_SOURCE: v.picklist(['sls'], 'set it to sls'),
  SHARDBEAT_COORDINATION: oneOf(['dynamodb', 'provider'], 'dynamodb'),
  SHARDBEAT_START: v.optional(v.string(), 'begin'),
  SHARDBEAT_END: v.optional(v.string()),
  SHARDBEAT_SETTINGS_VERSION: count(1, 1_000_000),
  SHARDBEAT_STRATEGY: oneOf(['even', 'lag'], 'even'),
  SHARDBEAT_CURSOR_EXPIRED: oneOf(['earliest', 'latest', 'fail'], 'earliest'),
  SHARDBEAT_ORDER: oneOf(['true', 'false'], 'true'),
  SHARDBEAT_BATCHES_MAX: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,9}$/, 'write a whole number from 1, or leave it out for no limit'),
    ),
  ),
  SHARDBEAT_COUNT_MAX: count(1_000, 1_000),
  SHARDBEAT_SHARDS_PARALLEL_MAX: count(4, 64),
  SHARDBEAT_LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error'], 'info'),
  SHARDBEAT_PROCESS: v.optional(v.string(), './process.mjs'),
  SHARDBEAT_SLS_ENDPOINT: required('such as cn-hangzhou.log.aliyuncs.com'),
  SHARDBEAT_SLS_PROJECT: name('the SLS project'),
  SHARDBEAT_SLS_LOGSTORE: required('the SLS logstore, or several with commas between them'),
  SHARDBEAT_SLS_REGION: v.optional(v.string()),
  SHARDBEAT_SLS_SIGNATURE: oneOf(['v4', 'v1'], 'v4'),
  SHARDBEAT_SLS_COMPRESSION: oneOf(['zstd', 'lz4'], 'zstd'),
  SHARDBEAT_SLS_QUERY: v.optional(v.string()),
  SHARDBEAT_SLS_PROCESSOR: v.optional(v.string()),
  SHARDBEAT_SLS_ACCESS_KEY_ID: v.optional(v.string()),
  SHARDBEAT_SLS_ACCESS_KEY_SECRET: v.optional(v.string()),
  SHARDBEAT_SLS_SECURITY_TOKEN: v.optional(v.string()),
  SHARDBEAT_SLS_SECRET: v.optional(v.string()),
  SHARDBEAT_SLS_PARAMETER: v.optional(v.string()),
  AWS_ENDPOINT_URL_SECRETS_MANAGER: v.optional(v.string()),
  AWS_ENDPOINT_URL_SSM: v.optional(v.string()),
  AWS_ENDPOINT_URL: v.optional(v.string()),
});

/** Reads and checks the environment. Throws a SettingsError for the first field that cannot be used. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = v.safeParse(EnvironmentSchema, withoutEmpty(environment));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const field = v.getDotPath(issue) ?? 'environment';
    const secret = field.endsWith('_SECRET') && issue.input !== undefined;
    throw new SettingsError(field, secret ? '(hidden)' : issue.input, issue.message);
  }
  const read = parsed.output;
  const sls = readSls(read);
  if (read.SHARDBEAT_COORDINATION === 'provider' && sls.logstores.length > 1) {
    const remedy =
      'a consumer group of SLS is of one logstore: choose dynamodb, or name one in SHARDBEAT_SLS_LOGSTORE';
    throw new SettingsError('SHARDBEAT_COORDINATION', 'provider', remedy);
  }
  return {
    group: read.SHARDBEAT_GROUP,
    table: read.SHARDBEAT_TABLE,
    times: readTimes(read),
    stream: `sls://${sls.project}/${sls.logstores.join(',')}`,
    coordination: read.SHARDBEAT_COORDINATION,
    start: parseStart(read.SHARDBEAT_START),
    endAt: read.SHARDBEAT_END === undefined ? undefined : parseTime('SHARDBEAT_END', read.SHARDBEAT_END),
    settingsVersion: read.SHARDBEAT_SETTINGS_VERSION,
    strategy: read.SHARDBEAT_STRATEGY === 'even' ? planEvenly : planByLag,
    onCursorExpired: read.SHARDBEAT_CURSOR_EXPIRED,
    order: read.SHARDBEAT_ORDER === 'true',
    batchesMax: Number(read.SHARDBEAT_BATCHES_MAX ?? Number.POSITIVE_INFINITY),
    countMax: read.SHARDBEAT_COUNT_MAX,
    shardsParallelMax: read.SHARDBEAT_SHARDS_PARALLEL_MAX,
    logLevel: read.SHARDBEAT_LOG_LEVEL,
    process: read.SHARDBEAT_PROCESS,
    sls,
  };
}

type Environment = v.InferOutput<typeof EnvironmentSchema>;

function readTimes(read: Environment): Times {
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

/** A variable that is set to nothing counts as not set: templates often leave it so. */
function withoutEmpty(environment: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const fields = Object.keys(EnvironmentSchema.entries);
  return Object.fromEntries(fields.map((field) => [field, environment[field] || undefined]));
}
