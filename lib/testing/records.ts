import { type RecordHead, recordOfPairs } from '../sources/pairsRecord.ts';
import type { LogRecord } from '../sources/source.ts';

/** A text is stored as UTF-8. */
type Bytes = string | Uint8Array;

/** Fields of a record: by name, or as pairs in their order, in which a name may come again. */
export type RecordFields = Readonly<Record<string, Bytes>> | Iterable<readonly [field: Bytes, value: Bytes]>;

/** A record for a test: a text, which stands in the field `content`; fields; or a record as it is. */
export type RecordLike = string | RecordFields | LogRecord;

/** What a record has besides its fields. */
export type RecordMeta = Partial<RecordHead>;

/** A record with these fields, for a test. Its time is 0, and it has no id, topic, source or tags unless they are given. */
export function recordOf(fields: string | RecordFields, meta: RecordMeta = {}): LogRecord {
  const pairs = pairsOf(fields).map(([field, value]) => [Buffer.from(field), Buffer.from(value)] as const);
  return recordOfPairs(pairs, { id: undefined, timeMs: 0, topic: '', source: '', tags: {}, ...meta });
}

/** The record that is meant. One that is given as it is stays as it is. */
export function recordLike(given: RecordLike, meta?: RecordMeta): LogRecord {
  return isRecord(given) ? given : recordOf(given, meta);
}

/** The same record under another id. */
export function withId(record: LogRecord, id: string): LogRecord {
  const { timeMs, topic, source, tags } = record;
  return recordOf(record.pairs(), { id, timeMs, topic, source, tags });
}

function pairsOf(fields: string | RecordFields): (readonly [Bytes, Bytes])[] {
  if (typeof fields === 'string') return [['content', fields]];
  return isIterable(fields) ? [...fields] : Object.entries(fields);
}

const isIterable = (fields: RecordFields): fields is Extract<RecordFields, Iterable<unknown>> =>
  Symbol.iterator in fields;

const isRecord = (given: RecordLike): given is LogRecord =>
  typeof given === 'object' && 'toObject' in given && typeof given.toObject === 'function';
