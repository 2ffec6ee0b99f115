import { refuseData } from './errors.ts';

/**
 * The fields of log groups on the wire (proto2, `cls.proto` of the official SDKs), without building anything of them: what
 * is not changed is passed on byte for byte.
 */

type Wire = 'varint' | 'fixed64' | 'bytes' | 'fixed32';
const WIRES: readonly (Wire | undefined)[] = ['varint', 'fixed64', 'bytes', undefined, undefined, 'fixed32'];
/** A tag is 32 bits on the wire. */
const TAG_MAX = 2 ** 32 - 1;

export interface Field {
  readonly number: number;
  /** Of a varint, its value, precise up to 2^53; else 0. */
  readonly value: number;
  /** The field with its tag, and its content alone. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

type Schema = Readonly<Record<number, { wire: Wire; required?: true }>>;

const text = { wire: 'bytes' } as const;
export const LIST: Schema = { 1: { wire: 'bytes' } };
/** logs, contextFlow, filename, source, logTags, hostname */
export const LOG_GROUP: Schema = { 1: text, 2: text, 3: text, 4: text, 5: text, 6: text };
/** time, contents, collectTime */
export const LOG: Schema = { 1: { wire: 'varint', required: true }, 2: text, 3: { wire: 'varint' } };
/** key, value: of a content, and of a tag */
export const PAIR: Schema = { 1: { wire: 'bytes', required: true }, 2: { wire: 'bytes', required: true } };

/** The fields of a message, in order. Refuses with InvalidContent what no protobuf parser would read as this schema. */
export function fieldsOf(bytes: Uint8Array, schema: Schema): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const [tag, afterTag] = readVarint(bytes, at);
    const number = Math.floor(tag / 8);
    const wire = WIRES[tag % 8];
    const known = schema[number];
    if (number === 0 || tag > TAG_MAX || !wire || (known && known.wire !== wire)) throw notProtobuf();
    const [value, from, to] = extent(bytes, afterTag, wire);
    if (to > bytes.byteLength) throw notProtobuf();
    fields.push({ number, value, whole: bytes.subarray(at, to), content: bytes.subarray(from, to) });
    at = to;
  }
  for (const [number, { required }] of Object.entries(schema)) {
    if (required && !fields.some((field) => field.number === Number(number))) throw notProtobuf();
  }
  return fields;
}

/** A varint's value, and where a field's content lies; its end may be beyond what there is. */
function extent(bytes: Uint8Array, at: number, wire: Wire): [value: number, from: number, to: number] {
  if (wire === 'fixed32') return [0, at, at + 4];
  if (wire === 'fixed64') return [0, at, at + 8];
  const [value, after] = readVarint(bytes, at);
  return wire === 'varint' ? [value, at, after] : [0, after, after + value];
}

function readVarint(bytes: Uint8Array, at: number): [value: number, after: number] {
  let value = 0;
  for (let index = 0; index < 10 && at + index < bytes.byteLength; index += 1) {
    const byte = bytes[at + index]!;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return [value, at + index + 1];
  }
  throw notProtobuf();
}

function notProtobuf() {
  return refuseData.invalidContent('The body is no LogGroupList.');
}
