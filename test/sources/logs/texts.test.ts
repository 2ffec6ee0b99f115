import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTexts, PIECE_BYTES, type Texts, textAt, textIn } from '../../../lib/sources/logs/texts.ts';

/** Mostly ASCII, as logs are. */
const part = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 40 }).map((text) => Buffer.from(text)),
  },
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
);
const content = fc.array(part, { maxLength: 80 }).map((parts) => Buffer.concat(parts));

/** The same bytes at a place in memory that is so far from one of a word. */
function placed(bytes: Uint8Array, offset: number): Buffer {
  const all = new ArrayBuffer(bytes.length + offset);
  const copy = Buffer.from(all, offset);
  copy.set(bytes);
  return copy;
}

/** Lines of 50 bytes. */
function lines(count: number): Texts {
  return createTexts(placed(Buffer.from('x'.repeat(50 * count)), 0));
}

describe('a text of an answer', () => {
  it('is what its bytes are in UTF-8, wherever it stands and whatever was asked for before', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: -100, max: 100 }), fc.oneof(fc.nat(30), fc.nat(300))), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(content, fc.nat(4), steps, (written, offset, moves) => {
        const bytes = placed(written, offset);
        const texts = createTexts(bytes);
        let at = 0;
        for (const [gap, length] of moves) {
          const start = Math.min(bytes.length, Math.max(0, at + gap));
          const end = Math.min(bytes.length, start + length);
          expect(textIn(texts, start, end)).toBe(bytes.subarray(start, end).toString());
          at = end;
        }
      }),
      { numRuns: 400 },
    );
  });

  it('is cut out of a piece if it is ASCII, whatever stands beside it', () => {
    for (let length = 1; length <= 24; length++) {
      for (let start = 100; start < 104; start++) {
        for (let odd = start - 1; odd <= start + length; odd++) {
          const end = start + length;
          const bytes = placed(Buffer.from('x'.repeat(200)), 0);
          bytes[odd] = 0xff;
          const texts = createTexts(bytes);
          textIn(texts, 90, 95);
          expect(textIn(texts, start, end)).toBe(bytes.toString('utf8', start, end));
          expect(texts.piece === '').toBe(odd >= start && odd < end);
        }
      }
    }
  });

  it.each([1, 2, 3, 4, 5, 9])('of the last %i bytes of an answer is right as well', (length) => {
    for (let size = 100; size < 104; size++) {
      const bytes = placed(Buffer.from('x'.repeat(size)), 0);
      const texts = createTexts(bytes);
      textIn(texts, 80, 85);
      expect(textIn(texts, size - length, size)).toBe('x'.repeat(length));
      bytes[size - 1] = 0xff;
      expect(textIn(texts, size - length, size)).toBe(`${'x'.repeat(length - 1)}\ufffd`);
    }
  });

  it('that stands before a piece is not cut out of it', () => {
    const texts = createTexts(placed(Buffer.from('0123456789'.repeat(100)), 0));
    textIn(texts, 100, 105);
    textIn(texts, 110, 115);
    expect(texts.start).toBe(110);
    expect(textIn(texts, 103, 113)).toBe('3456789012');
  });

  it('keeps no more in memory than a piece that is small', () => {
    const texts = lines(1_000);
    const pieces = new Set<string>();
    for (let line = 0; line < 1_000; line++) {
      textIn(texts, line * 50, line * 50 + 45);
      pieces.add(`${texts.start}-${texts.end}`);
      expect(texts.piece.length).toBeLessThanOrEqual(PIECE_BYTES);
    }
    // One call for about twenty texts.
    expect(pieces.size).toBeGreaterThan(40);
    expect(pieces.size).toBeLessThan(60);
  });

  it.each([
    ['alone, far from others', [0, 5_000, 10_000, 15_000]],
    ['one behind the other from the end on', [20_000, 15_000, 14_900, 14_800]],
  ])('makes no piece where it is asked for %s', (_how, places) => {
    const texts = lines(1_000);
    for (const start of places) textIn(texts, start, start + 45);
    expect(texts.piece).toBe('');
  });

  it.each([0, 1, 4, 5, 300])('of %i bytes is the same without others around it', (length) => {
    const bytes = Buffer.from('ä'.repeat(200));
    expect(textAt(bytes, 0, length)).toBe(bytes.toString('utf8', 0, length));
  });
});
