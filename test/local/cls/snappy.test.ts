import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { snappyDecompress } from '../../../lib/sources/cls/snappy.ts';
import { snappyCompress } from '../../../local/cls/snappy.ts';
import * as other from './support.ts';

const roundTrip = (raw: Buffer): Buffer => snappyDecompress(snappyCompress(raw), raw.byteLength);

test('whatever is compressed comes out again, of two decompressors', () => {
  const words = fc.array(fc.constantFrom('a', 'bcd', 'efghijkl', 'x'.repeat(70), 'q'.repeat(300)), {
    maxLength: 600,
  });
  fc.assert(
    fc.property(words, fc.uint8Array({ maxLength: 700 }), words, (one, bytes, two) => {
      const raw = Buffer.concat([Buffer.from(one.join('')), bytes, Buffer.from(two.join(''))]);
      expect(roundTrip(raw)).toEqual(raw);
      expect(other.snappyDecompress(Buffer.from(snappyCompress(raw)))).toEqual(raw);
    }),
    { numRuns: 300 },
  );
});

describe('literals of any count', () => {
  // What does not repeat: the squares of a prime field.
  const noise = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * at * 31 + (at >> 3)) % 251));

  test.each([0, 1, 60, 61, 256, 257, 65_536, 65_537])('%i', (count) => {
    const raw = noise.subarray(0, count);
    expect(roundTrip(raw)).toEqual(raw);
  });

  test('of more than 16 MB', () => {
    const raw = Buffer.allocUnsafe(17 * 1024 ** 2);
    let state = 1;
    for (let at = 0; at < raw.byteLength; at += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      raw[at] = state >>> 24;
    }
    expect(roundTrip(raw).equals(raw)).toBe(true);
  });
});

test.each([2047, 2048, 65_535, 65_536, 200_000])('matches at a distance of %i', (distance) => {
  const word = Buffer.from('abcdefgh');
  const raw = Buffer.concat([word, Buffer.alloc(distance - word.byteLength), word]);
  expect(roundTrip(raw)).toEqual(raw);
});

test('what repeats gets small', () => {
  expect(snappyCompress(Buffer.alloc(100_000, 'abcdefg')).byteLength).toBeLessThan(6000);
});
