import { readSettings } from '../lib/config/settings.ts';
import { deployedSlots } from '../lib/config/slot.ts';
import { formatDuration, parseDuration } from '../lib/duration.ts';
import { SettingsError } from '../lib/errors.ts';
import { deriveTimes } from '../lib/times.ts';

/** What the Framework hands to a function that `${file(infra/deployment.js):consume}` names. */
export interface Framework {
  resolveVariable(variable: string): Promise<unknown>;
  resolveConfigurationProperty(path: readonly string[]): Promise<unknown>;
}

/** The parts of `serverless.yml` that follow from `slots` and `interval`. */
export interface Deployment {
  slots: number;
  timeout: number;
  environment: Record<string, string>;
  events: { schedule: Schedule }[];
  resources: { Resources: Record<string, object> };
}

export interface Schedule {
  method: 'scheduler';
  name: string;
  description: string;
  rate: [string];
  roleArn: object;
  input: { slot: string };
}

const MINUTE_MS = 60_000;
const LAMBDA_TIMEOUT_MS_MAX = 15 * MINUTE_MS;
/** A stack holds 500 resources, and a slot is one of them. */
const SLOTS_MAX = 400;

/** Reads `serverless.yml` through the Framework. Throws a SettingsError for what could not run once deployed. */
export async function consume(framework: Framework): Promise<Deployment> {
  const source = readSource(String(await framework.resolveVariable('param:source')));
  const [slots, interval, service, stage, environment, ofSource] = await Promise.all([
    framework.resolveVariable('param:slots'),
    framework.resolveVariable('param:interval'),
    framework.resolveVariable('self:service'),
    framework.resolveVariable('sls:stage'),
    framework.resolveConfigurationProperty(['custom', 'environment']),
    framework.resolveConfigurationProperty(['custom', source]),
  ]);
  return deploy({
    slots: String(slots),
    interval: String(interval),
    prefix: `${service}-${stage}`,
    environment: { ...(environment as Record<string, string>), ...(ofSource as Record<string, string>) },
    warn: (line) => process.stderr.write(`Warning: ${line}\n`),
  });
}

function readSource(text: string): 'sls' | 'cls' {
  if (text === 'sls' || text === 'cls') return text;
  throw new SettingsError('source', text, 'choose sls or cls');
}

/**
 * Derives all that follows from the number of slots and the interval, and checks the environment as the function will do
 * at its cold start: what the function would refuse is refused before it is deployed.
 */
export function deploy(given: {
  slots: string;
  interval: string;
  /** Before the slot in the names of schedules, which are one namespace in an account and region. */
  prefix: string;
  environment: Readonly<Record<string, string>>;
  /** Told what may be a mistake. */
  warn?: (line: string) => void;
}): Deployment {
  const slots = readSlots(given.slots);
  const intervalMs = parseDuration('interval', given.interval);
  const timeoutMs = Math.min(deriveTimes(intervalMs).functionTimeoutMs, LAMBDA_TIMEOUT_MS_MAX);
  const rate = rateOf(intervalMs);
  const environment = {
    ...given.environment,
    SHARDBEAT_INTERVAL: formatDuration(intervalMs),
    SHARDBEAT_FUNCTION_TIMEOUT: formatDuration(timeoutMs),
    SHARDBEAT_SLOTS: String(slots),
  };
  for (const { name, remedy } of readSettings(environment).unknown) given.warn?.(`${name}: ${remedy}`);
  const names = deployedSlots(slots);
  return {
    slots,
    timeout: timeoutMs / 1_000,
    environment,
    events: names.map((slot) => ({ schedule: schedule(slot, given.prefix, rate) })),
    resources: { Resources: Object.fromEntries(names.map((_, index) => withoutRetry(index))) },
  };
}

function readSlots(text: string): number {
  const slots = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : Number.NaN;
  if (slots <= SLOTS_MAX) return slots;
  throw new SettingsError('slots', text, `write a whole number from 1 to ${SLOTS_MAX}`);
}

function rateOf(intervalMs: number): string {
  const minutes = intervalMs / MINUTE_MS;
  if (Number.isInteger(minutes)) return `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`;
  const remedy = 'schedules start at whole minutes: choose 1m to 30m';
  throw new SettingsError('interval', formatDuration(intervalMs), remedy);
}

function schedule(slot: string, prefix: string, rate: string): Schedule {
  return {
    method: 'scheduler',
    name: `${prefix}-${slot}`,
    description: `Ticks of the slot ${slot}`,
    rate: [rate],
    roleArn: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] },
    input: { slot },
  };
}

/**
 * Completes the schedule that the Framework makes of an event. Without it the scheduler would repeat a tick that could not
 * be started for 24 hours; the next tick does the same work, so a late one is worth nothing.
 */
function withoutRetry(index: number): [logicalId: string, resource: object] {
  const RetryPolicy = { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 };
  const resource = { Type: 'AWS::Scheduler::Schedule', Properties: { Target: { RetryPolicy } } };
  return [`ConsumeSchedulerSchedule${index + 1}`, resource];
}
