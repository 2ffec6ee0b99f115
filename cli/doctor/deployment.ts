/** Findings about the function, its schedules, and what serverless.yml would make of them. */
import { isNewEnough, NODE_MAJOR_MIN } from '../../infra/plugin/group.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { DeployedFunction, DeployedSchedule } from '../../lib/examine.ts';
import { several } from '../amounts.ts';
import { type Facts, type Finding, found, knownOf, type SettingsFacts } from './facts.ts';
import { unread } from './table.ts';

/** Lambda's limit for names and values together: "Lambda quotas", developer guide. */
const ENVIRONMENT_BYTES_MAX = 4_096;
const ENVIRONMENT_BYTES_NEAR = 3_686;
const MINUTE_MS = 60_000;

export function deployedFunction(facts: Facts): Finding[] {
  const { isLocal, settings } = facts;
  if (isLocal) return [];
  if (facts.function === undefined) {
    const remedy = 'give --function NAME, or run it in the folder with its serverless.yml';
    return [found('unknown', 'function', 'nobody says which one it is', remedy)];
  }
  if ('problem' in facts.function) {
    return [unread(facts.function.problem, 'lambda:GetFunctionConfiguration', 'function')];
  }
  const of = facts.function.value;
  const read = knownOf(settings);
  const wrong = [...stateOf(of), ...runtimeOf(of), ...timeoutOf(of, read), ...keysOf(of)];
  const said = `${of.runtime}, ${formatDuration(of.timeoutMs)}, ${of.memoryMb} MB`;
  return [...(wrong.length > 0 ? wrong : [found('ok', 'function', said)]), sizeOf(of.environment)];
}

function stateOf({ state, lastUpdate }: DeployedFunction): Finding[] {
  if (/^(Failed|Inactive)$/.test(state) || lastUpdate === 'Failed') {
    const says = `it is ${state}, and its last update ${lastUpdate}`;
    return [found('error', 'function', says, 'deploy it again; the console of Lambda says why')];
  }
  if (state === 'Pending' || lastUpdate === 'InProgress') {
    return [found('note', 'function', 'it is being changed', 'ask again in a minute')];
  }
  return [];
}

function runtimeOf({ runtime }: DeployedFunction): Finding[] {
  if (runtime === '' || isNewEnough(runtime)) return [];
  const remedy = `choose nodejs${NODE_MAJOR_MIN}.x or a newer one`;
  return [found('error', 'function', `its runtime is ${runtime}`, remedy)];
}

/** A tick plans its time by the setting; it is killed by Lambda's own. */
function timeoutOf({ timeoutMs }: DeployedFunction, settings: SettingsFacts | undefined): Finding[] {
  if (settings === undefined) return [];
  const { functionTimeoutMs, intervalMs } = settings;
  const [lambda, told] = [formatDuration(timeoutMs), formatDuration(functionTimeoutMs)];
  if (timeoutMs < functionTimeoutMs) {
    const remedy = `set the function's timeout to ${told}, or SHARDBEAT_FUNCTION_TIMEOUT to ${lambda}`;
    return [
      found('error', 'timeout', `Lambda ends it after ${lambda}, and a tick takes up to ${told}`, remedy),
    ];
  }
  if (timeoutMs >= intervalMs) {
    const says = `Lambda lets it run for ${lambda}, and the next tick starts after ${formatDuration(intervalMs)}`;
    return [found('error', 'timeout', says, `set the function's timeout to ${told}`)];
  }
  if (timeoutMs === functionTimeoutMs) return [];
  const says = `Lambda ends it after ${lambda}, and a tick only counts on ${told}`;
  return [found('note', 'timeout', says, `set both to one value, such as ${told}`)];
}

function keysOf({ environment }: DeployedFunction): Finding[] {
  const names = Object.keys(environment).filter((name) =>
    /^SHARDBEAT_(SLS|CLS)_ACCESS_KEY_SECRET$/.test(name),
  );
  if (names.length === 0) return [];
  const says = `${names.join(', ')} stands in its environment, for whoever may read its configuration`;
  return [
    found('warning', 'secrets', says, 'keep the key in Secrets Manager: see Secrets in docs/deploy.md'),
  ];
}

export function sizeOf(environment: Readonly<Record<string, unknown>>): Finding {
  const bytes = Object.entries(environment).reduce(
    (sum, [name, value]) =>
      sum + Buffer.byteLength(name) + (typeof value === 'string' ? Buffer.byteLength(value) : 0),
    0,
  );
  const says = `${bytes} of ${ENVIRONMENT_BYTES_MAX} bytes`;
  if (bytes <= ENVIRONMENT_BYTES_NEAR) return found('ok', 'environment', says);
  const remedy = 'shorten the largest variables, such as a query; a processor of SLS holds one under a name';
  return found(bytes > ENVIRONMENT_BYTES_MAX ? 'error' : 'warning', 'environment', says, remedy);
}

/** What would be deployed, against what is. Only names are told: values may be secrets. */
export function packaged({ packaged, ...facts }: Facts): Finding[] {
  if (packaged === undefined) return [];
  const { warnings, reservedConcurrency, slots, environment } = packaged;
  const findings = warnings.map((warning) => found('warning', 'serverless.yml', warning));
  if (reservedConcurrency !== undefined && reservedConcurrency < slots.length) {
    const says = `${reservedConcurrency} runs are reserved for ${several(slots.length, 'slot')}: some ticks are throttled`;
    findings.push(
      found('warning', 'serverless.yml', says, 'set reservedConcurrency to the number of slots or more'),
    );
  }
  const deployed = knownOf(facts.function)?.environment;
  if (deployed === undefined) return [...findings, sizeOf(environment)];
  const others = Object.entries(environment)
    .filter(([name, value]) => typeof value === 'string' && deployed[name] !== value)
    .map(([name]) => name);
  if (others.length === 0) return findings;
  const says = `it has other values than the deployed function: ${others.join(', ')}`;
  return [...findings, found('note', 'serverless.yml', says, 'deploy it, if it is to be so')];
}

export function schedules(facts: Facts): Finding[] {
  const { settings, description } = facts;
  if (facts.schedules === undefined) return [];
  if ('problem' in facts.schedules) {
    const remedy = 'scheduler:ListSchedules and scheduler:GetSchedule';
    return [unread(facts.schedules.problem, remedy, 'schedules')];
  }
  const read = knownOf(settings);
  const group = knownOf(description)?.group;
  const intervalMs = group?.settings.intervalMs ?? read?.intervalMs;
  return judged(facts.schedules.value, read?.slots ?? facts.packaged?.slots, intervalMs);
}

function judged(
  given: readonly DeployedSchedule[],
  slots: readonly string[] | undefined,
  intervalMs: number | undefined,
): Finding[] {
  if (given.length === 0) {
    const remedy =
      'deploy the group; without a schedule nobody ticks, unless something else starts the function';
    return [found('error', 'schedules', 'none starts the function', remedy)];
  }
  const wrong: Finding[] = [];
  const say = (level: Finding['level'], says: string, remedy: string): void => {
    wrong.push(found(level, 'schedules', says, remedy));
  };
  const named = (those: readonly DeployedSchedule[]): string =>
    those.map(({ name, slot }) => slot ?? name).join(', ');
  const enabled = given.filter(({ enabled }) => enabled);
  const disabled = given.filter(({ enabled }) => !enabled);
  if (disabled.length > 0)
    say('warning', `disabled: ${named(disabled)}`, 'enable them, or set enabled: true');
  const ticking = enabled.flatMap(({ slot }) => slot ?? []);
  const starting = given.filter(({ ofStarter }) => ofStarter);
  const without = enabled.filter(({ slot, ofStarter }) => slot === undefined && !ofStarter);
  if (without.length > 0)
    say('error', `no slot in the event: ${named(without)}`, 'send {"slot": "consumer-0"}');
  const twice = [...new Set(ticking.filter((slot, index) => ticking.indexOf(slot) !== index))];
  if (twice.length > 0)
    say(
      'error',
      `two for one slot: ${twice.join(', ')}`,
      'delete one of each: one of their runs is always refused',
    );
  const isStarted = starting.length > 0;
  if (starting.length > 1 || (isStarted && ticking.length > 0))
    say(
      'error',
      `the starter starts the slots, and so do others: ${named(given.filter(({ ofStarter }) => !ofStarter).concat(starting.slice(1)))}`,
      'delete these: one of two runs of a slot always waits for the other',
    );
  const missing = isStarted
    ? []
    : (slots ?? []).filter((slot) => !given.some((schedule) => schedule.slot === slot));
  if (missing.length > 0)
    say('error', `none for ${missing.join(', ')}`, 'deploy again: a slot without one never ticks');
  const foreign = slots === undefined ? [] : ticking.filter((slot) => !slots.includes(slot));
  if (foreign.length > 0)
    say('error', `of no slot in SHARDBEAT_SLOTS: ${foreign.join(', ')}`, 'delete them, or have more slots');
  const others = enabled.filter(
    ({ expression }) => intervalMs !== undefined && rateMs(expression) !== intervalMs,
  );
  if (others.length > 0) {
    const says = `${others[0]!.expression}, and the group's interval is ${formatDuration(intervalMs!)}: ${named(others)}`;
    say('error', says, 'give both the same: sessions and waits are counted in intervals');
  }
  const repeated = enabled.filter(({ retriesMax }) => retriesMax > 0);
  if (repeated.length > 0)
    say(
      'warning',
      `repeated when refused: ${named(repeated)}`,
      'set MaximumRetryAttempts to 0: the next tick does the same work',
    );
  return wrong.length > 0
    ? wrong
    : [found('ok', 'schedules', `${several(enabled.length, 'schedule')}, ${enabled[0]!.expression}`)];
}

/** Undefined for what is no rate in minutes, hours or days. */
function rateMs(expression: string): number | undefined {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const minutes = { minute: 1, hour: 60, day: 1_440 }[unit ?? ''];
  return minutes === undefined ? undefined : Number(count) * minutes * MINUTE_MS;
}
