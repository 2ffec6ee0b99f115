import { Buffer } from 'node:buffer';

/**
 * Compresses to one raw snappy block, which is what pulls are answered with. Format: github.com/google/snappy,
 * format_description.txt. Greedy, one candidate per hash of four bytes, with matches of up to 64 bytes each.
 */
export function snappyCompress(raw: Uint8Array): Uint8Array {
  const input = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  // Literals cost five bytes at most for each run, and a match is never longer than what it stands for.
  const block = Buffer.allocUnsafe(raw.byteLength + Math.ceil(raw.byteLength / 6) + 32);
  const candidates = new Int32Array(1 << HASH_BITS).fill(-1);
  let to = writeSize(block, raw.byteLength);
  let anchor = 0;
  let at = 0;
  while (at + MATCH_MIN <= input.byteLength) {
    const word = input.readUInt32LE(at);
    const hash = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS);
    const candidate = candidates[hash]!;
    candidates[hash] = at;
    if (candidate < 0 || at - candidate > DISTANCE_MAX || input.readUInt32LE(candidate) !== word) {
      // The longer nothing matches, the larger the steps: incompressible data is passed over quickly.
      at += 1 + ((at - anchor) >> 5);
      continue;
    }
    let end = at + MATCH_MIN;
    while (end < input.byteLength && input[end] === input[candidate + end - at]) end += 1;
    to = writeLiterals(block, to, input.subarray(anchor, at));
    to = writeMatch(block, to, at - candidate, end - at);
    anchor = end;
    at = end;
  }
  to = writeLiterals(block, to, input.subarray(anchor));
  return block.subarray(0, to);
}

const HASH_BITS = 14;
const MATCH_MIN = 4;
/** What the two bytes of a distance hold. */
const DISTANCE_MAX = 65_535;
const MATCH_MAX = 64;

function writeSize(block: Buffer, size: number): number {
  let to = 0;
  let rest = size;
  for (; rest > 127; rest >>>= 7) block[to++] = (rest & 127) | 128;
  block[to++] = rest;
  return to;
}

/** A head with the count, or, from 60 on, with how many bytes the count takes. */
function writeLiterals(block: Buffer, start: number, literals: Buffer): number {
  if (literals.byteLength === 0) return start;
  const last = literals.byteLength - 1;
  let to = start;
  if (last < 60) {
    block[to++] = last << 2;
  } else {
    const bytes = last < 2 ** 8 ? 1 : last < 2 ** 16 ? 2 : last < 2 ** 24 ? 3 : 4;
    block[to++] = (59 + bytes) << 2;
    to = block.writeUIntLE(last, to, bytes);
  }
  literals.copy(block, to);
  return to + literals.byteLength;
}

function writeMatch(block: Buffer, start: number, distance: number, length: number): number {
  let to = start;
  for (let rest = length; rest > 0; rest -= MATCH_MAX) {
    const part = Math.min(rest, MATCH_MAX);
    if (part >= MATCH_MIN && part < 12 && distance < 2048) {
      block[to++] = 1 | ((part - MATCH_MIN) << 2) | ((distance >> 8) << 5);
      block[to++] = distance & 255;
    } else {
      block[to++] = 2 | ((part - 1) << 2);
      to = block.writeUInt16LE(distance, to);
    }
  }
  return to;
}
