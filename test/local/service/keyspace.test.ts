import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  containsKey,
  divideRange,
  formatKey,
  parseKey,
  splitRange,
  WHOLE_KEYSPACE,
} from '../../../local/service/keyspace.ts';

const anyKey = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });

test('however often ranges are divided, every key is in exactly one', () => {
  const cuts = fc.array(fc.record({ which: fc.nat(), count: fc.integer({ min: 2, max: 5 }) }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(cuts, fc.array(anyKey), (plan, keys) => {
      let ranges = [WHOLE_KEYSPACE];
      for (const { which, count } of plan) {
        const index = which % ranges.length;
        ranges = ranges.toSpliced(index, 1, ...divideRange(ranges[index]!, count));
      }
      for (const key of [...keys, 0n, WHOLE_KEYSPACE.end, ...ranges.map((range) => range.begin)]) {
        expect(ranges.filter((range) => containsKey(range, key))).toHaveLength(1);
      }
    }),
  );
});

test('a split keeps every key, or is none', () => {
  fc.assert(
    fc.property(anyKey, anyKey, (at, key) => {
      const halves = splitRange(WHOLE_KEYSPACE, at);
      if (halves) expect(halves.filter((range) => containsKey(range, key))).toHaveLength(1);
      else expect([0n, WHOLE_KEYSPACE.end]).toContain(at);
    }),
  );
});

test('a key is written as 32 hex digits and read back', () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      expect(formatKey(key)).toMatch(/^[0-9a-f]{32}$/);
      expect(parseKey(formatKey(key))).toBe(key);
      expect(parseKey(formatKey(key).toUpperCase())).toBe(key);
    }),
  );
});

test('halves of the key space are those of the live service', () => {
  expect(divideRange(WHOLE_KEYSPACE, 2).map(({ begin, end }) => [formatKey(begin), formatKey(end)])).toEqual([
    ['00000000000000000000000000000000', '80000000000000000000000000000000'],
    ['80000000000000000000000000000000', 'ffffffffffffffffffffffffffffffff'],
  ]);
});

test.each(['', 'g', '0x1', '0'.repeat(33), ' 1'])('"%s" is no key', (text) => {
  expect(parseKey(text)).toBeUndefined();
});
