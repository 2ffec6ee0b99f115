import { refuseData } from './errors.ts';

/**
 * The fields of log groups on the wire (proto2, `cls.proto` of the official SDKs), without building anything of them: what
 * is not changed is passed on byte for byte.
 */

type Wire = 'varint' | 'fixed64' | 'bytes' | 'fixed32';
const WIRES: readonly (Wire | undefined)[] = ['varint', 'fixed64', 'bytes', undefined, undefined, 'fixed32'];
/** A tag is 32 bits on the wire. */
const TAG_MAX = 2 ** 32 - 1;

/** A part of some bytes. */
export interface Extent {
  readonly from: number;
  readonly to: number;
}

/** Where the content of a field lies; of a varint, nothing does. */
export interface Field extends Extent {
  readonly number: number;
  /** Of a varint, its value, precise up to 2^53; else 0. */
  readonly value: number;
  /** Where the field begins, with its tag. */
  readonly start: number;
}

interface Schema {
  readonly wires: readonly Wire[];
  readonly required: readonly number[];
}

/** Wires are those of field 1, 2, … */
export const LIST: Schema = { wires: ['bytes'], required: [] };
/** logs, contextFlow, filename, source, logTags, hostname */
export const LOG_GROUP: Schema = {
  wires: ['bytes', 'bytes', 'bytes', 'bytes', 'bytes', 'bytes'],
  required: [],
};
/** time, contents, collectTime */
export const LOG: Schema = { wires: ['varint', 'bytes', 'varint'], required: [1] };
/** key, value: of a content, and of a tag */
export const PAIR: Schema = { wires: ['bytes', 'bytes'], required: [1, 2] };

/** The fields of a message, in order. Refuses with InvalidContent what no protobuf parser would read as this schema. */
export function fieldsOf(bytes: Uint8Array, { from, to }: Extent, { wires, required }: Schema): Field[] {
  const fields: Field[] = [];
  const reader = { bytes, at: from, to };
  while (reader.at < to) {
    const start = reader.at;
    const tag = readVarint(reader);
    const number = Math.floor(tag / 8);
    const wire = WIRES[tag % 8];
    if (number === 0 || tag > TAG_MAX || !wire || (wires[number - 1] ?? wire) !== wire) throw notProtobuf();
    const value = wire === 'varint' || wire === 'bytes' ? readVarint(reader) : 0;
    const length = wire === 'bytes' ? value : wire === 'fixed32' ? 4 : wire === 'fixed64' ? 8 : 0;
    const field = {
      number,
      value: wire === 'varint' ? value : 0,
      start,
      from: reader.at,
      to: reader.at + length,
    };
    if (field.to > to) throw notProtobuf();
    fields.push(field);
    reader.at = field.to;
  }
  for (const number of required) {
    if (!fields.some((field) => field.number === number)) throw notProtobuf();
  }
  return fields;
}

function readVarint(reader: { readonly bytes: Uint8Array; at: number; readonly to: number }): number {
  let value = 0;
  for (let weight = 1, count = 0; count < 10 && reader.at < reader.to; weight *= 128, count += 1) {
    const byte = reader.bytes[reader.at]!;
    reader.at += 1;
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) return value;
  }
  throw notProtobuf();
}

function notProtobuf() {
  return refuseData.invalidContent('The body is no LogGroupList.');
}
