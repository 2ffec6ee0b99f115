/**
 * Logs as nearly every producer writes them: numbers, and contents of a key and a value, in this order and with nothing else. To read
 * them is most of what consuming costs, so what is here keeps positions in local variables, and makes no objects.
 *
 * `isPlainLog` checks all that `protobuf.ts` would check, and leaves to that whatever it does not know. The others read what it has
 * said yes to, and look at nothing twice.
 */
import { FIXED32, FIXED64, VARINT } from './protobuf.ts';
import { CONTENT, PAIR, type Pair } from './schema.ts';

/** The largest number of one byte. Field numbers and keys of a plain log have one, lengths of values up to three. */
const BYTE_MAX = 127;
const VARINT_BYTES_MAX = 10;

/** Whether the log from `start` to `end` is whole, and plain. What lies behind `end` may be read, and decides nothing. */
export function isPlainLog(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    if (bytes[at] !== CONTENT) {
      at = numberEnd(bytes, at, end);
      if (at < 0) return false;
      continue;
    }
    let begin = at + 2;
    let length = bytes[at + 1]!;
    if (length > BYTE_MAX) {
      const second = bytes[begin++]!;
      length += (second - 1) << 7;
      if (second > BYTE_MAX) {
        const third = bytes[begin++]!;
        if (third > BYTE_MAX) return false;
        length += (third - 1) << 14;
      }
    }
    at = begin + length;
    if (!(at <= end) || bytes[begin] !== PAIR.key) return false;
    const keyLength = bytes[begin + 1]!;
    const keyEnd = begin + 2 + keyLength;
    if (keyLength > BYTE_MAX || bytes[keyEnd] !== PAIR.value) return false;
    let valueStart = keyEnd + 2;
    let valueLength = bytes[keyEnd + 1]!;
    if (valueLength > BYTE_MAX) {
      const second = bytes[valueStart++]!;
      valueLength += (second - 1) << 7;
      if (second > BYTE_MAX) {
        const third = bytes[valueStart++]!;
        if (third > BYTE_MAX) return false;
        valueLength += (third - 1) << 14;
      }
    }
    // The value ends where the content does: so all that was read on the way lies within it.
    if (valueStart + valueLength !== at) return false;
  }
  return true;
}

/** Where a number ends, with the tag before it; -1: it is none, or not whole. */
function numberEnd(bytes: Buffer, start: number, end: number): number {
  const tag = bytes[start]!;
  if (tag < 8 || tag > BYTE_MAX) return -1;
  const wireType = tag & 7;
  if (wireType === VARINT) {
    const last = Math.min(end, start + 1 + VARINT_BYTES_MAX);
    for (let at = start + 1; at < last; at++) if (bytes[at]! <= BYTE_MAX) return at + 1;
    return -1;
  }
  if (wireType !== FIXED32 && wireType !== FIXED64) return -1;
  const after = start + 1 + (wireType === FIXED32 ? 4 : 8);
  return after <= end ? after : -1;
}

/** Where the value of the last search stands. */
export const found = { start: 0, end: 0 };

/** Searches a plain log for the first content of this key. */
export function findInPlain(bytes: Buffer, start: number, end: number, key: Buffer): boolean {
  const keyLength = key.length;
  let at = start;
  while (at < end) {
    if (bytes[at] !== CONTENT) {
      at = numberEnd(bytes, at, end);
      continue;
    }
    let begin = at + 2;
    let length = bytes[at + 1]!;
    if (length > BYTE_MAX) {
      const second = bytes[begin++]!;
      length += (second - 1) << 7;
      if (second > BYTE_MAX) length += (bytes[begin++]! - 1) << 14;
    }
    at = begin + length;
    if (bytes[begin + 1] !== keyLength) continue;
    const keyStart = begin + 2;
    let same = 0;
    while (same < keyLength && bytes[keyStart + same] === key[same]) same++;
    if (same < keyLength) continue;
    found.start = valueStart(bytes, keyStart + keyLength);
    found.end = at;
    return true;
  }
  return false;
}

/** Moves on to a plain log's next content and says where it stands; false at the log's end. */
export function nextInPlain(reader: { bytes: Buffer; at: number; end: number }, pair: Pair): boolean {
  const { bytes, end } = reader;
  let { at } = reader;
  while (at < end && bytes[at] !== CONTENT) at = numberEnd(bytes, at, end);
  reader.at = end;
  if (at === end) return false;
  let begin = at + 2;
  let length = bytes[at + 1]!;
  if (length > BYTE_MAX) {
    const second = bytes[begin++]!;
    length += (second - 1) << 7;
    if (second > BYTE_MAX) length += (bytes[begin++]! - 1) << 14;
  }
  pair.keyStart = begin + 2;
  pair.keyEnd = begin + 2 + bytes[begin + 1]!;
  pair.valueStart = valueStart(bytes, pair.keyEnd);
  pair.valueEnd = begin + length;
  reader.at = pair.valueEnd;
  return true;
}

/** Behind the tag and the length of the value that follows a key. */
function valueStart(bytes: Buffer, keyEnd: number): number {
  let at = keyEnd + 1;
  while (bytes[at]! > BYTE_MAX) at++;
  return at + 1;
}
