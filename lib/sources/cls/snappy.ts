/**
 * Raw snappy blocks: no frame. This is what CLS answers pulls with. Format: github.com/google/snappy, format_description.txt.
 *
 * A block is the size of the raw data, and a row of elements. The lower two bits of an element's first byte say what it is:
 * literals (0), whose count − 1 is in the upper six bits, or from 60 on in the next 1 to 4 bytes; or a match, with a distance
 * of 11 bits (1), 16 bits (2) or 32 bits (3).
 */
import { copyLiterals, copyMatch } from '../logs/copy.ts';
import { decodePlain, type Progress, UNTIL_NEXT_TRY_BYTES } from '../logs/window.ts';

/**
 * Decompresses one block of at most `rawBytesMax` raw bytes; what announces more is not even tried.
 * Throws a `RangeError` for a block that is corrupt, or too large; never reads or writes outside its buffers, and takes time
 * proportional to the raw size and to `block.length`.
 */
export function snappyDecompress(block: Uint8Array, rawBytesMax: number, plain = decodePlain): Buffer {
  const { rawSize, end: start } = readRawSize(block);
  if (rawSize > rawBytesMax) throw new RangeError(`${rawSize} bytes are more than ${rawBytesMax}`);
  const raw = Buffer.allocUnsafe(rawSize);
  const at = { from: start, to: 0 };
  while (at.from < block.length) {
    plain('snappy', block, raw, at);
    const until = Math.min(block.length, at.from + UNTIL_NEXT_TRY_BYTES);
    while (at.from < until) decodeElement(block, raw, at);
  }
  if (at.to !== rawSize) throw corrupt(`${at.to} bytes instead of ${rawSize}`);
  return raw;
}

function decodeElement(block: Uint8Array, raw: Buffer, at: Progress): void {
  const { length: blockEnd } = block;
  let { from, to } = at;
  const head = block[from++]!;
  const kind = head & 3;
  if (kind === 0) {
    let count = (head >>> 2) + 1;
    if (count > 60) {
      const bytes = count - 60;
      if (bytes > blockEnd - from) throw corrupt('cut off in a length');
      count = littleEndian(block, from, bytes) + 1;
      from += bytes;
    }
    if (count > blockEnd - from || count > raw.length - to) throw corrupt('literals out of bounds');
    copyLiterals(block, from, raw, to, count);
    from += count;
    to += count;
  } else {
    const bytes = kind === 3 ? 4 : kind;
    if (bytes > blockEnd - from) throw corrupt('cut off in a distance');
    const distance = kind === 1 ? ((head >>> 5) << 8) | block[from]! : littleEndian(block, from, bytes);
    const length = kind === 1 ? ((head >>> 2) & 7) + 4 : (head >>> 2) + 1;
    from += bytes;
    if (distance === 0 || distance > to) throw corrupt(`distance ${distance} at ${to}`);
    if (length > raw.length - to) throw corrupt('match out of bounds');
    copyMatch(raw, to, distance, length);
    to += length;
  }
  at.from = from;
  at.to = to;
}

/** A number of up to 32 bits in groups of seven, the lowest first. */
function readRawSize(block: Uint8Array): { rawSize: number; end: number } {
  let rawSize = 0;
  for (let at = 0; at < Math.min(block.length, 5); at++) {
    rawSize += (block[at]! & 127) * 2 ** (7 * at);
    if (block[at]! < 128) return { rawSize, end: at + 1 };
  }
  throw corrupt('no size');
}

function littleEndian(block: Uint8Array, from: number, bytes: number): number {
  let value = block[from]!;
  if (bytes > 1) value |= block[from + 1]! << 8;
  if (bytes > 2) value |= block[from + 2]! << 16;
  // Not shifted, or it would become negative.
  return bytes > 3 ? value + block[from + 3]! * 2 ** 24 : value;
}

function corrupt(what: string): RangeError {
  return new RangeError(`corrupt snappy block: ${what}`);
}
