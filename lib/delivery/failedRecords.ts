import { ShardbeatError } from '../errors.ts';
import { isArray, readField, textOf } from '../observe/plainError.ts';
import { beginningOf } from '../observe/secrets.ts';
import { placeOf } from '../sources/logs/logRecord.ts';
import type { LogRecord } from '../sources/source.ts';

/**
 * The first of the records that `eachBatch` has named by what it returned; undefined if it has named none. Throws where not each
 * one can be found among the records: then nobody can say which of them succeeded. The records are looked at only if some
 * failed. Who names all of several says no more than who throws: then `done` is undefined.
 */
export function firstFailed(
  returned: unknown,
  records: Iterable<LogRecord>,
): { done: number | undefined; error: unknown } | undefined {
  if (typeof returned !== 'object' || returned === null) return undefined;
  // Of Lambda's own event sources.
  if ('batchItemFailures' in returned) throw refused('an object with batchItemFailures, which is not read');
  if (!('failed' in returned)) return undefined;
  const { failed } = returned;
  if (!isArray(failed)) throw refused(`${told(failed)} as failed, which is no array`);
  if (failed.length === 0) return undefined;
  const done = firstOf(failed, records);
  const error = readField(returned, 'error');
  return { done, error: error === undefined ? unexplained(done ?? 0, failed.length) : error };
}

/** The least place of all that are named; undefined where each of several is. */
function firstOf(failed: readonly unknown[], records: Iterable<LogRecord>): number | undefined {
  const { places, objects } = sorted(failed);
  let first: number | undefined;
  let count = 0;
  let named = 0;
  const isAnyLeft = (): boolean => places.size > 0 || objects.left.size > 0;
  for (const record of records) {
    const isPlace = places.delete(count);
    if (objects.take(record) || isPlace) {
      first ??= count;
      named += 1;
    }
    count += 1;
    if (named < count && !isAnyLeft()) return first;
  }
  if (!isAnyLeft()) return count > 1 ? undefined : first;
  const [foreign] = [...places, ...objects.left];
  const which = count === 0 ? 'none' : `0 to ${count - 1}`;
  throw refused(
    `${told(foreign)} as failed, which is none of the batch's records nor a place of one (${which})`,
  );
}

/** Numbers, and what may stand for a record. Throws at the first that is neither: a list may be long, and hold nothing. */
function sorted(failed: readonly unknown[]) {
  const places = new Set<number>();
  const named = new Set<object>();
  for (const entry of failed) {
    if (typeof entry === 'number') places.add(entry);
    else if (isObject(entry)) named.add(entry);
    else throw refused(`${told(entry)} as failed, which is neither a record nor a place of one`);
  }
  return { places, objects: createObjects(named) };
}

/** Objects that stand for records: the very object, one at the same place of the same bytes, or one of the same id. */
function createObjects(left: Set<object>) {
  const byPlace = new Map<Uint8Array, Map<number, object[]>>();
  const byId = new Map<string, object[]>();
  for (const object of left) {
    const place = placeOf(object);
    if (place !== undefined) {
      const starts = byPlace.get(place.bytes) ?? new Map<number, object[]>();
      byPlace.set(place.bytes, starts);
      note(starts, place.start, object);
    }
    const id = readField(object, 'id');
    if (typeof id === 'string') note(byId, id, object);
  }
  const atPlaceOf = (record: LogRecord): readonly object[] => {
    const place = byPlace.size === 0 ? undefined : placeOf(record);
    return (place && byPlace.get(place.bytes)?.get(place.start)) ?? [];
  };
  const ofIdOf = (record: LogRecord): readonly object[] => {
    const id = byId.size === 0 ? undefined : record.id;
    return (id !== undefined && byId.get(id)) || [];
  };
  return {
    left: left as ReadonlySet<object>,
    /** Whether the record is one of them, by whatever it was named. */
    take(record: LogRecord): boolean {
      if (left.size === 0) return false;
      const before = left.size;
      for (const object of [record, ...atPlaceOf(record), ...ofIdOf(record)]) left.delete(object);
      return left.size < before;
    },
  };
}

function note<K>(map: Map<K, unknown[]>, key: K, object: unknown): void {
  const noted = map.get(key);
  if (noted === undefined) map.set(key, [object]);
  else noted.push(object);
}

const REMEDY = 'return nothing, or { failed: [record or index, …] }';

function refused(what: string): ShardbeatError {
  return new ShardbeatError(`eachBatch returned ${what}: ${REMEDY}`, { retriable: false });
}

function unexplained(index: number, count: number): ShardbeatError {
  const what =
    count === 1 ? `record ${index} as failed` : `${count} records as failed, the first at ${index}`;
  return new ShardbeatError(`eachBatch returned ${what}`, { retriable: false });
}

const SHOWN_CHARACTERS_MAX = 100;

function told(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(beginningOf(value, SHOWN_CHARACTERS_MAX));
  if (!isObject(value)) return beginningOf(textOf(value), SHOWN_CHARACTERS_MAX);
  if (typeof value === 'function') return 'a function';
  if (isArray(value)) return 'an array';
  const id = readField(value, 'id');
  const named =
    typeof id === 'string' ? ` with the id ${JSON.stringify(beginningOf(id, SHOWN_CHARACTERS_MAX))}` : '';
  return `an object${named}`;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
