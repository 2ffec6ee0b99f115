/**
 * Raw LZ4 blocks: no frame, no size prefix. This is what SLS and CLS call `lz4`; with SLS the size of the raw data travels
 * in the header `x-log-bodyrawsize`. Format: github.com/lz4/lz4, doc/lz4_Block_format.md.
 *
 * A block is a row of sequences: a token (upper four bits: count of literals; lower four bits: match length − 4; 15
 * goes on in bytes of 255 and a smaller last one), the literals, a distance back in two bytes, the match. The last
 * sequence ends after its literals.
 */

import { copyLiterals, copyMatch } from './copy.ts';

const MATCH_MIN = 4;
const DISTANCE_MAX = 65_535;
/** The format asks that the last 5 bytes be literals and that no match start in the last 12. */
const LITERALS_LAST = 5;
const MATCH_START_MARGIN = 12;
const HASH_BITS = 14;

/**
 * Decompresses one block to exactly `rawSize` bytes.
 * Throws a `RangeError` for a block that is corrupt, or that does not yield `rawSize` bytes; never reads or writes
 * outside its buffers, and takes time proportional to `block.length + rawSize`.
 */
export function lz4Decompress(block: Uint8Array, rawSize: number): Uint8Array {
  if (!Number.isSafeInteger(rawSize) || rawSize < 0) throw corrupt(`raw size ${rawSize}`);
  const raw = Buffer.allocUnsafe(rawSize);
  let from = 0;
  let to = 0;
  while (from < block.length) {
    const token = block[from++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      const end = lengthEnd(block, from);
      literals += 255 * (end - 1 - from) + block[end - 1]!;
      from = end;
    }
    if (literals > block.length - from || literals > rawSize - to) throw corrupt('literals out of bounds');
    copyLiterals(block, from, raw, to, literals);
    from += literals;
    to += literals;
    if (from === block.length) break;

    if (block.length - from < 2) throw corrupt('cut off in a distance');
    const distance = block[from]! | (block[from + 1]! << 8);
    from += 2;
    if (distance === 0 || distance > to) throw corrupt(`distance ${distance} at ${to}`);
    let length = (token & 15) + MATCH_MIN;
    if ((token & 15) === 15) {
      const end = lengthEnd(block, from);
      length += 255 * (end - 1 - from) + block[end - 1]!;
      from = end;
    }
    if (length > rawSize - to) throw corrupt('match out of bounds');
    copyMatch(raw, to, distance, length);
    to += length;
    if (from === block.length) throw corrupt('no last literals');
  }
  if (to !== rawSize) throw corrupt(`${to} bytes instead of ${rawSize}`);
  return raw;
}

/** Compresses to one block: greedy, one candidate per hash of four bytes. Incompressible data grows by under 0.5 %. */
export function lz4Compress(raw: Uint8Array): Uint8Array {
  const block = Buffer.allocUnsafe(raw.length + Math.ceil(raw.length / 255) + 16);
  const candidates = new Int32Array(1 << HASH_BITS).fill(-1);
  const matchStartEnd = raw.length - MATCH_START_MARGIN;
  const matchEnd = raw.length - LITERALS_LAST;
  let to = 0;
  let anchor = 0;
  let at = 0;
  while (at < matchStartEnd) {
    const word = wordAt(raw, at);
    const hash = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = candidates[hash]!;
    candidates[hash] = at;
    if (candidate < 0 || at - candidate > DISTANCE_MAX || wordAt(raw, candidate) !== word) {
      // The longer nothing matches, the larger the steps: incompressible data is passed over quickly.
      at += 1 + ((at - anchor) >> 6);
      continue;
    }
    let length = MATCH_MIN;
    while (at + length < matchEnd && raw[candidate + length] === raw[at + length]) length++;
    to = writeLiterals(block, to, raw, anchor, at, Math.min(length - MATCH_MIN, 15));
    block[to++] = (at - candidate) & 255;
    block[to++] = (at - candidate) >>> 8;
    to = writeLength(block, to, length - MATCH_MIN);
    at += length;
    anchor = at;
  }
  to = writeLiterals(block, to, raw, anchor, raw.length, 0);
  return block.subarray(0, to);
}

/** Index after a continued length that starts at `from`. */
function lengthEnd(block: Uint8Array, from: number): number {
  let end = from;
  while (block[end] === 255) end++;
  if (end >= block.length) throw corrupt('cut off in a length');
  return end + 1;
}

function writeLiterals(
  block: Uint8Array,
  at: number,
  raw: Uint8Array,
  from: number,
  end: number,
  matchBits: number,
): number {
  const count = end - from;
  block[at] = (Math.min(count, 15) << 4) | matchBits;
  const to = writeLength(block, at + 1, count);
  copyLiterals(raw, from, block, to, count);
  return to + count;
}

/** The bytes that continue a length whose first 15 are in the token; none if it fits there. */
function writeLength(block: Uint8Array, at: number, length: number): number {
  if (length < 15) return at;
  let to = at;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) block[to++] = 255;
  block[to++] = rest;
  return to;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function corrupt(what: string): RangeError {
  return new RangeError(`corrupt LZ4 block: ${what}`);
}
