import type { LogRecord, RawPair } from './source.ts';

/** What a record has besides its fields. */
export type RecordHead = Pick<LogRecord, 'id' | 'timeMs' | 'topic' | 'source' | 'tags'>;

/** A record of these fields, in their order, in which a name may come again. */
export function recordOfPairs(pairs: readonly RawPair[], head: RecordHead): LogRecord {
  // The first of repeated ones counts: what is set last.
  const values = new Map(pairs.toReversed().map(([field, value]) => [textOf(field), value]));
  const names = [...new Set(pairs.map(([field]) => textOf(field)))];
  return {
    ...head,
    get(field) {
      const value = values.get(field);
      return value && textOf(value);
    },
    bytes: (field) => values.get(field),
    fields: () => [...names],
    pairs: () => pairs.values(),
    toObject: () => Object.fromEntries(names.map((name) => [name, textOf(values.get(name)!)])),
  };
}

/** Size of all names and values. */
export function bytesOf(record: LogRecord): number {
  let bytes = 0;
  for (const [field, value] of record.pairs()) bytes += field.length + value.length;
  return bytes;
}

const textOf = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString();
