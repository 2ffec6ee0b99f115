import type { LogRecord } from '../sources/source.ts';

/** Fields of a record; a text is stored as UTF-8. */
export type RecordFields = Readonly<Record<string, string | Uint8Array>>;

/** A record for a test: a text, which stands in the field `content`; fields; or a record as it is. */
export type RecordLike = string | RecordFields | LogRecord;

/** What a record has besides its fields. */
export type RecordMeta = Partial<Pick<LogRecord, 'timeMs' | 'topic' | 'source' | 'tags'>>;

/** A record with these fields, for a test. Its time is 0, and it has no topic, source or tags unless they are given. */
export function recordOf(fields: string | RecordFields, meta: RecordMeta = {}): LogRecord {
  const given = typeof fields === 'string' ? { content: fields } : fields;
  const values = new Map(Object.entries(given).map(([field, value]) => [field, Buffer.from(value)]));
  return {
    timeMs: 0,
    topic: '',
    source: '',
    tags: {},
    ...meta,
    get: (field) => values.get(field)?.toString(),
    bytes: (field) => values.get(field),
    fields: () => [...values.keys()],
    toObject: () => Object.fromEntries([...values].map(([field, value]) => [field, value.toString()])),
  };
}

/** The record that is meant. */
export function recordLike(given: RecordLike, meta?: RecordMeta): LogRecord {
  return isRecord(given) ? given : recordOf(given, meta);
}

const isRecord = (given: RecordLike): given is LogRecord =>
  typeof given === 'object' && typeof given.get === 'function';

/** Size of all names and values. */
export function bytesOf(record: LogRecord): number {
  return record
    .fields()
    .reduce((sum, field) => sum + Buffer.byteLength(field) + (record.bytes(field)?.length ?? 0), 0);
}
