import { SettingsError } from '../errors.ts';
import { isLogger, LOGGER_REMEDY } from '../observe/anyLogger.ts';
import { isOpenTelemetry, OPEN_TELEMETRY_REMEDY } from '../observe/openTelemetry.ts';
import type {
  EachBatch,
  EachRecord,
  ModuleExtras,
  OnEvent,
  RecordKey,
  StartShard,
  StopShard,
} from './userModule.ts';

/** For whoever refuses a module before it is run, too. */
export const MODULE_REMEDY =
  'export one function from it, eachBatch(batch, context) or eachRecord(record, context), by its name or as the default, which is taken for eachBatch';

/** What stands beside the function, and what it is for. */
const BESIDE = {
  start: 'export a function, start(shard, context)',
  stop: 'export a function, stop(shard, why, context)',
  onEvent: 'export a function, onEvent(event, context)',
  key: 'export a function beside eachRecord, key(record), which returns a string',
} as const;

/** The same of a `key` that stands beside `eachBatch`. */
export const KEY_REMEDY = BESIDE.key;

/** A module's functions, whatever its form, and its logger, if it has one. */
export type Exported = ModuleExtras &
  (
    | { readonly eachBatch: EachBatch; readonly eachRecord?: undefined; readonly key?: undefined }
    | { readonly eachRecord: EachRecord; readonly eachBatch?: undefined; readonly key?: RecordKey }
  );

/** A CommonJS module is the default of what `import` gives, and may have a default of its own. */
const DEFAULTS_MAX = 2;
const SHOWN_MAX = 10;

/**
 * The user's functions, whatever the module's form: names or a default, of an ES module, of CommonJS as Node imports it, or as
 * bundlers do. What stands beside the function may be a name of its own where the function is a default. Throws a SettingsError
 * that says what is exported, where that is neither of the two functions, or both, and for anything beside it that is no function.
 */
export function exportedOf(module: unknown): Exported {
  const levels: Record<string, unknown>[] = [];
  let exported = module;
  for (let depth = 0; depth <= DEFAULTS_MAX; depth++) {
    if (typeof exported === 'function') return { eachBatch: exported as EachBatch, ...besideBatch(levels) };
    if (!isObject(exported)) break;
    const level = exported as Record<string, unknown>;
    levels.unshift(level);
    const { eachBatch, eachRecord, default: inner } = level;
    if (hasBoth(level, inner)) throw refused(exported);
    if (typeof eachBatch === 'function') return { eachBatch: eachBatch as EachBatch, ...besideBatch(levels) };
    if (typeof eachRecord === 'function') {
      const key = functionOf(levels, 'key') as RecordKey | undefined;
      return { eachRecord: eachRecord as EachRecord, ...(key && { key }), ...extras(levels) };
    }
    if (eachBatch !== undefined || eachRecord !== undefined) break;
    exported = inner;
  }
  throw refused(module);
}

/** By their names, or one of them within the default: nobody can say which one is meant. */
function hasBoth({ eachBatch, eachRecord }: Readonly<Record<string, unknown>>, inner: unknown): boolean {
  const within = (isObject(inner) ? inner : {}) as Record<string, unknown>;
  const [batch, record] = [eachBatch ?? within.eachBatch, eachRecord ?? within.eachRecord];
  return batch !== undefined && record !== undefined;
}

type Levels = readonly Readonly<Record<string, unknown>>[];

function besideBatch(levels: Levels): ModuleExtras {
  const key = nearest(levels, 'key');
  // Whoever exports it relies on an order of its records.
  if (key !== undefined) throw new SettingsError('module', `exports: key (${kindOf(key)})`, BESIDE.key);
  return extras(levels);
}

function extras(levels: Levels): ModuleExtras {
  const start = functionOf(levels, 'start') as StartShard | undefined;
  const stop = functionOf(levels, 'stop') as StopShard | undefined;
  const onEvent = functionOf(levels, 'onEvent') as OnEvent | undefined;
  const logger = beside(levels, 'logger', isLogger, LOGGER_REMEDY);
  const openTelemetry = beside(levels, 'openTelemetry', isOpenTelemetry, OPEN_TELEMETRY_REMEDY);
  return {
    ...(start && { start }),
    ...(stop && { stop }),
    ...(onEvent && { onEvent }),
    ...(logger && { logger }),
    ...(openTelemetry && { openTelemetry }),
  };
}

/** What is no function. */
function beside<T>(
  levels: Levels,
  name: string,
  isOne: (value: unknown) => value is T,
  remedy: string,
): T | undefined {
  const found = nearest(levels, name);
  if (found === undefined || isOne(found)) return found;
  throw new SettingsError('module', `exports: ${name} (${kindOf(found)})`, remedy);
}

/** What is nearest to the user's function counts. */
const nearest = (levels: Levels, name: string): unknown =>
  levels.find((level) => level[name] !== undefined)?.[name];

function functionOf(levels: Levels, name: keyof typeof BESIDE): unknown {
  const found = nearest(levels, name);
  if (found === undefined || typeof found === 'function') return found;
  throw new SettingsError('module', `exports: ${name} (${kindOf(found)})`, BESIDE[name]);
}

function refused(module: unknown): SettingsError {
  return new SettingsError('module', `exports: ${describe(module)}`, MODULE_REMEDY);
}

/** Names and kinds, such as `handler (function), default (handler, other)`. */
function describe(module: unknown): string {
  return isObject(module) ? listed(module, kindOf) : kindOf(module);
}

/** Of an object, its names: what CommonJS exports is one, under `default`. */
const kindOf = (value: unknown): string => {
  if (isObject(value)) return listed(value, () => undefined);
  return value === null ? 'null' : typeof value;
};

function listed(object: object, told: (value: unknown) => string | undefined): string {
  // Node gives what CommonJS exports under this name, too.
  const entries = Object.entries(object).filter(([name]) => name !== 'module.exports');
  const shown = entries.slice(0, SHOWN_MAX).map(([name, value]) => {
    const kind = told(value);
    return kind === undefined ? name : `${name} (${kind})`;
  });
  if (entries.length > SHOWN_MAX) shown.push(`${entries.length - SHOWN_MAX} more`);
  return shown.join(', ') || 'nothing';
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
