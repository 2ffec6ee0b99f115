import { Buffer } from 'node:buffer';

/** Fields of a log as a producer has them. */
export type FieldValue = string | Uint8Array;

/** As pairs where a key comes more than once. */
export type Fields = Readonly<Record<string, FieldValue>> | readonly (readonly [string, FieldValue])[];

export function pairsOf(fields: Fields): readonly (readonly [string, FieldValue])[] {
  return Array.isArray(fields) ? fields : Object.entries(fields);
}

export function bytesOf(value: FieldValue): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
