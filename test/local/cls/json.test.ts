import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asInt64, formatJson, parseJson } from '../../../lib/sources/cls/json.ts';
import { parseObject } from '../../../local/cls/json.ts';

test('every integer of 64 bits is read and written as it is', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (integer) => {
      const text = `{"Offset":${integer}}`;
      const { Offset } = parseJson(text) as { Offset: unknown };
      expect(asInt64(Offset)).toBe(integer);
      expect(formatJson({ Offset })).toBe(text);
      expect(formatJson({ Offset: integer })).toBe(text);
    }),
  );
});

test('what is no integer of 64 bits is told apart', () => {
  const values = ['9223372036854775808', '-9223372036854775809', '1.5', '1e300', '"1"', 'null', 'true'];
  for (const text of values) expect(asInt64(parseJson(text)), text).toBeUndefined();
  expect(asInt64(parseJson('1e3'))).toBe(1000n);
});

test('everything else is read as JSON has it', () => {
  const text = '{"a":[1,-2.5,"x",null,true,{"b":{}}]}';
  expect(formatJson(parseJson(text))).toBe(text);
  expect(parseObject(Buffer.from(text))).toEqual(JSON.parse(text));
  for (const other of ['[]', 'null', '1', '{', '']) {
    expect(parseObject(Buffer.from(other)), other).toBeUndefined();
  }
});
