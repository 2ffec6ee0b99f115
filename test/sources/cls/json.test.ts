import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cursorDistance, offsetOf } from '../../../lib/sources/cls/cursor.ts';
import { asInt64, formatJson, parseJson } from '../../../lib/sources/cls/json.ts';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const int64 = fc.oneof(
  fc.bigInt({ min: MIN, max: MAX }),
  // Where numbers stop to be exact.
  fc.bigInt({ min: 2n ** 53n - 4n, max: 2n ** 53n + 4n }).chain((size) => fc.constantFrom(size, -size)),
  fc.constantFrom(MIN, MAX, 0n, -1n),
);

describe('an offset in JSON', () => {
  test('comes through exactly, over the whole range of 64 bits', () => {
    fc.assert(
      fc.property(int64, fc.constantFrom('', ' ', '\n\t'), (offset, space) => {
        const text = `{${space}"Response"${space}:{"Offset":${space}${offset}${space},"List":[${offset}]}}`;
        const { Response } = parseJson(text) as { Response: { Offset: unknown; List: unknown[] } };
        expect(asInt64(Response.Offset)).toBe(offset);
        expect(asInt64(Response.List[0])).toBe(offset);
        expect(formatJson({ Offset: offset })).toBe(`{"Offset":${offset}}`);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    '1.5',
    '1e-3',
    '1E400',
    '9223372036854775808',
    '-9223372036854775809',
    '"7"',
    'null',
    '[1]',
    '{}',
  ])('is not %s', (text) => {
    const value = parseJson(`{"Offset":${text}}`) as { Offset: unknown };
    expect(asInt64(value.Offset)).toBeUndefined();
  });

  test('leaves everything else as JSON has it', () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(value, (value) => {
        expect(formatJson(parseJson(JSON.stringify(value)))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('an answer that is made to take long', () => {
  test('is refused for having more values than any answer, before it is read', () => {
    expect(() => parseJson(`[${'1,'.repeat(500_001)}1]`)).toThrow(RangeError);
    // What follows is no JSON; nobody got that far.
    expect(() => parseJson(`[${'1,'.repeat(500_001)}`)).toThrow(RangeError);
    expect(parseJson(`[${'1,'.repeat(1_000)}1]`)).toHaveLength(1_001);
  });

  test.each([
    '[12345678901234567]',
    '{"a":-12345678901234567}',
    '[1, 12345678901234567]',
    '12345678901234567',
  ])('hides no long integer: %s', (text) => {
    expect(formatJson(parseJson(text))).toBe(text.replaceAll(' ', ''));
  });
});

describe('a cursor', () => {
  test('is an offset in decimal, without rounding', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX }), (offset) => {
        expect(offsetOf(String(offset))).toBe(offset);
      }),
    );
  });

  test.each(['', '-1', '1.0', '0x1', ' 1', '1e3', 'MTIz', '12345678901234567890'])('is not %j', (cursor) => {
    const refused = expect.objectContaining({ name: 'SourceError', code: 'InvalidCursor', retriable: false });
    expect(() => offsetOf(cursor)).toThrow(refused);
    expect(cursorDistance(cursor, '1')).toBeUndefined();
    expect(cursorDistance('1', cursor)).toBeUndefined();
  });

  test.each([
    { from: '0', to: '0', distance: 0 },
    { from: '9007199254740993', to: '9007199254740995', distance: 2 },
    { from: '9223372036854775807', to: '9223372036854775000', distance: -807 },
  ])('is $distance messages from $from to $to', ({ from, to, distance }) => {
    expect(cursorDistance(from, to)).toBe(distance);
  });
});

test('a number with more digits than 64 bits have is no integer', () => {
  const { Offset } = parseJson(`{"Offset":${'9'.repeat(21)}}`) as { Offset: unknown };
  expect(typeof Offset).toBe('number');
  expect(asInt64(Offset)).toBeUndefined();
});
