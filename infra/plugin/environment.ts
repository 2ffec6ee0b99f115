import { CLS_NAMES } from '../../lib/config/clsSettings.ts';
import { COMMON_NAMES, readSettings } from '../../lib/config/settings.ts';
import { SLS_NAMES } from '../../lib/config/slsSettings.ts';
import { formatDuration } from '../../lib/duration.ts';
import { SettingsError, ShardbeatError } from '../../lib/errors.ts';
import type { CloudFormation, GroupConfig, Scalar, SourceConfig } from './config.ts';

const PREFIX = 'SHARDBEAT_';
/** Lambda's limit for names and values together: "Lambda quotas", developer guide. */
const ENVIRONMENT_BYTES_MAX = 4_096;
/** Lambda's, of a variable's name: "CreateFunction", API reference. */
const VARIABLE = /^[a-zA-Z]\w+$/;
/** Of the entries of an environment that is too large, those that an error names. */
const LARGEST_SHOWN = 3;

export type Environment = Record<string, string | CloudFormation>;

/** The settings that a group may have, by where they stand; what follows from something else is not among them. */
export const SETTINGS: Readonly<Record<'group' | 'sls' | 'cls', readonly string[]>> = (() => {
  const derived = ['SHARDBEAT_TABLE', 'SHARDBEAT_SOURCE', 'SHARDBEAT_FUNCTION_TIMEOUT'];
  const all = [...COMMON_NAMES, ...SLS_NAMES, ...CLS_NAMES].filter((name) => name.startsWith(PREFIX));
  const isOf = (source: string) => (name: string) => name.startsWith(`${PREFIX}${source}_`);
  const common = new Set(
    all.filter((name) => !isOf('SLS')(name) && !isOf('CLS')(name) && !derived.includes(name)),
  );
  const named = (names: readonly string[], prefix: string) =>
    names.map((name) => camelCase(name.slice(prefix.length)));
  return {
    group: named([...common], PREFIX),
    sls: named(SLS_NAMES.filter(isOf('SLS')), `${PREFIX}SLS_`),
    cls: named(CLS_NAMES.filter(isOf('CLS')), `${PREFIX}CLS_`),
  };
})();

function camelCase(constant: string): string {
  return constant.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function constantCase(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/**
 * What the group's function is told: the settings under their variables' names. Throws a SettingsError for one that cannot be
 * taken by its text, and for a group that has no source or two.
 */
export function settingsOf(name: string, config: GroupConfig, table: string): Environment {
  const source = sourceOf(name, config);
  const own = { group: name, slots: 1, interval: '1m', ...config };
  return {
    [`${PREFIX}TABLE`]: table,
    [`${PREFIX}SOURCE`]: source,
    ...textsOf(own, SETTINGS.group, PREFIX, `groups.${name}`),
    ...textsOf(
      config[source] ?? {},
      SETTINGS[source],
      `${PREFIX}${source.toUpperCase()}_`,
      `groups.${name}.${source}`,
    ),
  };
}

function sourceOf(name: string, { sls, cls }: GroupConfig): 'sls' | 'cls' {
  if ((sls === undefined) !== (cls === undefined)) return sls === undefined ? 'cls' : 'sls';
  const remedy = 'say under sls or cls, and one of them only, which stream it consumes';
  throw new SettingsError(`groups.${name}`, sls && 'sls and cls', remedy);
}

function textsOf(config: SourceConfig, names: readonly string[], prefix: string, path: string): Environment {
  const texts: Environment = {};
  for (const name of names) {
    const text = textOf(config[name], `${path}.${name}`);
    if (text !== undefined) texts[prefix + constantCase(name)] = text;
  }
  return texts;
}

/** A list has commas; white space around a value, which files and pastes bring, goes. */
function textOf(value: unknown, field: string): string | CloudFormation | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.map((entry) => textOf(entry, field)).join(',');
  if (typeof value === 'object') return value;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw changedByYaml(field, value);
  return String(value as Scalar).trim() || undefined;
}

const changedByYaml = (field: string, value: number): SettingsError =>
  new SettingsError(field, value, 'put it in quotes: YAML takes it for a number and changes it');

/** The variables for the user's module, as they are written. Throws a SettingsError for what is no text, or no longer the one that was written. */
export function variablesOf(
  variables: Readonly<Record<string, Scalar | CloudFormation | null>>,
  path: string,
): Environment {
  const texts: Environment = {};
  for (const [name, value] of Object.entries(variables)) {
    const field = `${path}.${name}`;
    if (name.startsWith(PREFIX)) {
      throw new SettingsError(field, '(set)', 'settings of the group stand beside its module');
    }
    if (!VARIABLE.test(name)) {
      const remedy = 'Lambda takes two or more letters, digits and _, a letter first: call it otherwise';
      throw new SettingsError(field, name, remedy);
    }
    if (Array.isArray(value)) throw new SettingsError(field, '(a list)', 'write a text');
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      throw changedByYaml(field, value);
    }
    if (value !== null) texts[name] = typeof value === 'object' ? value : String(value);
  }
  return texts;
}

/** What the function would read there is not known before it is deployed; this has the form. */
const UNKNOWN_YET = 'known-when-deployed';
const UNKNOWN_QUEUE = `arn:aws:sqs:us-east-1:000000000000:${UNKNOWN_YET}`;

const unknownYet = (name: string): string => (name === `${PREFIX}DEAD_LETTERS` ? UNKNOWN_QUEUE : UNKNOWN_YET);

const PASSED = 'it has passed, and a group that is new begins at the end: it would read nothing';

/**
 * Checks the environment as the function does at its cold start, and that it is not too large. Returns what may be a mistake. Throws
 * a SettingsError for what the function would refuse.
 *
 * @param merged with the provider's variables, as it is deployed
 */
export function checkEnvironment(
  group: string,
  merged: Readonly<Record<string, Scalar | CloudFormation>>,
  now: number = Date.now(),
): string[] {
  const known = Object.entries(merged).map(
    ([name, value]) => [name, typeof value === 'object' ? unknownYet(name) : String(value)] as const,
  );
  checkSize(group, known);
  try {
    const { unknown, start, endAt = now } = readSettings(Object.fromEntries(known), { now });
    const told = unknown.map(({ name, remedy }) => `${name}: ${remedy}`);
    // No error: a group that began in time goes on to its end, however often it is deployed.
    if (start.at === 'end' && endAt < now) told.push(`groups.${group}.end: ${PASSED}`);
    return told;
  } catch (error) {
    throw error instanceof SettingsError ? asWritten(error, group) : error;
  }
}

/** With the names that stand in serverless.yml, instead of those of the variables. */
function asWritten(error: SettingsError, group: string): ShardbeatError {
  const message = error.message.replaceAll(/SHARDBEAT_[A-Z_]+/g, (name) => {
    const rest = name.slice(PREFIX.length);
    const section = (['sls', 'cls'] as const).find((source) => rest.startsWith(`${source.toUpperCase()}_`));
    if (section !== undefined) return `${section}.${camelCase(rest.slice(section.length + 1))}`;
    return SETTINGS.group.includes(camelCase(rest)) ? camelCase(rest) : name;
  });
  return new ShardbeatError(`groups.${group}.${message}`, { retriable: false, cause: error });
}

function checkSize(group: string, entries: readonly (readonly [string, string])[]): void {
  const sizes = entries.map(([name, value]) => ({
    name,
    bytes: Buffer.byteLength(name) + Buffer.byteLength(value),
  }));
  const bytes = sizes.reduce((sum, entry) => sum + entry.bytes, 0);
  if (bytes <= ENVIRONMENT_BYTES_MAX) return;
  const largest = sizes.sort((one, other) => other.bytes - one.bytes).slice(0, LARGEST_SHOWN);
  const shown = largest.map((entry) => `${entry.name} (${entry.bytes})`).join(', ');
  const remedy = `Lambda takes ${ENVIRONMENT_BYTES_MAX} bytes of names and values: shorten the largest, ${shown}`;
  throw new SettingsError(`groups.${group}.environment`, `${bytes} bytes`, remedy);
}

/** The variable that tells a tick when it will be ended. */
export const timeoutSetting = (timeoutMs: number): Environment => ({
  [`${PREFIX}FUNCTION_TIMEOUT`]: formatDuration(timeoutMs),
});
