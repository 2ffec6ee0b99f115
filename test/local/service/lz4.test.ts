import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lz4Decompress as ours } from '../../../lib/sources/logs/lz4.ts';
import { lz4Compress, lz4Decompress } from '../../../local/service/lz4.ts';

const text = fc.array(fc.constantFrom('ab', 'cdefgh', 'x'.repeat(400), 'yz'), { maxLength: 400 });
const anything = fc
  .tuple(text, fc.uint8Array({ maxLength: 600 }))
  .map(([parts, bytes]) => Buffer.concat([Buffer.from(parts.join('')), bytes]));

test('whatever is compressed comes out again, however much room there is, of two decompressors', () => {
  fc.assert(
    fc.property(anything, fc.nat(1e7), (raw, room) => {
      const block = lz4Compress(raw);
      expect(lz4Decompress(block, raw.byteLength + room)).toEqual(raw);
      expect(Buffer.from(ours(block, raw.byteLength))).toEqual(raw);
    }),
  );
});

test('is a block without a size before it, also of what is a part of a larger buffer', () => {
  const raw = Buffer.from('-- one --').subarray(3, 6);
  expect([...lz4Compress(raw)]).toEqual([0x30, ...Buffer.from('one')]);
});

describe('more than there may be is told from what is corrupt', () => {
  test.each([1, 100, 100_000, 6 * 1024 ** 2])('%i bytes', (size) => {
    const block = lz4Compress(Buffer.alloc(size + 1));
    expect(() => lz4Decompress(block, size)).toThrow(
      expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }),
    );
  });

  test.each([
    ['cut off in a length', [0xf0, 0xff]],
    ['cut off in its literals', [0x30, 1]],
    ['a distance to before its start', [0x10, 97, 9, 0, 0x10, 97]],
  ])('%s', (_what, block) => {
    expect(() => lz4Decompress(Uint8Array.from(block), 100)).toThrow(
      expect.not.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }),
    );
  });
});
