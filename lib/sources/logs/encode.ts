/** Writes the parts of log groups. Everything is kept as chunks, and copied once, at the end. */
import { CONTENT, GROUP, PAIR } from './schema.ts';

export type FieldValue = string | Uint8Array;

/** As pairs where a key comes more than once. */
export type Fields = Readonly<Record<string, FieldValue>> | readonly (readonly [string, FieldValue])[];

/** The contents of a log. */
export function contentChunks(fields: Fields): Uint8Array[] {
  const pairs: readonly (readonly [string, FieldValue])[] = Array.isArray(fields)
    ? fields
    : Object.entries(fields);
  return pairs.flatMap(([key, value]) => pairChunks(CONTENT, key, value));
}

/** A pair of key and value, as the field that `tag` says. */
export function pairChunks(tag: number, key: string, value: FieldValue): Uint8Array[] {
  return delimited(tag, [...textChunks(PAIR.key, key), ...textChunks(PAIR.value, value)]);
}

/** A text, if there is one. */
export function textChunks(tag: number, value: FieldValue | undefined): Uint8Array[] {
  if (value === undefined) return [];
  return delimited(tag, [typeof value === 'string' ? Buffer.from(value) : value]);
}

/** A list of groups that are encoded already. */
export function encodeList(groups: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(groups.flatMap((group) => delimited(GROUP, [group])));
}

export function delimited(tag: number, chunks: Uint8Array[]): Uint8Array[] {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return [Uint8Array.from([tag, ...varint(length)]), ...chunks];
}

export function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}
