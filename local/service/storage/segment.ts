import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';

/**
 * The format of a segment: a file of log groups that is only ever appended to. Pure; nothing here reads a file.
 *
 * It starts with 8 bytes, the head of its format. Each group follows as
 *
 *     length         4 bytes, of the group
 *     receivedAtSec  4 bytes, seconds since 1970
 *     head checksum  4 bytes, CRC-32 of the 8 bytes before
 *     checksum       4 bytes, CRC-32 of the group
 *     group          protobuf, as it was put
 *
 * all numbers unsigned, little-endian. The head has a checksum of its own: where a group ends is known before the group is
 * looked at, so that a wrong length is told from a write that was interrupted. The position of a group is that of the
 * first one, which is in the file's name, plus the number of groups before it.
 */
export const RECORD_HEAD_BYTES = 16;

export interface SegmentFormat {
  /** Six letters for the service, a zero, and the version. */
  readonly head: Uint8Array;
  readonly groupBytesMax: number;
}

export function segmentFormat(name: string, version: number, groupBytesMax: number): SegmentFormat {
  const head = Buffer.from(`${name}\0${String.fromCharCode(version)}`, 'latin1');
  assert(head.byteLength === 8, 'a name has six letters');
  return { head, groupBytesMax };
}

export interface SegmentRecord {
  /** Of the group, from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
  readonly receivedAtSec: number;
}

export interface SegmentScan {
  readonly records: readonly SegmentRecord[];
  /** Where the next record goes: behind the last one that is whole. */
  readonly end: number;
  /**
   * What is behind that: nothing; a write that was interrupted, which nobody was told of; or something that no
   * interrupted write leaves behind.
   */
  readonly tail: 'none' | 'torn' | 'damaged';
}

/** A group as it stands in a segment. */
export function encodeRecord(group: Uint8Array, receivedAtSec: number): Uint8Array {
  const record = Buffer.allocUnsafe(RECORD_HEAD_BYTES + group.byteLength);
  record.writeUInt32LE(group.byteLength, 0);
  record.writeUInt32LE(receivedAtSec, 4);
  record.writeUInt32LE(crc32(record.subarray(0, 8)), 8);
  record.set(group, RECORD_HEAD_BYTES);
  record.writeUInt32LE(crc32(group), 12);
  return record;
}

/** Finds the groups in a segment; undefined if it is no segment of this format. */
export function scanSegment(bytes: Uint8Array, format: SegmentFormat): SegmentScan | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = file.subarray(0, format.head.byteLength);
  if (!head.equals(format.head.subarray(0, head.byteLength))) {
    return isBlank(file) ? { records: [], end: 0, tail: 'torn' } : undefined;
  }
  if (head.byteLength < format.head.byteLength) return { records: [], end: 0, tail: 'torn' };

  const records: SegmentRecord[] = [];
  let at = format.head.byteLength;
  while (at < file.byteLength) {
    const record = recordAt(file, at, format);
    if (typeof record === 'string') return { records, end: at, tail: record };
    records.push(record);
    at = record.offset + record.byteLength;
  }
  return { records, end: at, tail: 'none' };
}

function recordAt(
  file: Buffer,
  at: number,
  { groupBytesMax }: SegmentFormat,
): SegmentRecord | 'torn' | 'damaged' {
  const offset = at + RECORD_HEAD_BYTES;
  if (offset > file.byteLength) return 'torn';
  const byteLength = file.readUInt32LE(at);
  const isHead = file.readUInt32LE(at + 8) === crc32(file.subarray(at, at + 8));
  if (!isHead || byteLength === 0 || byteLength > groupBytesMax) {
    // A file may have grown before what was written got into it, as after a loss of power.
    return isBlank(file.subarray(at)) ? 'torn' : 'damaged';
  }
  if (offset + byteLength > file.byteLength) return 'torn';
  if (file.readUInt32LE(at + 12) !== crc32(file.subarray(offset, offset + byteLength))) return 'damaged';
  return { offset, byteLength, receivedAtSec: file.readUInt32LE(at + 4) };
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
