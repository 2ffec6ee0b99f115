import { SettingsError } from '../errors.ts';
import { eachRecordOf } from './eachRecord.ts';
import type { EachBatch, EachRecord } from './userModule.ts';

/** For whoever refuses a module before it is run, too. */
export const MODULE_REMEDY =
  'export one function from it, eachBatch(batch, context) or eachRecord(record, context), by its name or as the default, which is taken for eachBatch';

/** A CommonJS module is the default of what `import` gives, and may have a default of its own. */
const DEFAULTS_MAX = 2;
const SHOWN_MAX = 10;

/**
 * The user's function as a tick calls it, whatever the module's form: names or a default, of an ES module, of CommonJS as Node
 * imports it, or as bundlers do. Throws a SettingsError that says what is exported, where that is neither of the two functions,
 * or both.
 */
export function userFunctionOf(module: unknown): EachBatch {
  let exported = module;
  for (let depth = 0; depth <= DEFAULTS_MAX; depth++) {
    if (typeof exported === 'function') return exported as EachBatch;
    if (!isObject(exported)) break;
    const { eachBatch, eachRecord, default: inner } = exported as Record<string, unknown>;
    if (eachBatch !== undefined && eachRecord !== undefined) throw refused(exported);
    if (typeof eachBatch === 'function') return eachBatch as EachBatch;
    if (typeof eachRecord === 'function') return eachRecordOf(eachRecord as EachRecord);
    if (eachBatch !== undefined || eachRecord !== undefined) break;
    exported = inner;
  }
  throw refused(module);
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
