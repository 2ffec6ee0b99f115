import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlainLog } from '../../../lib/sources/logs/plain.ts';
import { decodeLogGroupList } from '../../../lib/sources/sls/logGroupList.ts';

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const delimited = (field: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(bytes.length)]), bytes]);
const content = (key: Uint8Array, value: Uint8Array): Buffer =>
  delimited(2, Buffer.concat([delimited(1, key), delimited(2, value)]));
const TIME = Uint8Array.from([0x08, ...varint(1_767_225_600)]);
const listOf = (logs: readonly Uint8Array[]): Buffer =>
  delimited(1, Buffer.concat(logs.map((log) => delimited(1, log))));

/** One field more that nobody knows, of a number of two bytes: whoever reads all of the format reads the whole group. */
const NOT_PLAIN = delimited(500, Buffer.from('later'));

/** All that can be asked of the first record. */
function readFirst(logs: readonly Uint8Array[], keys: readonly string[]): object | 'refused' {
  let records: ReturnType<typeof decodeLogGroupList>['records'];
  try {
    records = decodeLogGroupList(listOf(logs)).records;
  } catch {
    return 'refused';
  }
  const [first] = records;
  return {
    timeMs: first!.timeMs,
    fields: first!.fields(),
    pairs: [...first!.pairs()],
    object: Object.entries(first!.toObject()),
    texts: keys.map((key) => first!.get(key)),
    bytes: keys.map((key) => first!.bytes(key)),
  };
}

const text = (size: number): Buffer => Buffer.alloc(size, 'abcdefg');
const size = fc.oneof(fc.nat(6), fc.constantFrom(125, 126, 127, 128, 129, 16_250, 16_383, 16_384));
const pair = fc.tuple(fc.oneof(fc.nat(3), fc.constantFrom(126, 127, 128)), size);

describe('a plain log', () => {
  test('has numbers, and contents of key and value', () => {
    const log = Buffer.concat([
      TIME,
      content(text(5), text(3)),
      content(text(127), text(2_000_000)),
      Uint8Array.of(0x25, 1, 2, 3, 4),
    ]);
    expect(isPlainLog(log, 0, log.length)).toBe(true);
    for (let end = 1; end < 30; end++) {
      const isBetween = [6, 6 + 2 + 2 + 5 + 2 + 3].includes(end);
      expect(isPlainLog(log, 0, end), `to ${end}`).toBe(isBetween);
    }
  });

  test.each([
    { name: 'a value before its key', log: delimited(2, Buffer.from([0x12, 1, 65, 0x0a, 1, 65])) },
    { name: 'no value', log: delimited(2, Buffer.from([0x0a, 1, 65])) },
    { name: 'a second value', log: delimited(2, Buffer.from([0x0a, 1, 65, 0x12, 1, 65, 0x12, 1, 65])) },
    { name: 'a key of 128 bytes', log: content(text(128), text(1)) },
    // Its length has two bytes. Taken for one, the rest would fit together, too.
    {
      name: 'a key that ends where a shorter one would',
      log: content(Buffer.concat([text(127), Buffer.of(0x12)]), text(17)),
    },
    { name: 'a field that nobody knows', log: NOT_PLAIN },
    { name: 'a number of eleven bytes', log: Buffer.from([0x08, ...Array(10).fill(255), 1]) },
  ])('has not $name', ({ log }) => {
    expect(isPlainLog(log, 0, log.length)).toBe(false);
  });

  test('reads as one that is read by all of the format, whatever lengths its keys and values have', () => {
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 5 }), (pairs) => {
        const log = Buffer.concat([TIME, ...pairs.map(([key, value]) => content(text(key), text(value)))]);
        const keys = ['', 'a', 'ab', 'abc', 'b', text(127).toString(), text(128).toString()];
        const read = readFirst([log], keys);
        expect(read).not.toBe('refused');
        expect(read).toEqual(readFirst([log, NOT_PLAIN], keys));
      }),
      { numRuns: 500 },
    );
  });

  test('is refused, or reads as one that is read by all of the format: whichever bytes were changed', () => {
    const log = Buffer.concat([
      TIME,
      content(text(3), text(4)),
      content(text(1), text(130)),
      content(text(3), text(0)),
      Uint8Array.of(0x25, 1, 2, 3, 4),
    ]);
    const value = fc.oneof(fc.constantFrom(0, 1, 2, 4, 8, 10, 18, 37, 127, 128, 129, 255), fc.nat(255));
    const changes = fc.array(fc.tuple(fc.nat(log.length - 1), value), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(changes, fc.nat(log.length), (changes, length) => {
        const changed = Buffer.from(log.subarray(0, length));
        for (const [at, byte] of changes) if (at < length) changed[at] = byte;
        const keys = ['', 'a', 'abc'];
        expect(readFirst([changed], keys)).toEqual(readFirst([changed, NOT_PLAIN], keys));
      }),
      { numRuns: 5000 },
    );
  });
});
