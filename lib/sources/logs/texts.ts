/**
 * Texts of an answer's bytes. To ask Node for one takes longer than all else that is done for a field. So where texts are asked for one after
 * another, a piece of the answer becomes a text with one call, and those in it are cut out of that. V8 cuts without a copy, so that whoever
 * keeps one keeps its piece: pieces are small.
 *
 * A piece has a character for each byte, and so what is cut is right only if it is ASCII. That is looked at first, four bytes at a time.
 */
import { endianness } from 'node:os';

export interface Texts {
  readonly bytes: Buffer;
  /** The same bytes, where they can be looked at so. */
  readonly words: Int32Array | undefined;
  /** What the piece was made of. */
  start: number;
  end: number;
  piece: string;
  /** Where the text ends that was asked for last. */
  last: number;
}

/** What somebody who keeps a short text keeps at the most. */
export const PIECE_BYTES = 1024;
/** A longer text is worth a call of its own. */
const CUT_BYTES_MAX = 256;
/** One that stands so close behind the last one is likely to be followed by more. */
const NEAR_BYTES = 256;
/** Of four bytes, the bits that no ASCII has. */
const HIGH_BITS = 0x80808080 | 0;

export function createTexts(bytes: Buffer): Texts {
  const { buffer, byteOffset, length } = bytes;
  const isAligned = byteOffset % 4 === 0 && endianness() === 'LE';
  const words = isAligned ? new Int32Array(buffer, byteOffset, length >> 2) : undefined;
  return { bytes, words, start: 0, end: 0, piece: '', last: Number.NEGATIVE_INFINITY };
}

/** As `textAt`, for texts that are likely to be asked for one after another. */
export function textIn(texts: Texts, start: number, end: number): string {
  const { bytes, words, last } = texts;
  texts.last = end;
  const isShort = end - start <= CUT_BYTES_MAX && start < end;
  if (!isShort || words === undefined || !isAscii(words, start, end)) return textAt(bytes, start, end);
  if (start < texts.start || end > texts.end) {
    if (start < last || start - last > NEAR_BYTES) return textAt(bytes, start, end);
    texts.start = start;
    texts.end = Math.min(bytes.length, start + PIECE_BYTES);
    texts.piece = bytes.toString('latin1', start, texts.end);
  }
  return texts.piece.substring(start - texts.start, end - texts.start);
}

/** Of at least one byte. False as well where the last bytes of an answer do not make a word. */
function isAscii(words: Int32Array, start: number, end: number): boolean {
  const last = (end - 1) >> 2;
  if (last >= words.length) return false;
  // Bytes of a word stand in it from the lowest on.
  const ofFirst = -1 << ((start & 3) << 3);
  const ofLast = -1 >>> ((-end & 3) << 3);
  let at = start >> 2;
  if (at === last) return (words[at]! & ofFirst & ofLast & HIGH_BITS) === 0;
  let all = (words[at]! & ofFirst) | (words[last]! & ofLast);
  for (at++; at + 4 <= last; at += 4) all |= words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!;
  for (; at < last; at++) all |= words[at]!;
  return (all & HIGH_BITS) === 0;
}

/** Up to this, a text of ASCII is put together sooner than Node is asked for it. */
const SHORT_BYTES_MAX = 4;

/** UTF-8; a byte that is not becomes U+FFFD. */
export function textAt(bytes: Buffer, start: number, end: number): string {
  if (end - start > SHORT_BYTES_MAX) return bytes.toString('utf8', start, end);
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte > 127) return bytes.toString('utf8', start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}
