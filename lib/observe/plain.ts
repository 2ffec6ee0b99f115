/**
 * Anything as plain JSON, of bounded size and without secrets: what a log line is made of. Nothing here throws, whatever the
 * value does, and no more of it is walked than is written.
 */
import { isArray, isError, partsOf, readField, textOf } from './plainError.ts';
import { HIDDEN, isSecretName } from './secretPatterns.ts';
import { shortened } from './secrets.ts';

export type Plain = string | number | boolean | null | undefined | Plain[] | { [field: string]: Plain };

export interface Bounds {
  /** Values in all, those within others included. */
  values: number;
  /** Characters in all. */
  characters: number;
  /** Of one text. */
  textCharacters: number;
  /** Of one object, list, map or set. */
  entries: number;
  /** Objects within objects; causes of causes. */
  depth: number;
}

const ELSE = '…';
const NAME_CHARACTERS_MAX = 200;
/** An AggregateError of a thousand parts is told by its first few. */
const ERRORS_MAX = 5;
/** Fields that hold what was thrown, which need not be an error. */
const ERROR_FIELDS = new Set(['error', 'err', 'cause']);

/** Makes one line's values plain; what they may take is of all of them together. */
export function createPlain(bounds: Bounds): (value: unknown, field: string) => Plain {
  const left = { values: bounds.values, characters: bounds.characters };
  const path = new Set<object>();

  const text = (value: string, charactersMax = bounds.textCharacters): string => {
    if (left.characters <= 0) {
      left.values = 0;
      return ELSE;
    }
    const shown = shortened(value, Math.min(charactersMax, left.characters));
    left.characters -= shown.length;
    return shown;
  };

  const plain = (value: unknown, field: string): Plain => {
    if (left.values-- <= 0) return ELSE;
    if (typeof value === 'string') return isSecretName(field) ? HIDDEN : text(value);
    if (typeof value === 'function') return ERROR_FIELDS.has(field) ? ofError(value) : undefined;
    if (typeof value === 'bigint' || typeof value === 'symbol') return text(textOf(value));
    if (typeof value !== 'object' || value === null) return value as Plain;
    if (isSecretName(field)) return HIDDEN;
    if (path.has(value)) return '(circular)';
    if (path.size >= bounds.depth) return ELSE;
    path.add(value);
    try {
      return isError(value) || ERROR_FIELDS.has(field) ? ofError(value) : ofObject(value, field);
    } catch {
      return '(cannot be read)';
    } finally {
      path.delete(value);
    }
  };

  const ofError = (thrown: object): Plain => {
    const { name, message, code, frames, cause, errors, requestId, ...rest } = partsOf(thrown);
    return {
      ...(name !== undefined && { name: text(name, NAME_CHARACTERS_MAX) }),
      message: text(message, bounds.textCharacters / 2),
      ...(code !== undefined && { code: typeof code === 'string' ? text(code, NAME_CHARACTERS_MAX) : code }),
      ...(requestId !== undefined && { requestId: text(requestId, NAME_CHARACTERS_MAX) }),
      ...rest,
      ...(cause !== undefined && { cause: plain(cause, 'cause') }),
      ...(errors !== undefined && { errors: listOf(errors, errors.length, ERRORS_MAX, 'error') }),
      ...(frames !== undefined && { stack: text(frames) }),
    };
  };

  const ofObject = (value: object, field: string): Plain => {
    if (isArray(value)) return listOf(value, value.length, bounds.entries, field);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`;
    if (value instanceof Map) return fieldsOf(value.keys(), value.size, (key) => value.get(key));
    if (value instanceof Set)
      return listOf(firstOf(value, bounds.entries), value.size, bounds.entries, field);
    const own = asItself(value);
    if (own !== value) return plain(own, field);
    const keys = Object.keys(value);
    // To list a million names takes its time, too: it may not be done again and again.
    left.values -= keys.length >> 5;
    return fieldsOf(keys, keys.length, (key) => readField(value, key as string));
  };

  const listOf = (list: readonly unknown[], size: number, entriesMax: number, field: string): Plain[] => {
    const entries: Plain[] = [];
    for (let index = 0; index < Math.min(size, entriesMax) && left.values > 0; index++) {
      entries.push(plain(readField(list, index), field) ?? null);
    }
    if (entries.length < size) entries.push(`${ELSE} ${size - entries.length} more`);
    return entries;
  };

  const fieldsOf = (keys: Iterable<unknown>, size: number, read: (key: unknown) => unknown): Plain => {
    const fields: [string, Plain][] = [];
    for (const key of firstOf(keys, bounds.entries)) {
      if (left.values <= 0) break;
      const name = typeof key === 'object' || typeof key === 'function' ? '(object)' : String(key);
      fields.push([text(name, NAME_CHARACTERS_MAX), plain(read(key), name)]);
    }
    if (fields.length < size) fields.push([ELSE, `${size - fields.length} more`]);
    // Also `__proto__` becomes a field like any other.
    return Object.fromEntries(fields);
  };

  return plain;
}

/** What an object says that it is in JSON, as a date or a URL does. */
function asItself(value: object): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '(no time)' : value.toISOString();
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return value.valueOf();
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? toJSON.call(value) : value;
}

function firstOf<T>(values: Iterable<T>, most: number): T[] {
  const first: T[] = [];
  for (const value of values) {
    if (first.length === most) break;
    first.push(value);
  }
  return first;
}
