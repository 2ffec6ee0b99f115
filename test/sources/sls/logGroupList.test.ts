import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { SourceError } from '../../../lib/errors.ts';
import { decodeLogGroupList } from '../../../lib/sources/sls/logGroupList.ts';
import type { LogRecord } from '../../../lib/sources/source.ts';
import { encodeLogGroup, encodeLogGroupList } from '../../../local/clients/sls/logGroup.ts';

/** The official schema, but with bytes for text, nothing required, and fields of a future version. */
const { root } = protobuf.parse(
  `
  syntax = "proto2";
  message Content { optional bytes Key = 1; optional bytes Value = 2; optional uint64 Later = 9; }
  message Log {
    optional uint32 Time = 1; repeated Content Contents = 2; optional fixed32 Time_ns = 4;
    optional double Later = 3; optional bytes Later2 = 500;
  }
  message LogGroup {
    repeated Log Logs = 1; optional bytes Category = 2; optional bytes Topic = 3; optional bytes Source = 4;
    optional bytes MachineUUID = 5; repeated Content LogTags = 6; optional sfixed64 Later = 7;
  }
  message LogGroupList { repeated LogGroup LogGroups = 1; optional fixed32 Later = 2; optional Log Later2 = 15; }
`,
  { keepCase: true },
);
const schema = root.lookupType('LogGroupList');

interface Content {
  Key?: Uint8Array;
  Value?: Uint8Array;
  Later?: number;
}
interface Log {
  Time?: number;
  Contents: Content[];
  Time_ns?: number;
  Later?: number;
  Later2?: Uint8Array;
}
interface Group {
  Logs: Log[];
  Category?: Uint8Array;
  Topic?: Uint8Array;
  Source?: Uint8Array;
  MachineUUID?: Uint8Array;
  LogTags: Content[];
  Later?: number;
}
interface List {
  LogGroups: Group[];
  Later?: number;
  Later2?: Log;
}

/** Keys repeat often; `__proto__` and `toString` are keys like any other. */
const key = fc.oneof(
  fc
    .constantFrom('level', 'message', 'status', '__proto__', 'toString', '', '键')
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 80 }),
);
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }),
);
const partial = { requiredKeys: [] as [] };
const content: fc.Arbitrary<Content> = fc.record({ Key: key, Value: value, Later: fc.nat() }, partial);
const log: fc.Arbitrary<Log> = fc.record(
  {
    Time: fc.nat(2 ** 32 - 1),
    Contents: fc.array(content, { maxLength: 8 }),
    Time_ns: fc.nat(999_999_999),
    Later: fc.double({ noNaN: true }),
    Later2: value,
  },
  { requiredKeys: ['Contents'] },
);
const group: fc.Arbitrary<Group> = fc.record(
  {
    Logs: fc.array(log, { maxLength: 4 }),
    Category: value,
    Topic: value,
    Source: value,
    MachineUUID: value,
    LogTags: fc.array(content, { maxLength: 3 }),
    Later: fc.nat(),
  },
  { requiredKeys: ['Logs', 'LogTags'] },
);
const list: fc.Arbitrary<List> = fc.record(
  { LogGroups: fc.array(group, { maxLength: 4 }), Later: fc.nat(), Later2: log },
  { requiredKeys: ['LogGroups'] },
);

const encode = (message: List): Buffer => Buffer.from(schema.encode(schema.create(message)).finish());
const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

/** A field name whose bytes are not UTF-8 cannot be asked for by its text. */
const askable = (name: string): boolean => !name.includes('\ufffd');

/** What the reference decoder sees, in the form of ours: the first of repeated keys counts. */
function expected(bytes: Uint8Array): object[] {
  const { LogGroups } = schema.decode(bytes) as unknown as List;
  return LogGroups.flatMap((group) =>
    group.Logs.map((log) => {
      const names = [...new Set(log.Contents.map((content) => textOf(content.Key)))];
      return {
        timeMs: (log.Time ?? 0) * 1000 + (log.Time_ns ?? 0) / 1e6,
        topic: textOf(group.Topic),
        source: textOf(group.Source),
        tags: firstOf(group.LogTags),
        object: firstOf(log.Contents),
        fields: names,
        pairs: log.Contents.map(({ Key, Value }) => [Buffer.from(Key ?? []), Buffer.from(Value ?? [])]),
        bytes: names
          .filter(askable)
          .map((name) => Buffer.from(log.Contents.find(({ Key }) => textOf(Key) === name)?.Value ?? [])),
      };
    }),
  );
}

function actual(bytes: Uint8Array): object[] {
  return [...decodeLogGroupList(bytes).records].map((record) => ({
    timeMs: record.timeMs,
    topic: record.topic,
    source: record.source,
    tags: Object.entries(record.tags),
    object: Object.entries(record.toObject()),
    fields: record.fields(),
    pairs: [...record.pairs()],
    bytes: record
      .fields()
      .filter(askable)
      .map((name) => Buffer.from(record.bytes(name) ?? 'none')),
  }));
}

/** In the order in which an object lists them. */
function firstOf(contents: Content[]): [string, string][] {
  const object: Record<string, string> = Object.create(null);
  for (const { Key, Value } of contents) object[textOf(Key)] ??= textOf(Value);
  return Object.entries(object);
}

describe('decoding', () => {
  test('agrees with protobufjs about every message', () => {
    fc.assert(
      fc.property(list, (message) => {
        const bytes = encode(message);
        expect(actual(bytes)).toEqual(expected(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test('gives the same records every time they are iterated, and counts them beforehand', () => {
    fc.assert(
      fc.property(list, (message) => {
        const { records, groupCount, recordCount } = decodeLogGroupList(encode(message));
        const first = [...records].map((record) => record.toObject());
        expect([...records].map((record) => record.toObject())).toEqual(first);
        expect(recordCount).toBe(first.length);
        expect(groupCount).toBe(message.LogGroups.length);
      }),
    );
  });

  test('keeps a value that is not UTF-8 as it was written, and shows it as text as well as that goes', () => {
    const value = Uint8Array.of(0x61, 0xff, 0x62);
    const [record] = decodeLogGroupList(
      encodeLogGroupList([encodeLogGroup({ logs: [{ timeMs: 0, fields: { raw: value } }] })]),
    ).records;
    expect(Uint8Array.from(record!.bytes('raw')!)).toEqual(value);
    expect(record!.get('raw')).toBe('a\ufffdb');
    expect(record!.get('other')).toBeUndefined();
    expect(record!.bytes('other')).toBeUndefined();
  });

  test('copies no value: its bytes are a view into the answer', () => {
    const body = encodeLogGroupList([encodeLogGroup({ logs: [{ timeMs: 0, fields: { a: 'b' } }] })]);
    const [record] = decodeLogGroupList(body).records;
    expect(record!.bytes('a')!.buffer).toBe(body.buffer);
    const [[key, value] = []] = record!.pairs();
    expect([key!.buffer === body.buffer, value!.buffer === body.buffer]).toEqual([true, true]);
  });

  test('gives a record an id of its own, the same in whatever part of its shard it comes', () => {
    const shard = fc.array(group, { maxLength: 6 });
    const position = fc.bigInt({ min: 0n, max: 2n ** 63n });
    fc.assert(
      fc.property(shard, position, fc.nat(6), fc.nat(6), (LogGroups, first, from, length) => {
        const idsOf = (groups: Group[], position: bigint) =>
          Array.from(
            decodeLogGroupList(encode({ LogGroups: groups }), undefined, { shard: '7', position }).records,
            ({ id }) => id,
          );
        const expectedIds = LogGroups.map(({ Logs }, at) =>
          Logs.map((_, i) => `7/${first + BigInt(at)}/${i}`),
        );
        expect(idsOf(LogGroups, first)).toEqual(expectedIds.flat());
        const part = [from, from + length] as const;
        expect(idsOf(LogGroups.slice(...part), first + BigInt(from))).toEqual(
          expectedIds.slice(...part).flat(),
        );
      }),
    );
  });

  test('gives no ids where nobody says where the answer begins', () => {
    const body = encodeLogGroupList([encodeLogGroup({ logs: [{ timeMs: 0, fields: {} }] })]);
    expect(Array.from(decodeLogGroupList(body).records, ({ id }) => id)).toEqual([undefined]);
  });

  test('answers for more field names than it remembers', () => {
    const fields = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`field${i}`, `${i}`]));
    const [record] = decodeLogGroupList(
      encodeLogGroupList([encodeLogGroup({ logs: [{ timeMs: 0, fields }] })]),
    ).records;
    expect(record!.toObject()).toEqual(fields);
    for (const i of [0, 1, 1500, 2999, 0]) expect(record!.get(`field${i}`)).toBe(`${i}`);
  });
});

test("a group's tags are read once, however many records ask for them", () => {
  const logs = [1, 2].map((timeMs) => ({ timeMs, fields: {} }));
  const list = encodeLogGroupList([encodeLogGroup({ tags: { host: 'web-1' }, logs })]);
  const [first, second] = decodeLogGroupList(list).records;
  expect(first!.tags).toEqual({ host: 'web-1' });
  expect(second!.tags).toBe(first!.tags);
});

test('an iterator of records is as any other: it is over where it was left, and has what iterators have', () => {
  const group = encodeLogGroup({ logs: [1_000, 2_000].map((timeMs) => ({ timeMs, fields: {} })) });
  const { records } = decodeLogGroupList(encodeLogGroupList([group, group]));
  const iterate = () => records[Symbol.iterator]() as IteratorObject<LogRecord> & { toArray(): LogRecord[] };
  const iterator = iterate();
  for (const _ of iterator) break;
  expect(iterator.next()).toEqual({ value: undefined, done: true });
  expect(
    iterate()
      .toArray()
      .map(({ timeMs }) => timeMs),
  ).toEqual([1_000, 2_000, 1_000, 2_000]);
});

test('a number may have ten bytes', () => {
  const later = Uint8Array.from([0x10, ...Array(9).fill(0xff), 0x01]);
  const list = encodeLogGroupList([encodeLogGroup({ logs: [{ timeMs: 0, fields: {} }] })]);
  expect(decodeLogGroupList(Buffer.concat([later, list])).recordCount).toBe(1);
});

describe('an answer that is not a whole list', () => {
  const groups = [
    encodeLogGroup({
      topic: 'topic',
      tags: { host: 'web-1' },
      logs: [
        { timeMs: 1_700_000_000_123, fields: { level: 'info', message: 'x'.repeat(200) } },
        { timeMs: 1_700_000_001_000, fields: { level: 'warn' } },
      ],
    }),
    encodeLogGroup({ source: '10.0.0.1', logs: [{ timeMs: 1_700_000_002_000, fields: {} }] }),
  ];
  const whole = encodeLogGroupList(groups);

  test('is refused wherever it is cut off, but between groups', () => {
    const between = [0, encodeLogGroupList([groups[0]!]).length];
    for (let length = 0; length < whole.length; length++) {
      const cut = (): unknown => decodeLogGroupList(whole.subarray(0, length));
      if (between.includes(length)) cut();
      else expect(cut, `cut at ${length}`).toThrow(SourceError);
    }
  });

  test('is refused at once or can be read to its end: whichever bytes were changed', () => {
    const at = fc.nat(whole.length - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Buffer.from(whole);
        for (const [index, byte] of changes) changed[index] = byte;
        readOrRefuse(changed);
      }),
      { numRuns: 3000 },
    );
  });

  test('is refused at once or can be read to its end: whatever its bytes are', () => {
    const tag = fc.constantFrom(0x0a, 0x12, 0x1a, 0x08, 0x25, 0x01, 0x05, 0x00, 0x02);
    const bytes = fc.array(fc.oneof(tag, fc.nat(20), fc.nat(255)), { maxLength: 40 });
    fc.assert(
      fc.property(bytes, (bytes) => readOrRefuse(Uint8Array.from(bytes))),
      { numRuns: 5000 },
    );
  });

  test.each([
    { name: 'a number longer than ten bytes', bytes: [0x08, ...Array(10).fill(0xff), 0x01] },
    { name: 'a number without an end', bytes: [0x08, 0xff] },
    { name: 'field number zero', bytes: [0x02, 0x00] },
    { name: 'a group of the old kind', bytes: [0x13, 0x14] },
    { name: 'a fixed number that is cut off', bytes: [0x15, 0, 0, 0] },
    { name: 'a length beyond the answer', bytes: [0x0a, 0x05, 0x00] },
    { name: 'a length of more than 32 bits', bytes: [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01] },
    { name: 'a log that is longer than its group', bytes: [0x0a, 0x02, 0x0a, 0x02, 0x08, 0x01] },
    { name: 'a number beyond its content', bytes: [0x0a, 8, 0x0a, 6, 0x12, 1, 0x08, 5, 0x08, 1] },
    { name: 'a value that is longer than its content', bytes: [0x0a, 6, 0x0a, 4, 0x12, 2, 0x12, 1, 0x61] },
  ])('is refused for $name', ({ bytes }) => {
    expect(() => decodeLogGroupList(Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ name: 'SourceError', code: 'BadResponse', retriable: true }),
    );
  });

  /** Once decoded, nothing throws any more. */
  function readOrRefuse(bytes: Uint8Array): void {
    try {
      decodeLogGroupList(bytes);
    } catch (error) {
      expect(error).toMatchObject({ name: 'SourceError', code: 'BadResponse' });
      return;
    }
    actual(bytes);
  }
});

test('a list of more groups than were announced is refused at the first one too many', () => {
  const groups = Buffer.from([0x0a, 0, 0x0a, 0]);
  // What comes after it is not looked at: it would be refused for something else.
  const bytes = Buffer.concat([groups, Buffer.from([0x0a, 0, 0x02, 0x00])]);
  expect(decodeLogGroupList(groups, 2).groupCount).toBe(2);
  expect(() => decodeLogGroupList(bytes, 2)).toThrow('more than 2 log groups');
  expect(() => decodeLogGroupList(Buffer.alloc(20_002, groups))).toThrow('more than 10000 log groups');
});

describe('encoding', () => {
  test('is what protobufjs reads', () => {
    const field = fc.tuple(fc.string({ maxLength: 200 }), fc.oneof(fc.string(), fc.uint8Array()));
    const log = fc.record({
      timeMs: fc.nat(2 ** 32 - 1).map((timeS) => timeS * 1000),
      fields: fc.array(field),
    });
    const group = fc.record(
      {
        topic: fc.string(),
        source: fc.string(),
        tags: fc.dictionary(fc.string(), fc.string()),
        logs: fc.array(log),
      },
      { requiredKeys: ['logs'] },
    );
    fc.assert(
      fc.property(fc.array(group, { maxLength: 4 }), (groups) => {
        const { LogGroups } = schema.decode(
          encodeLogGroupList(groups.map(encodeLogGroup)),
        ) as unknown as List;
        expect(
          LogGroups.map((read) => ({
            topic: textOf(read.Topic),
            source: textOf(read.Source),
            tags: read.LogTags.map(({ Key, Value }) => [textOf(Key), textOf(Value)]),
            logs: read.Logs.map(({ Time, Contents }) => ({
              timeMs: Time! * 1000,
              fields: Contents.map(({ Key, Value }) => [textOf(Key), Buffer.from(Value!)]),
            })),
          })),
        ).toEqual(
          groups.map(({ topic, source, tags, logs }) => ({
            topic: topic ?? '',
            source: source ?? '',
            tags: Object.entries(tags ?? {}),
            logs: logs.map(({ timeMs, fields }) => ({
              timeMs,
              fields: fields.map(([name, value]) => [name, Buffer.from(value)]),
            })),
          })),
        );
      }),
    );
  });

  test.each([
    { timeMs: 1_700_000_000_000, Time: 1_700_000_000, Time_ns: 0 },
    { timeMs: 1_700_000_000_123, Time: 1_700_000_000, Time_ns: 123_000_000 },
    { timeMs: 1_700_000_000_123.5, Time: 1_700_000_000, Time_ns: 123_500_000 },
    { timeMs: 999.9999999, Time: 1, Time_ns: 0 },
    { timeMs: 4_294_967_295_999, Time: 4_294_967_295, Time_ns: 999_000_000 },
  ])('writes $timeMs ms as $Time s and $Time_ns ns', ({ timeMs, ...times }) => {
    const list = encodeLogGroupList([encodeLogGroup({ logs: [{ timeMs, fields: {} }] })]);
    const { LogGroups } = schema.toObject(schema.decode(list), { defaults: true }) as List;
    expect(LogGroups[0]!.Logs[0]).toMatchObject(times);
  });

  test('refuses a time that the format cannot hold', () => {
    expect(() => encodeLogGroup({ logs: [{ timeMs: -1, fields: {} }] })).toThrow('timeMs');
    expect(() => encodeLogGroup({ logs: [{ timeMs: 2 ** 32 * 1000, fields: {} }] })).toThrow('timeMs');
    expect(() => encodeLogGroup({ logs: [{ timeMs: Number.NaN, fields: {} }] })).toThrow('timeMs');
  });
});
