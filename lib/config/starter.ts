/** What the function is told that starts the slots of a group. */
import * as v from 'valibot';
import { parseDuration } from '../duration.ts';
import { deriveTimes, type Times } from '../times.ts';
import { endpointIn } from './awsEndpoint.ts';
import { type Environment, name, oneOf, parseEnvironment, required } from './rules.ts';
import { readSlots } from './slot.ts';

/** After the name of the function whose slots it starts. */
export const STARTER_SUFFIX = '-starter';

export interface StarterSettings {
  group: string;
  table: string;
  times: Times;
  /** All that there may be. */
  slots: readonly string[];
  /** Undefined: there are always all. */
  slotsMin: number | undefined;
  /** Name or ARN of the function that consumes. */
  function: string;
  /** Another address of Lambda than the region's. */
  endpoint: string | undefined;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const Schema = v.object({
  SHARDBEAT_GROUP: name('the name of the consumer group'),
  SHARDBEAT_TABLE: name('the name of the DynamoDB table'),
  SHARDBEAT_INTERVAL: required('the schedule, such as 1m'),
  SHARDBEAT_SLOTS: required(
    'the slots that are started: a count, or the least and the greatest such as 2-40',
  ),
  SHARDBEAT_FUNCTION: v.pipe(
    required('the name of the function that consumes'),
    v.regex(/^[\w:-]{1,170}$/, 'write the name or the ARN of the function that consumes'),
  ),
  SHARDBEAT_LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error'], 'info'),
  AWS_ENDPOINT_URL_LAMBDA: v.optional(v.string()),
  AWS_ENDPOINT_URL: v.optional(v.string()),
});

/** What the variables are called. */
export const STARTER_NAMES: readonly string[] = Object.keys(Schema.entries);

/** Throws a SettingsError for the first variable that cannot be used. */
export function readStarter(environment: Environment): StarterSettings {
  const read = parseEnvironment(Schema, environment);
  return {
    group: read.SHARDBEAT_GROUP,
    table: read.SHARDBEAT_TABLE,
    times: deriveTimes(
      parseDuration('SHARDBEAT_INTERVAL', read.SHARDBEAT_INTERVAL),
      {},
      { interval: 'SHARDBEAT_INTERVAL' },
    ),
    ...readSlots('SHARDBEAT_SLOTS', read.SHARDBEAT_SLOTS),
    function: read.SHARDBEAT_FUNCTION,
    endpoint: endpointIn(read, 'AWS_ENDPOINT_URL_LAMBDA'),
    logLevel: read.SHARDBEAT_LOG_LEVEL,
  };
}
