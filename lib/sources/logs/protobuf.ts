/**
 * The part of the protobuf wire format that log groups need, read in place. Every read is bounded by `end`, so broken
 * input gives a `SourceError` (`BadResponse`) and never a read outside the message it belongs to.
 * Format: protobuf.dev, Encoding. Deprecated groups (wire types 3 and 4) are refused: no log service has any.
 */
import { SourceError } from '../../errors.ts';

/** A position in bytes that moves on as it reads. */
export interface Reader {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;
}

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
export const FIXED32 = 5;
const VARINT_BYTES_MAX = 10;

/** The number that precedes a field: which field it is, and how its value is written. */
export const tagOf = (field: number, wireType: number): number => (field << 3) | wireType;

export function malformed(what: string, at: number): SourceError {
  return new SourceError(`malformed protobuf at byte ${at}: ${what}`, {
    code: 'BadResponse',
    status: 200,
    retriable: true,
  });
}

/** An unsigned number of up to 64 bits; exact to 2^53, which is more than any length, tag or time here. */
export function readVarint(reader: Reader, end: number): number {
  const { bytes } = reader;
  let { at } = reader;
  const first = bytes[at]!;
  if (at < end && first < 128) {
    reader.at = at + 1;
    return first;
  }
  // Most lengths of logs have two bytes.
  const second = bytes[at + 1]!;
  if (at + 1 < end && second < 128) {
    reader.at = at + 2;
    return first + (second - 1) * 128;
  }
  const last = Math.min(end, at + VARINT_BYTES_MAX);
  let value = 0;
  for (let weight = 1; at < last; weight *= 128) {
    const byte = bytes[at++]!;
    value += (byte & 127) * weight;
    if (byte < 128) {
      reader.at = at;
      return value;
    }
  }
  throw malformed(last === end ? 'cut off in a number' : 'number too long', reader.at);
}

/** Reads a length and returns where the value it announces ends; the reader stands at the value's start. */
export function readEnd(reader: Reader, end: number): number {
  const length = readVarint(reader, end);
  if (length > end - reader.at)
    throw malformed(`${length} bytes announced, ${end - reader.at} left`, reader.at);
  return reader.at + length;
}

/** Passes over the value that belongs to `tag`. */
export function skipValue(reader: Reader, tag: number, end: number): void {
  if (tag < 8) throw malformed('field number 0', reader.at);
  const wireType = tag % 8;
  if (wireType === VARINT) readVarint(reader, end);
  else if (wireType === DELIMITED) reader.at = readEnd(reader, end);
  else if (wireType === FIXED32 || wireType === FIXED64) {
    reader.at += wireType === FIXED32 ? 4 : 8;
    if (reader.at > end) throw malformed('cut off in a fixed number', end);
  } else throw malformed(`wire type ${wireType}`, reader.at);
}
