import { functionTimeoutOf } from '../../lib/config/linger.ts';
import { readSlots, type Slots } from '../../lib/config/slot.ts';
import { STARTER_SUFFIX } from '../../lib/config/starter.ts';
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import { deriveTimes } from '../../lib/times.ts';
import type { BundleOptions } from '../bundle.ts';
import type { Target } from '../bundling/target.ts';
import { readAlarms, type Watched } from './alarms.ts';
import type { DoorbellConfig, GroupConfig, ProviderConfig, VpcConfig } from './config.ts';
import { readDoorbell } from './doorbell.ts';
import {
  checkEnvironment,
  type Environment,
  settingsOf,
  timeoutSetting,
  variablesOf,
} from './environment.ts';
import type { GroupResources } from './resources.ts';
import { type StarterResources, starterFunction } from './starter.ts';
import { statementsOf, vpcOf } from './statements.ts';

const MINUTE_MS = 60_000;
/** What osls allows a function. Lambda's own limit is another one, and has been raised. */
const FUNCTION_TIMEOUT_MS_MAX = 15 * MINUTE_MS;
/** A stack holds 500 resources, and a slot that has a schedule is one of them. */
const SLOTS_MAX = 400;
const MEMORY_SIZE = 512;
const LOG_RETENTION_DAYS = 30;
const RUNTIME = 'nodejs24.x';
/** The oldest Node that the package runs under. */
export const NODE_MAJOR_MIN = 22;
/** Lambda's: "CreateFunction", API reference. */
const FUNCTION_NAME_CHARACTERS_MAX = 64;

/** What a group is given by the service that it is part of. */
export interface Service {
  /** In front of the names of functions: service and stage. */
  prefix: string;
  table: string;
  provider: ProviderConfig;
}

/** All that follows from one group, but for what the Framework makes of its function. */
export interface Group {
  /** As the Framework knows the function: `osls invoke -f …`. */
  functionKey: string;
  function: FunctionConfig;
  vpc: VpcConfig | undefined;
  intervalMs: number;
  alarms: Watched | undefined;
  doorbell: DoorbellConfig | undefined;
  dashboard: boolean;
  resources: Omit<GroupResources, 'ids' | 'logGroupName' | 'starter'>;
  /** What starts the slots, where they have no schedules of their own. */
  starter: Starter | undefined;
  bundle: Required<
    Pick<BundleOptions, 'module' | 'external' | 'patterns' | 'target' | 'field' | 'patternsField'>
  >;
  /** What may be a mistake. */
  warnings: readonly string[];
}

export interface Starter {
  functionKey: string;
  function: FunctionConfig;
  resources: Omit<StarterResources, 'ids' | 'logGroupName'>;
}

/** A function as the Framework compiles it; its handler and its archive come with the bundle. */
export interface FunctionConfig {
  name: string;
  description: string;
  runtime: string;
  architecture?: string;
  memorySize: number;
  timeout: number;
  environment: Environment;
  reservedConcurrency?: number;
  maximumRetryAttempts: 0;
  maximumEventAge: 60;
  versionFunction: false;
  tags?: Readonly<Record<string, string>>;
  layers?: readonly unknown[];
  events: [];
}

/**
 * Reads and checks a group. Throws a SettingsError for what the Framework, CloudFormation or the function would refuse later, and
 * names it as it stands in serverless.yml.
 */
export function readGroup(name: string, config: GroupConfig, service: Service): Group {
  const { provider } = service;
  const path = `groups.${name}`;
  const { written, slots, slotsMin } = readCounts(config.slots ?? 1, `${path}.slots`);
  const intervalMs = parseDuration(`${path}.interval`, String(config.interval ?? '1m'));
  const rate = rateOf(intervalMs, `${path}.interval`);
  const timeoutMs = timeoutOf(config, intervalMs, path);
  const doorbell = readDoorbell(config, path);
  const told = { ...config, slots: written, ...(doorbell !== undefined && { doorbell: true }) };
  const settings = { ...settingsOf(name, told, service.table), ...timeoutSetting(timeoutMs) };
  const environment = environmentOf(config, settings, path);
  const warnings = checkEnvironment(name, { ...provider.environment, ...environment });
  const runtime = runtimeOf(config, provider, path);
  const group = String(settings.SHARDBEAT_GROUP);
  const functionKey = `shardbeat-${name}`;
  const starts = typeof config.slots === 'object';
  const consumer = functionName(`${service.prefix}-${functionKey}`, starts, path);
  const common = {
    group,
    logRetentionInDays: config.logRetentionInDays ?? provider.logRetentionInDays ?? LOG_RETENTION_DAYS,
    tags: { ...provider.tags, ...config.tags },
    roleProperties: rolePropertiesOf(provider),
  };
  const same = { name: consumer, runtime, environment, ...given(config, ['architecture', 'tags']) };
  const starter: Starter = {
    functionKey: functionKey + STARTER_SUFFIX,
    function: starterFunction(same, group),
    resources: { ...common, provider, scales: slotsMin !== undefined },
  };
  return {
    functionKey,
    starter: starts ? starter : undefined,
    vpc: vpcOf(config, provider),
    intervalMs,
    alarms: readAlarms(config.alarms, `${path}.alarms`, intervalMs),
    dashboard: config.dashboard ?? false,
    doorbell,
    function: {
      name: consumer,
      description: `One tick of a slot of the consumer group ${group}`,
      runtime,
      memorySize: config.memorySize ?? provider.memorySize ?? MEMORY_SIZE,
      timeout: timeoutMs / 1_000,
      environment,
      // A tick that failed is repeated by the next one.
      maximumRetryAttempts: 0,
      maximumEventAge: 60,
      // Schedules call the newest code; old versions would only pile up.
      versionFunction: false,
      ...given(config, ['architecture', 'reservedConcurrency', 'tags', 'layers']),
      events: [],
    },
    resources: {
      ...common,
      slots,
      rate,
      enabled: config.enabled ?? true,
      statements: statementsOf({ group, path }, config, provider),
    },
    bundle: {
      module: config.module,
      external: config.external ?? [],
      patterns: config.package?.patterns ?? [],
      target: targetOf(config, provider, runtime),
      field: `${path}.module`,
      patternsField: `${path}.package.patterns`,
    },
    warnings: [...warnings, ...keysIn(config, path)],
  };
}

/** Whoever may see the stack or the function sees these. */
function keysIn({ sls, cls }: GroupConfig, path: string): string[] {
  const source = sls === undefined ? 'cls' : 'sls';
  if ((sls ?? cls)?.accessKeySecret === undefined) return [];
  return [
    `${path}.${source}.accessKeySecret: it stands in the template and in the function's environment; a secret would not`,
  ];
}

function given(config: GroupConfig, keys: readonly string[]): object {
  return Object.fromEntries(keys.flatMap((key) => (config[key] === undefined ? [] : [[key, config[key]]])));
}

/** `written`: as the function is told. */
function readCounts(slots: NonNullable<GroupConfig['slots']>, field: string): Slots & { written: string } {
  if (typeof slots === 'object') {
    const { min = 1, max } = slots;
    if (max === undefined) throw new SettingsError(`${field}.max`, max, 'say how many there may be at most');
    const written = `${min}-${max}`;
    return { written, ...readSlots(field, written) };
  }
  const written = String(slots);
  const count = /^[1-9]\d{0,5}$/.test(written) ? Number(written) : Number.NaN;
  if (count <= SLOTS_MAX) return { written, ...readSlots(field, written) };
  const remedy = `write a whole number from 1 to ${SLOTS_MAX}, or min and max: more slots need one schedule for all`;
  throw new SettingsError(field, slots, remedy);
}

function rateOf(intervalMs: number, field: string): string {
  const minutes = intervalMs / MINUTE_MS;
  if (Number.isInteger(minutes)) return `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`;
  const remedy = 'schedules start at whole minutes: choose 1m to 30m';
  throw new SettingsError(field, formatDuration(intervalMs), remedy);
}

function timeoutOf(config: GroupConfig, intervalMs: number, path: string): number {
  const names = { interval: `${path}.interval`, functionTimeout: `${path}.timeout` };
  const usual = functionTimeoutOf(String(config.linger ?? '').trim(), intervalMs);
  const set = config.timeout === undefined ? usual : { functionTimeoutMs: config.timeout * 1_000 };
  return Math.min(deriveTimes(intervalMs, set, names).functionTimeoutMs, FUNCTION_TIMEOUT_MS_MAX);
}

function environmentOf(config: GroupConfig, settings: Environment, path: string): Environment {
  return {
    ...variablesOf(config.environment ?? {}, `${path}.environment`),
    ...settings,
  };
}

function runtimeOf({ runtime }: GroupConfig, provider: ProviderConfig, path: string): string {
  if (runtime !== undefined && !isNewEnough(runtime)) {
    throw new SettingsError(`${path}.runtime`, runtime, `choose nodejs${NODE_MAJOR_MIN}.x or a newer one`);
  }
  const ofService = provider.runtime ?? RUNTIME;
  return runtime ?? (isNewEnough(ofService) ? ofService : RUNTIME);
}

const nodeMajor = (runtime: string): number => Number(/^nodejs(\d+)\.x$/.exec(runtime)?.[1] ?? 0);
/** Of a runtime as Lambda calls it. */
export const isNewEnough = (runtime: string): boolean => nodeMajor(runtime) >= NODE_MAJOR_MIN;

function targetOf(config: GroupConfig, provider: ProviderConfig, runtime: string): Target {
  const architecture = config.architecture ?? provider.architecture ?? 'x86_64';
  return { architecture, system: 'linux', nodeMajor: nodeMajor(runtime) };
}

function functionName(name: string, hasStarter: boolean, path: string): string {
  const longest = hasStarter ? name + STARTER_SUFFIX : name;
  if (longest.length <= FUNCTION_NAME_CHARACTERS_MAX) return name;
  const remedy = `the function would be called ${longest}, and Lambda takes ${FUNCTION_NAME_CHARACTERS_MAX} characters: write a shorter name here, and the group's under group`;
  throw new SettingsError(path, `${longest.length} characters`, remedy);
}

/** What an account may demand of every role. */
function rolePropertiesOf({ iam, rolePermissionsBoundary }: ProviderConfig): Record<string, unknown> {
  const { path, permissionsBoundary, permissionBoundary } = iam?.role ?? {};
  const boundary = permissionsBoundary ?? permissionBoundary ?? rolePermissionsBoundary;
  return {
    ...(path !== undefined && { Path: path }),
    ...(boundary !== undefined && { PermissionsBoundary: boundary }),
  };
}
