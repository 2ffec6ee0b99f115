import protobuf from 'protobufjs';

/**
 * Protobuf on the wire, checked against a schema without building anything of it: what a service keeps is what came, byte
 * for byte, and what it takes to look at it does not depend on what is in it.
 */

/** A part of some bytes. */
export interface Extent {
  readonly from: number;
  readonly to: number;
}

/** Where the content of a field lies. */
export interface Field extends Extent {
  readonly number: number;
  /** Where the field begins, with its tag. */
  readonly start: number;
}

/** Visits the fields of the message of a type that lies at an extent, in order. */
export type EachField = (
  bytes: Uint8Array,
  extent: Extent,
  type: protobuf.Type,
  visit: (field: Field) => void,
) => void;

/** The types of a schema in proto2, by their names. */
export function typesOf(schema: string): (name: string) => protobuf.Type {
  const { root } = protobuf.parse(`syntax = "proto2"; ${schema}`, { keepCase: true });
  root.resolveAll();
  return (name) => root.lookupType(name);
}

/**
 * A reader of fields that throws `malformed` for what is no message of the type: something cut off or too long, a field that
 * is known and of another wire type, a missing one that is required, a group, which proto2 gave up.
 */
export function fieldReader(malformed: () => Error): EachField {
  return (bytes, { from, to }, type, visit) => {
    const reader = protobuf.Reader.create(bytes);
    reader.pos = from;
    reader.len = to;
    const missing = new Set(requiredOf(type));
    while (reader.pos < reader.len) {
      const field = readField(reader, type, malformed);
      missing.delete(field.number);
      visit(field);
    }
    if (missing.size > 0) throw malformed();
  };
}

/** A varint that a field holds, precise up to 2^53. */
export function varintOf(bytes: Uint8Array, { from, to }: Extent): number {
  const reader = protobuf.Reader.create(bytes.subarray(from, to));
  return Number(reader.uint64().toString());
}

const BYTES = 2;
const WIRES: ReadonlySet<number> = new Set([0, 1, BYTES, 5]);

function readField(reader: protobuf.Reader, type: protobuf.Type, malformed: () => Error): Field {
  const start = reader.pos;
  try {
    const tag = reader.tag();
    const number = tag >>> 3;
    const wire = tag & 7;
    const known = type.fieldsById[number];
    if (number === 0 || !WIRES.has(wire) || (known && wireOf(known) !== wire)) throw new Error(`tag ${tag}`);
    const length = wire === BYTES ? reader.size() : 0;
    const from = reader.pos;
    if (wire === BYTES) reader.skip(length);
    else reader.skipType(wire, 0, number);
    return { number, start, from, to: reader.pos };
  } catch {
    throw malformed();
  }
}

function wireOf({ type }: protobuf.Field): number {
  return protobuf.types.basic[type as keyof typeof protobuf.types.basic] ?? BYTES;
}

const required = new WeakMap<protobuf.Type, readonly number[]>();

function requiredOf(type: protobuf.Type): readonly number[] {
  const known = required.get(type) ?? type.fieldsArray.filter((field) => field.required).map(({ id }) => id);
  required.set(type, known);
  return known;
}
