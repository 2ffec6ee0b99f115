/**
 * Raw LZ4 blocks: no frame, no size prefix. This is what SLS and CLS call `lz4`; with SLS the size of the raw data travels
 * in the header `x-log-bodyrawsize`. Format: github.com/lz4/lz4, doc/lz4_Block_format.md.
 *
 * A block is a row of sequences: a token (upper four bits: count of literals; lower four bits: match length − 4; 15
 * goes on in bytes of 255 and a smaller last one), the literals, a distance back in two bytes, the match. The last
 * sequence ends after its literals.
 */

import { copyLiterals, copyMatch } from './copy.ts';
import { decodePlain, type Progress, UNTIL_NEXT_TRY_BYTES } from './window.ts';

const MATCH_MIN = 4;

/**
 * Decompresses one block to exactly `rawSize` bytes.
 * Throws a `RangeError` for a block that is corrupt, or that does not yield `rawSize` bytes; never reads or writes
 * outside its buffers, and takes time proportional to `block.length + rawSize`.
 */
export function lz4Decompress(block: Uint8Array, rawSize: number, plain = decodePlain): Uint8Array {
  if (!Number.isSafeInteger(rawSize) || rawSize < 0) throw corrupt(`raw size ${rawSize}`);
  const raw = Buffer.allocUnsafe(rawSize);
  const at = { from: 0, to: 0 };
  while (at.from < block.length) {
    plain('lz4', block, raw, at);
    const until = Math.min(block.length, at.from + UNTIL_NEXT_TRY_BYTES);
    while (at.from < until) decodeSequence(block, raw, at);
  }
  if (at.to !== rawSize) throw corrupt(`${at.to} bytes instead of ${rawSize}`);
  return raw;
}

function decodeSequence(block: Uint8Array, raw: Buffer, at: Progress): void {
  let { from, to } = at;
  const token = block[from++]!;
  let literals = token >>> 4;
  if (literals === 15) {
    const end = lengthEnd(block, from);
    literals += 255 * (end - 1 - from) + block[end - 1]!;
    from = end;
  }
  if (literals > block.length - from || literals > raw.length - to) throw corrupt('literals out of bounds');
  copyLiterals(block, from, raw, to, literals);
  at.from = from += literals;
  at.to = to += literals;
  if (from === block.length) return;

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
  if (length > raw.length - to) throw corrupt('match out of bounds');
  copyMatch(raw, to, distance, length);
  if (from === block.length) throw corrupt('no last literals');
  at.from = from;
  at.to = to + length;
}

/** Index after a continued length that starts at `from`. */
function lengthEnd(block: Uint8Array, from: number): number {
  let end = from;
  while (block[end] === 255) end++;
  if (end >= block.length) throw corrupt('cut off in a length');
  return end + 1;
}

function corrupt(what: string): RangeError {
  return new RangeError(`corrupt LZ4 block: ${what}`);
}
