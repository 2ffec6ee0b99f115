import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LetterRecord } from '../../../lib/delivery/deadLetters/deadLetters.ts';
import { kept } from '../../../lib/delivery/deadLetters/kept.ts';
import { letterKey } from '../../../lib/delivery/deadLetters/keys.ts';
import {
  packRecord,
  readLetter,
  unpackRecord,
  writeLetter,
} from '../../../lib/delivery/deadLetters/letterText.ts';
import { letterOf } from '../../support/letters.ts';

const text = fc.string({ unit: 'binary' });
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  text.map((written) => Buffer.from(written)),
  fc
    .constantFrom('', '\ufeffmark', '\u0000', '__proto__', '{"base64":"AA=="}')
    .map((given) => Buffer.from(given)),
);
const texts = fc.dictionary(text, text);
const record: fc.Arbitrary<LetterRecord> = fc.record({
  topic: text,
  source: text,
  tags: texts,
  // The same few keys come again.
  pairs: fc.array(fc.tuple(fc.oneof(fc.constantFrom(Buffer.from('a'), Buffer.from([255])), bytes), bytes)),
});
const letter = fc
  .record({
    record,
    id: text,
    shard: text,
    stream: texts,
    recordId: fc.option(text, { nil: undefined }),
    functionVersion: fc.option(text, { nil: undefined }),
    message: text,
    timeMs: fc.double({ max: 1e15 }),
    index: fc.nat(),
  })
  .map(({ record, ...head }) => kept(letterOf(0, { ...head, ...record })));
const state = fc.record({
  redrives: fc.nat(),
  redrivenAt: fc.option(fc.nat(), { nil: undefined }),
  redriveMessage: fc.option(text, { nil: undefined }),
  claimedUntil: fc.option(fc.nat(), { nil: undefined }),
});

/** Buffers and other arrays of bytes are alike if their bytes are. */
const plainPairs = ({ pairs, ...rest }: LetterRecord) => ({
  ...rest,
  tags: Object.entries(rest.tags),
  pairs: pairs.map((pair) => pair.map((part) => Buffer.from(part).toString('hex'))),
});

describe('a letter', () => {
  it('is read as it was written, whatever its bytes are', () => {
    fc.assert(
      fc.property(letter, state, (letter, state) => {
        const written = { ...letter, ...state };
        const read = readLetter(writeLetter(written))!;
        expect({ ...read, record: plainPairs(read.record!) }).toEqual({
          ...written,
          // Minus zero is no time, either.
          timeMs: written.timeMs + 0,
          record: plainPairs(written.record!),
        });
      }),
    );
  });

  it('has a time, also if its source has told none', () => {
    for (const timeMs of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const written = kept(letterOf(0, { timeMs }));
      expect(readLetter(writeLetter(written))).toMatchObject({ id: '0/7/0', timeMs: 0 });
    }
  });

  it('may have no record', () => {
    const written = { ...kept(letterOf(0)), record: undefined };
    expect(readLetter(writeLetter(written))).toEqual(written);
  });

  it('can be read by people, unless it is no text', () => {
    expect(JSON.parse(writeLetter(kept(letterOf(0))))).toMatchObject({
      version: 1,
      id: '0/7/0',
      record: {
        pairs: [
          ['content', 'record 0'],
          ['content', 'again'],
          ['raw', { base64: 'AP/+wA==' }],
        ],
      },
    });
  });

  it.each([
    '',
    'a message of somebody else',
    'null',
    '7',
    '[]',
    '{}',
    '{"version":1}',
    JSON.stringify({ ...JSON.parse(writeLetter(kept(letterOf(0)))), version: 2 }),
    JSON.stringify({ ...JSON.parse(writeLetter(kept(letterOf(0)))), index: '0' }),
    JSON.stringify({ ...JSON.parse(writeLetter(kept(letterOf(0)))), stream: { a: 1 } }),
    JSON.stringify({ ...JSON.parse(writeLetter(kept(letterOf(0)))), record: {} }),
    JSON.stringify({ ...JSON.parse(writeLetter(kept(letterOf(0)))), record: null }),
  ])('is none: %j', (text) => {
    expect(readLetter(text)).toBeUndefined();
  });
});

describe('a record', () => {
  it('is unpacked as it was packed', () => {
    fc.assert(
      fc.property(record, (record) => {
        expect(plainPairs(unpackRecord(packRecord(record))!)).toEqual(plainPairs(record));
      }),
    );
  });

  it('takes hardly more than its bytes, if they are none that can be made smaller', () => {
    const noise = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * at * 2_654_435_761) >>> 24));
    const packed = packRecord({ topic: '', source: '', tags: {}, pairs: [[Buffer.from('a'), noise]] });
    expect(packed.length).toBeLessThan(noise.length * 1.05);
  });

  it('is none if it is not as it was', () => {
    const packed = packRecord({ topic: '', source: '', tags: {}, pairs: [] });
    expect(unpackRecord(packed.subarray(0, -1))).toBeUndefined();
    expect(unpackRecord(new Uint8Array())).toBeUndefined();
    expect(unpackRecord(Buffer.from('text'))).toBeUndefined();
  });
});

describe('the key of a letter', () => {
  it('is that of no other one, and any place takes it', () => {
    const long = fc.tuple(text, fc.nat(600)).map(([end, length]) => 'x'.repeat(length) + end);
    const name = fc.oneof(text, long, fc.constantFrom('.', '..', '!', '!.', '/', 'a/b', ''));
    fc.assert(
      fc.property(name, name, name, name, (shard, id, otherShard, otherId) => {
        const key = letterKey(shard, id);
        expect(key).toMatch(/^[\w.!-]*\/[\w.!-]*$/);
        expect(key.length).toBeLessThanOrEqual(601);
        expect(key.split('/').every((step) => step !== '.' && step !== '..')).toBe(true);
        const isSame =
          shard.toWellFormed() === otherShard.toWellFormed() && id.toWellFormed() === otherId.toWellFormed();
        expect(letterKey(otherShard, otherId) === key).toBe(isSame);
      }),
    );
  });

  it('tells what it is of', () => {
    expect(letterKey('topic:0', 'topic:0/17/4')).toBe('topic!3a0/topic!3a0!2f17!2f4');
  });
});
