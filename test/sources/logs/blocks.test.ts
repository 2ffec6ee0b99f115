import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { compressSync } from 'lz4-napi';
import snappyjs from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { assembled, TARGET } from '../../../assemble.ts';
import { snappyDecompress } from '../../../lib/sources/cls/snappy.ts';
import { lz4Decompress } from '../../../lib/sources/logs/lz4.ts';
import { decodePlain, type Format, type Progress } from '../../../lib/sources/logs/window.ts';
import { createRandom } from '../../../local/service/random.ts';

test('what is run is what blocks.wat says: else, npm run assemble', async () => {
  expect(readFileSync(TARGET, 'utf8')).toBe(await assembled());
});

const RAW_BYTES_MAX = 4 * 1024 * 1024;

/** One element after another in JavaScript, which says what is right. */
const without = (): void => {};

const FORMATS = {
  lz4: {
    compress: (raw: Uint8Array) => compressSync(Buffer.from(raw)).subarray(4),
    decompress: (block: Uint8Array, size: number, plain = decodePlain) => lz4Decompress(block, size, plain),
  },
  snappy: {
    compress: (raw: Uint8Array) => Buffer.from(snappyjs.compress(raw)),
    decompress: (block: Uint8Array, _size: number, plain = decodePlain) =>
      snappyDecompress(block, RAW_BYTES_MAX, plain),
  },
};

/** Text, runs, and noise that does not repeat, longer than a window; the same for the same seed. */
function rawOf(seed: number, pieces: number): Buffer {
  const random = createRandom(seed);
  const upTo = (most: number): number => Math.floor(random() * most);
  return Buffer.concat(
    Array.from({ length: pieces }, () => {
      const length = 1 + upTo(random() < 0.05 ? 300_000 : 3_000);
      const kind = random();
      if (kind < 0.3) return Buffer.alloc(length, `line ${upTo(1_000)} GET /index.html\n`);
      if (kind < 0.6) return Buffer.alloc(length, 'abcdefghijklmnopqrstuvwxyz'.slice(0, 1 + upTo(26)));
      return Buffer.from(Uint8Array.from({ length }, () => upTo(256)));
    }),
  );
}

describe.each(['lz4', 'snappy'] as const)('a window of %s', (format) => {
  const { compress, decompress } = FORMATS[format];

  test('decodes what JavaScript decodes, over many windows', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const raw = rawOf(seed, 60);
      const block = compress(raw);
      expect(Buffer.compare(decompress(block, raw.length), raw)).toBe(0);
      expect(Buffer.compare(decompress(block, raw.length, without), raw)).toBe(0);
    }
  });

  test('takes over nearly all of an answer', () => {
    const raw = Buffer.alloc(1_000_000, 'the quick brown fox jumps over the lazy dog, again and again: ');
    for (let at = 0; at < raw.length; at += 97) raw[at] = at % 251;
    const at = { from: format === 'lz4' ? 0 : 3, to: 0 };
    decodePlain(format, compress(raw), Buffer.alloc(raw.length), at);
    expect(at.to).toBeGreaterThan(0.99 * raw.length);
  });

  test('refuses for the same reason what JavaScript refuses, wherever bytes were changed or cut off', () => {
    const raw = rawOf(7, 20);
    const block = compress(raw);
    const change = fc.tuple(fc.nat(Math.min(block.length, 3_000) - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(), (changes, cut) => {
        const changed = Buffer.from(
          block.subarray(0, block.length - (cut % 3 === 0 ? cut % block.length : 0)),
        );
        for (const [at, byte] of changes) changed[at] = byte;
        expect(outcome(changed, raw.length, decodePlain)).toEqual(outcome(changed, raw.length, without));
      }),
      { numRuns: 300 },
    );
  });

  test('agrees with JavaScript about whatever bytes', () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 15, 16, 31, 240, 241, 244, 255));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 80 }), fc.nat(400), (bytes, size) => {
        // Of snappy the size stands in front.
        const block = Uint8Array.from(format === 'lz4' ? bytes : [size % 128, ...bytes]);
        expect(outcome(block, size, decodePlain)).toEqual(outcome(block, size, without));
      }),
      { numRuns: 5_000 },
    );
  });

  test('writes nothing before where it is to begin, and leaves what is not decoded to others', () => {
    const raw = Buffer.alloc(1_000, 1);
    const at: Progress = { from: 0, to: 500 };
    // A match that reaches back further than anything was written.
    const block = Uint8Array.from(format === 'lz4' ? [0x10, 65, 255, 255, 0, 0] : [0, 65, 2, 255, 255]);
    decodePlain(format, block, raw, at);
    expect(at).toEqual(format === 'lz4' ? { from: 0, to: 500 } : { from: 2, to: 501 });
    expect(raw.subarray(0, 500)).toEqual(Buffer.alloc(500, 1));
    expect(raw.subarray(501)).toEqual(Buffer.alloc(499, 1));
  });

  function outcome(block: Uint8Array, size: number, plain: (...window: WindowArguments) => void): unknown {
    try {
      return Buffer.from(decompress(block, size, plain)).toString('base64');
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return (error as RangeError).message;
    }
  }
});

type WindowArguments = [format: Format, block: Uint8Array, raw: Uint8Array, at: Progress];

test('a block of elements that no window takes is decoded in proportion to its length', () => {
  // Matches of snappy with a distance of 32 bits: each of five bytes.
  const count = 200_000;
  const elements = Buffer.concat([
    Buffer.from([0, 65]),
    Buffer.alloc(5 * count, Buffer.from([3, 1, 0, 0, 0])),
  ]);
  const size = count + 1;
  const block = Buffer.concat([
    Buffer.from([(size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14]),
    elements,
  ]);
  let tries = 0;
  const counted = (...window: WindowArguments): void => {
    tries += 1;
    decodePlain(...window);
  };
  expect(snappyDecompress(block, RAW_BYTES_MAX, counted)).toEqual(Buffer.alloc(size, 65));
  expect(tries).toBeLessThan(100);
});
