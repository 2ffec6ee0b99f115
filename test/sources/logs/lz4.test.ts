import fc from 'fast-check';
import { compressSync } from 'lz4-napi';
import { describe, expect, test } from 'vitest';
import { lz4Decompress } from '../../../lib/sources/logs/lz4.ts';

/** Bytes with repetitions near and far, runs longer than a token can count, and noise. */
const repetitive = fc
  .array(
    fc.oneof(
      fc.record({ piece: fc.uint8Array({ minLength: 1, maxLength: 12 }), times: fc.nat(60) }),
      fc.record({ piece: fc.uint8Array({ maxLength: 300 }), times: fc.constant(1) }),
      fc.record({ piece: fc.constant(Uint8Array.of(7)), times: fc.nat(2000) }),
      fc.record({ piece: fc.constant(Buffer.from('GET /index.html HTTP/1.1')), times: fc.nat(3) }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => Buffer.concat(parts.flatMap(({ piece, times }) => Array<Uint8Array>(times).fill(piece))));

/** The native package puts the raw size, four bytes little-endian, before the block. */
function lz4Compress(raw: Uint8Array): Buffer {
  return compressSync(Buffer.from(raw)).subarray(4);
}

describe('an LZ4 block', () => {
  test('that the native implementation compressed can be read by us', () => {
    fc.assert(
      fc.property(repetitive, (raw) => {
        expect(Buffer.from(lz4Decompress(lz4Compress(raw), raw.length))).toEqual(raw);
      }),
      { numRuns: 500 },
    );
  });

  test.each([0, 1, 4, 5, 11, 12, 13, 14, 15, 16, 254, 255, 256, 269, 270, 271, 65_535, 65_540, 70_000])(
    'of %i equal bytes and of as many distinct ones comes back',
    (size) => {
      const equal = new Uint8Array(size).fill(1);
      const noise = Uint8Array.from({ length: size }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
      for (const raw of [equal, noise]) {
        expect(Buffer.compare(lz4Decompress(lz4Compress(raw), size), raw)).toBe(0);
      }
    },
  );

  test('reaches back 65535 bytes, and no further', () => {
    for (const gap of [65_535, 65_536]) {
      const noise = Uint8Array.from({ length: gap - 20 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
      const phrase = Buffer.from('twenty bytes exactly');
      const raw = Buffer.concat([phrase, noise, phrase, phrase]);
      expect(Buffer.compare(lz4Decompress(lz4Compress(raw), raw.length), raw)).toBe(0);
    }
  });
});

describe('a corrupt LZ4 block', () => {
  const raw = Buffer.from('abcabcabcabcabcabcabcabcabcabc, the end of it all');
  const block = lz4Compress(raw);

  test('is refused, or yields as many bytes as were asked for: whatever its bytes say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(400), (bytes, rawSize) => {
        decompressOrRefuse(bytes, rawSize);
      }),
      { numRuns: 3000 },
    );
  });

  test('is refused, or yields as many bytes as were asked for: wherever one byte was changed', () => {
    fc.assert(
      fc.property(fc.nat(block.length - 1), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(block);
        changed[at] = value;
        decompressOrRefuse(changed, raw.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('is refused wherever it is cut off', () => {
    for (let length = 0; length < block.length; length++) {
      expect(() => lz4Decompress(block.subarray(0, length), raw.length)).toThrow(RangeError);
    }
  });

  test.each([
    { name: 'a wrong raw size, too small', bytes: block, rawSize: raw.length - 1 },
    { name: 'a wrong raw size, too large', bytes: block, rawSize: raw.length + 1 },
    { name: 'a raw size that is none', bytes: block, rawSize: Number.NaN },
    { name: 'a negative raw size', bytes: block, rawSize: -1 },
    { name: 'a distance of zero', bytes: Uint8Array.of(0x10, 65, 0, 0, 0), rawSize: 5 },
    { name: 'a distance before the start', bytes: Uint8Array.of(0x10, 65, 2, 0, 0), rawSize: 5 },
    { name: 'an endless length', bytes: new Uint8Array(50).fill(255), rawSize: 100 },
    { name: 'no literals after the last match', bytes: Uint8Array.of(0x10, 65, 1, 0), rawSize: 5 },
  ])('is refused for $name', ({ bytes, rawSize }) => {
    expect(() => lz4Decompress(bytes, rawSize)).toThrow(RangeError);
  });
});

function decompressOrRefuse(bytes: Uint8Array, rawSize: number): void {
  try {
    expect(lz4Decompress(bytes, rawSize)).toHaveLength(rawSize);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toContain('corrupt LZ4 block');
  }
}
