import fc from 'fast-check';
import snappyjs from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { snappyDecompress } from '../../../lib/sources/cls/snappy.ts';

const LIMIT = 1_000_000;

type Element =
  | { literal: Uint8Array; lengthBytes: 0 | 1 | 2 | 3 | 4 }
  | { back: number; length: number; kind: 1 | 2 | 3 };

/** Of any kind the format has, also of those that no compressor chooses. */
const element: fc.Arbitrary<Element> = fc.oneof(
  fc.record({
    literal: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    lengthBytes: fc.constantFrom(0, 1, 2, 3, 4),
  }),
  fc.record({
    back: fc.nat(100_000),
    length: fc.integer({ min: 1, max: 64 }),
    kind: fc.constantFrom(1, 2, 3),
  }),
);

/** A block of such elements, and what it stands for, put together byte by byte. */
function build(elements: Element[]): { block: Uint8Array; raw: Buffer } {
  const raw: number[] = [];
  const body: number[] = [];
  for (const element of elements) {
    if ('literal' in element) {
      body.push(...literalHead(element.literal.length, element.lengthBytes), ...element.literal);
      raw.push(...element.literal);
    } else if (raw.length > 0) {
      const distance = 1 + (element.back % Math.min(raw.length, element.kind === 1 ? 2047 : 65_535));
      const length = element.kind === 1 ? 4 + (element.length % 8) : element.length;
      body.push(...matchHead(distance, length, element.kind));
      for (let i = 0; i < length; i++) raw.push(raw[raw.length - distance]!);
    }
  }
  return { block: Uint8Array.from([...varint(raw.length), ...body]), raw: Buffer.from(raw) };
}

function literalHead(length: number, lengthBytes: number): number[] {
  const needed = length <= 60 ? 0 : length <= 256 ? 1 : 2;
  const bytes = Math.max(needed, lengthBytes);
  if (bytes === 0) return [(length - 1) << 2];
  return [(59 + bytes) << 2, ...littleEndian(length - 1, bytes)];
}

function matchHead(distance: number, length: number, kind: 1 | 2 | 3): number[] {
  if (kind === 1) return [((distance >> 8) << 5) | ((length - 4) << 2) | 1, distance & 255];
  return [((length - 1) << 2) | kind, ...littleEndian(distance, kind === 2 ? 2 : 4)];
}

const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

describe('a snappy block', () => {
  test('is what its elements stand for, of whatever kinds they are', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 30 }), (elements) => {
        const { block, raw } = build(elements);
        expect(snappyDecompress(block, LIMIT)).toEqual(raw);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([0, 1, 59, 60, 61, 255, 256, 257, 65_535, 65_536, 65_537, 200_000])(
    'of %i equal bytes and of as many distinct ones comes back from another implementation',
    (size) => {
      for (const byteAt of [() => 7, (i: number) => Math.imul(i, 2_654_435_761) >>> 24]) {
        const raw = Buffer.from(Uint8Array.from({ length: size }, (_, i) => byteAt(i)));
        expect(snappyDecompress(snappyjs.compress(raw), LIMIT)).toEqual(raw);
      }
    },
  );

  test('may come to as many bytes as are allowed, and not to one more', () => {
    const block = snappyjs.compress(Buffer.alloc(1000));
    expect(snappyDecompress(block, 1000)).toHaveLength(1000);
    expect(() => snappyDecompress(block, 999)).toThrow(/1000 bytes are more than 999/);
  });

  test('that announces gigabytes takes no memory for them', () => {
    const bomb = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => snappyDecompress(bomb, LIMIT)).toThrow(/4294967295 bytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(LIMIT);
  });
});

describe('a corrupt snappy block', () => {
  const { block, raw } = build([
    { literal: Buffer.from('abc'), lengthBytes: 0 },
    { back: 2, length: 8, kind: 1 },
    { literal: Buffer.from('x'.repeat(70)), lengthBytes: 1 },
    { back: 5, length: 30, kind: 2 },
    { back: 9, length: 3, kind: 3 },
  ]);

  test('is refused wherever it is cut off', () => {
    expect(snappyDecompress(block, LIMIT)).toEqual(raw);
    for (let length = 0; length < block.length; length++) {
      expect(() => snappyDecompress(block.subarray(0, length), LIMIT), `at ${length}`).toThrow(RangeError);
    }
  });

  test('is refused, or yields as many bytes as it announces: whatever its bytes say', () => {
    const head = fc.constantFrom(0, 1, 2, 3, 0xf0, 0xf4, 0xf8, 0xfc, 4, 5, 6, 7);
    fc.assert(
      fc.property(fc.nat(200), fc.array(fc.oneof(head, fc.nat(255)), { maxLength: 60 }), (size, bytes) => {
        decompressOrRefuse(Uint8Array.from([...varint(size), ...bytes]), size);
      }),
      { numRuns: 5000 },
    );
  });

  test('is refused, or yields as many bytes as it announces: wherever one byte was changed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: block.length - 1 }), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(block);
        changed[at] = value;
        decompressOrRefuse(changed, raw.length);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    { says: 'no size', bytes: [] },
    { says: 'no size', bytes: [0x80, 0x80, 0x80, 0x80, 0x80, 0x01] },
    { says: 'distance 0 at 1', bytes: [5, 0, 65, 0x01, 0] },
    { says: 'distance 2 at 1', bytes: [5, 0, 65, 0x01, 2] },
    { says: 'distance 4278190080 at 1', bytes: [5, 0, 65, 0x0f, 0, 0, 0, 0xff] },
    { says: 'match out of bounds', bytes: [4, 0, 65, 0x01, 1] },
    { says: 'literals out of bounds', bytes: [1, 4, 65, 66] },
    { says: 'literals out of bounds', bytes: [5, 16, 65, 66, 67] },
    { says: 'literals out of bounds', bytes: [5, 0xfc, 0xff, 0xff, 0xff, 0xff, 65] },
    { says: 'cut off in a length', bytes: [5, 0xf4, 1] },
    { says: 'cut off in a distance', bytes: [5, 0, 65, 0x0e, 1] },
    { says: '5 bytes instead of 6', bytes: [6, 0, 65, 0x01, 1] },
  ])('is refused: $bytes has $says', ({ bytes, says }) => {
    const refused = `corrupt snappy block: ${says}`;
    expect(() => snappyDecompress(Uint8Array.from(bytes), LIMIT)).toThrow(new RangeError(refused));
  });

  function decompressOrRefuse(bytes: Uint8Array, size: number): void {
    try {
      expect(snappyDecompress(bytes, LIMIT)).toHaveLength(size);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toContain('corrupt snappy block');
    }
  }
});
