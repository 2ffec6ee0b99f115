import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRecord, scanSegment, segmentFormat } from '../../../../local/service/storage/segment.ts';

const FORMAT = segmentFormat('TSTLOG', 1, 1000);
const { head: HEAD } = FORMAT;
const scan = (file: Uint8Array) => scanSegment(file, FORMAT);

const group = fc.uint8Array({ minLength: 1, maxLength: 40 });
const time = fc.nat(2 ** 32 - 1);
const segment = fc.array(fc.tuple(group, time), { maxLength: 8 });

const fileOf = (records: [Uint8Array, number][]): Buffer =>
  Buffer.concat([HEAD, ...records.map(([bytes, sec]) => encodeRecord(bytes, sec))]);
const groupsIn = (file: Uint8Array) => {
  const found = scan(file)!;
  return found.records.map(({ offset, byteLength, receivedAtSec }) => [
    [...file.subarray(offset, offset + byteLength)],
    receivedAtSec,
  ]);
};
const plain = (records: [Uint8Array, number][]) => records.map(([bytes, sec]) => [[...bytes], sec]);

test('what is written is read', () => {
  fc.assert(
    fc.property(segment, (records) => {
      const file = fileOf(records);
      expect(groupsIn(file)).toEqual(plain(records));
      expect(scan(file)).toMatchObject({ end: file.byteLength, tail: 'none' });
    }),
  );
});

test('wherever a file is cut, all whole groups before are read, and nothing else', () => {
  fc.assert(
    fc.property(segment, fc.nat(), (records, where) => {
      const file = fileOf(records);
      const cut = file.subarray(0, where % (file.byteLength + 1));
      const whole = records.filter(
        (_, index) => fileOf(records.slice(0, index + 1)).byteLength <= cut.byteLength,
      );
      const found = scan(cut)!;
      expect(groupsIn(cut)).toEqual(plain(whole));
      const end = cut.byteLength < HEAD.byteLength ? 0 : fileOf(whole).byteLength;
      expect(found).toMatchObject({ end, tail: end === cut.byteLength && end > 0 ? 'none' : 'torn' });
    }),
  );
});

test('a file that grew before it was written to ends in zeros, which are cut off', () => {
  fc.assert(
    fc.property(segment, fc.integer({ min: 1, max: 100 }), (records, zeros) => {
      const file = Buffer.concat([fileOf(records), Buffer.alloc(zeros)]);
      expect(scan(file)).toMatchObject({ end: file.byteLength - zeros, tail: 'torn' });
    }),
  );
  expect(scan(Buffer.alloc(50))).toEqual({ records: [], end: 0, tail: 'torn' });
});

test('no bit of a file changes unnoticed, and nothing is taken for an interrupted write', () => {
  fc.assert(
    fc.property(segment, fc.nat(), (records, where) => {
      const file = fileOf(records);
      const bit = where % (file.byteLength * 8);
      file[bit >> 3]! ^= 1 << (bit & 7);
      const found = scan(file);
      if (bit < HEAD.byteLength * 8) expect(found).toBeUndefined();
      else {
        expect(found!.tail).toBe('damaged');
        const whole = records.filter(
          (_, index) => fileOf(records.slice(0, index + 1)).byteLength <= bit >> 3,
        );
        expect(groupsIn(file)).toEqual(plain(whole));
      }
    }),
    { numRuns: 1000 },
  );
});

test('what is no segment, or one of another version, is told from an empty one', () => {
  expect(scan(Buffer.from('{"json":true}'))).toBeUndefined();
  expect(scan(Buffer.from('TSTLOG\0\x02more', 'latin1'))).toBeUndefined();
  expect(scan(HEAD)).toEqual({ records: [], end: 8, tail: 'none' });
});
