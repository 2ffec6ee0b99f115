import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { SourceError } from '../../../lib/errors.ts';
import { decodeMessages } from '../../../lib/sources/cls/frame.ts';
import type { LogRecord } from '../../../lib/sources/source.ts';
import { encodeLogGroup, encodeLogGroups } from '../../../local/clients/cls/logGroup.ts';
import { frame, message, messageOf } from './support.ts';

/** The official schema, but with bytes for text, nothing required, and fields of a future version. */
const { root } = protobuf.parse(
  `
  syntax = "proto2";
  message Pair { optional bytes key = 1; optional bytes value = 2; optional uint64 later = 9; }
  message Log {
    optional int64 time = 1; repeated Pair contents = 2; optional int64 collectTime = 3; optional double later = 4;
  }
  message LogGroup {
    repeated Log logs = 1; optional bytes contextFlow = 2; optional bytes filename = 3; optional bytes source = 4;
    repeated Pair logTags = 5; optional bytes hostname = 6; optional sfixed64 later = 7;
  }
  message LogGroupList { repeated LogGroup logGroupList = 1; }
`,
  { keepCase: true },
);
const groupType = root.lookupType('LogGroup');
const listType = root.lookupType('LogGroupList');

interface Pair {
  key?: Uint8Array;
  value?: Uint8Array;
}
interface Group {
  logs: { time?: number; contents: Pair[]; collectTime?: number; later?: number }[];
  contextFlow?: Uint8Array;
  filename?: Uint8Array;
  source?: Uint8Array;
  logTags: Pair[];
  hostname?: Uint8Array;
  later?: number;
}

const text = fc.oneof(
  fc.constantFrom('level', 'message', '__proto__', '', '键').map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 80 }),
);
const pair: fc.Arbitrary<Pair> = fc.record({ key: text, value: text, later: fc.nat() }, { requiredKeys: [] });
const group: fc.Arbitrary<Group> = fc.record(
  {
    logs: fc.array(
      fc.record(
        {
          time: fc.integer({ min: 1e14, max: 1e15 }),
          contents: fc.array(pair, { maxLength: 6 }),
          collectTime: fc.nat(),
          later: fc.double({ noNaN: true }),
        },
        { requiredKeys: ['contents'] },
      ),
      { maxLength: 4 },
    ),
    contextFlow: text,
    filename: text,
    source: text,
    logTags: fc.array(pair, { maxLength: 3 }),
    hostname: text,
    later: fc.nat(),
  },
  { requiredKeys: ['logs', 'logTags'] },
);

const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

function firstOf(pairs: Pair[]): Map<string, string> {
  const map = new Map<string, string>();
  for (const { key, value } of pairs) if (!map.has(textOf(key))) map.set(textOf(key), textOf(value));
  return map;
}

const sorted = (entries: Iterable<[string, string]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));

function expected(groups: Group[]): object[] {
  return groups.flatMap((group) => {
    const tags = firstOf(group.logTags);
    for (const [name, bytes] of [
      ['__FILENAME__', group.filename],
      ['__HOSTNAME__', group.hostname],
    ] as const) {
      if (textOf(bytes) !== '') tags.set(name, textOf(bytes));
    }
    return group.logs.map(({ time = 0, contents }) => ({
      timeMs: time / 1000,
      topic: 'the-topic',
      source: textOf(group.source),
      tags: sorted(tags),
      object: sorted(firstOf(contents)),
      pairs: contents.map(({ key = [], value = [] }) => [Buffer.from(key), Buffer.from(value)]),
    }));
  });
}

const shown = (record: LogRecord): object => ({
  timeMs: record.timeMs,
  topic: record.topic,
  source: record.source,
  tags: sorted(Object.entries(record.tags)),
  object: sorted(Object.entries(record.toObject())),
  pairs: [...record.pairs()],
});

const decode = (messages: string[]) => decodeMessages(messages, 'the-topic', 'REQUEST-1');

describe('the messages of a pull', () => {
  test('hold the records that protobufjs wrote', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 4 }), (groups) => {
        const messages = groups.map((group) =>
          frame(groupType.encode(groupType.create(group)).finish()).toString('base64'),
        );
        const { records, groupCount, recordCount } = decode(messages);
        expect([...records].map(shown)).toEqual(expected(groups));
        expect([...records].map(shown)).toEqual(expected(groups));
        expect([groupCount, recordCount]).toEqual([groups.length, expected(groups).length]);
      }),
      { numRuns: 500 },
    );
  });

  test('may be as the sample in the notes about the official consumers', () => {
    const sample =
      'AAAAggAAAABlU/EAAAAAF0h26AFhYWFhYWFhYS1hYWFhLWFhYWEtYWFhYS1hYWFhYWFhYWFhYWExMTExMTExMS0yMjIyLTMzMzMtNDQ0NC01NTU1NTU1NTU1NTUAAAAkChEIgID5wMHEggMSBgoBaxIBdhoFZi5sb2ciCDEwLjAuMC4x';
    const { records, lastReceivedMs } = decode([sample]);
    expect([...records].map(shown)).toEqual([
      {
        timeMs: 1_700_000_000_000,
        topic: 'the-topic',
        source: '10.0.0.1',
        tags: [['__FILENAME__', 'f.log']],
        object: [['k', 'v']],
        pairs: [[Buffer.from('k'), Buffer.from('v')]],
      },
    ]);
    expect(lastReceivedMs).toBe(1_700_000_000_000);
  });

  test('are views into one buffer', () => {
    const [first, second] = decode([messageOf('a'), messageOf('b')]).records;
    expect(first!.bytes('line')!.buffer).toBe(second!.bytes('line')!.buffer);
  });

  test('give their records ids of their own, the same whichever of them come together', () => {
    const position = fc.bigInt({ min: 0n, max: 2n ** 63n });
    fc.assert(
      fc.property(fc.array(group, { maxLength: 6 }), position, fc.nat(6), (groups, first, from) => {
        const all = groups.map(({ logs }, at) => logs.map((_, i) => `t:3/${first + BigInt(at)}/${i}`));
        const messages = groups.map((group) =>
          frame(groupType.encode(groupType.create(group)).finish()).toString('base64'),
        );
        const idsFrom = (at: number) => {
          const origin = { shard: 't:3', position: first + BigInt(at) };
          const { records } = decodeMessages(messages.slice(at), 'the-topic', undefined, origin);
          return Array.from(records, ({ id }) => id);
        };
        expect(idsFrom(0)).toEqual(all.flat());
        expect(idsFrom(from)).toEqual(all.slice(from).flat());
      }),
    );
  });

  test('may be none, or groups without logs', () => {
    expect(decode([])).toMatchObject({ groupCount: 0, recordCount: 0, lastReceivedMs: undefined });
    const empty = frame(new Uint8Array(0)).toString('base64');
    expect(decode([empty, messageOf('a')])).toMatchObject({ groupCount: 2, recordCount: 1 });
  });

  test.each([
    { name: 'is empty', bytes: Buffer.alloc(0), says: /message 1: 0 bytes/ },
    { name: 'is shorter than a head', bytes: Buffer.alloc(95), says: /message 1: 95 bytes/ },
    {
      name: 'has another version',
      bytes: frame(Buffer.alloc(0), { version: 131 }),
      says: /version 131 instead of 130/,
    },
    {
      name: 'announces more than is there',
      bytes: frame(encodeLogGroup({ logs: [] }), { size: 5 }),
      says: /5 bytes announced, 0 there/,
    },
    {
      name: 'announces less than is there',
      bytes: frame(Buffer.from([0x22, 1, 65]), { size: 2 }),
      says: /2 bytes announced, 3 there/,
    },
    { name: 'announces a negative size', bytes: frame(Buffer.alloc(1), { size: -1 }), says: /-1 bytes/ },
    { name: 'holds no log group', bytes: frame(Buffer.from([0x0a, 9, 1])), says: /malformed protobuf/ },
  ])('are refused as a whole if one of them $name', ({ bytes, says }) => {
    const refused = expect.objectContaining({ code: 'BadResponse', retriable: true });
    const messages = [messageOf('a'), bytes.toString('base64')];
    expect(() => decode(messages)).toThrow(refused);
    expect(() => decode(messages)).toThrow(says);
  });

  test('are refused wherever one of them is cut off, and if it is no base64', () => {
    const whole = messageOf('a', 'b');
    for (let length = 0; length < whole.length - 2; length++) {
      expect(() => decode([whole.slice(0, length)]), `cut at ${length}`).toThrow(SourceError);
    }
    expect(() => decode([`!!!!${whole.slice(4)}`])).toThrow(SourceError);
  });

  test.each([
    { time: 1_763_700_000n, lastReceivedMs: 1_763_700_000_000 },
    { time: 1_763_700_000_123n, lastReceivedMs: 1_763_700_000_123 },
    { time: 1_763_700_000_123_456n, lastReceivedMs: 1_763_700_000_123.456 },
    { time: 0n, lastReceivedMs: undefined },
    { time: -1n, lastReceivedMs: undefined },
  ])('tell when the last one was received, in whatever unit: $time', ({ time, lastReceivedMs }) => {
    const group = encodeLogGroup({ logs: [] });
    const messages = [frame(group, { time: 5n }), frame(group, { time })].map((bytes) =>
      bytes.toString('base64'),
    );
    expect(decode(messages).lastReceivedMs).toBe(lastReceivedMs);
  });
});

describe('the tags of a record', () => {
  const tagsOf = (group: object) =>
    [...decode([message({ logs: [{ timeMs: 0, fields: {} }], ...group })]).records][0]!.tags;

  test('are the group’s, with its file and host under their reserved names', () => {
    expect(tagsOf({ tags: { region: 'eu' }, filename: '/var/log/a', hostname: 'web-1' })).toEqual({
      region: 'eu',
      __FILENAME__: '/var/log/a',
      __HOSTNAME__: 'web-1',
    });
  });

  test('hold neither if it does not say', () => {
    expect(tagsOf({ contextFlow: 'flow', filename: '', hostname: '' })).toEqual({});
  });

  test('cannot forge them', () => {
    const tags = { __FILENAME__: 'forged', __HOSTNAME__: 'forged' };
    // One stands before the tags on the wire, the other one behind them.
    expect(tagsOf({ tags, filename: 'real', hostname: 'real' })).toEqual({
      __FILENAME__: 'real',
      __HOSTNAME__: 'real',
    });
  });
});

describe('the time of a log', () => {
  /** As it stands on the wire. */
  const timeMsOf = (time: string): number => {
    const bytes = groupType.encode(groupType.fromObject({ logs: [{ time, contents: [] }] })).finish();
    return [...decode([frame(bytes).toString('base64')]).records][0]!.timeMs;
  };

  test.each([
    { unit: 'seconds', time: '1763700000', timeMs: 1_763_700_000_000 },
    { unit: 'milliseconds', time: '1763700000123', timeMs: 1_763_700_000_123 },
    { unit: 'microseconds', time: '1763700000123456', timeMs: 1_763_700_000_123.456 },
    { unit: 'nanoseconds', time: '1763700000123456000', timeMs: 1_763_700_000_123.456 },
    { unit: 'nothing', time: '0', timeMs: 0 },
    { unit: 'what is before 1970', time: '-5', timeMs: 0 },
  ])('may be in $unit', ({ time, timeMs }) => {
    expect(timeMsOf(time)).toBeCloseTo(timeMs, 3);
  });

  test.each([0, 1_763_700_000_123, 1_763_700_000_123.456])(
    'is written so that %d ms comes back',
    (timeMs) => {
      const [record] = decode([message({ logs: [{ timeMs, fields: {} }] })]).records;
      expect(record!.timeMs).toBe(timeMs);
    },
  );

  test.each([-1, Number.NaN, 1e16])('is not %d ms', (timeMs) => {
    expect(() => encodeLogGroup({ logs: [{ timeMs, fields: {} }] })).toThrow('timeMs');
  });
});

test('an upload is what protobufjs reads', () => {
  const upload = encodeLogGroups([
    {
      contextFlow: 'flow',
      filename: 'a.log',
      source: '10.0.0.1',
      hostname: 'web-1',
      tags: { region: 'eu' },
      logs: [
        {
          timeMs: 1_763_700_000_123.456,
          fields: [
            ['a', '1'],
            ['a', Uint8Array.of(255)],
          ],
        },
      ],
    },
    { logs: [] },
  ]);
  expect(listType.toObject(listType.decode(upload), { bytes: String, longs: Number })).toEqual({
    logGroupList: [
      {
        contextFlow: bytesOf('flow'),
        filename: bytesOf('a.log'),
        source: bytesOf('10.0.0.1'),
        hostname: bytesOf('web-1'),
        logTags: [{ key: bytesOf('region'), value: bytesOf('eu') }],
        logs: [
          {
            time: 1_763_700_000_123_456,
            contents: [
              { key: bytesOf('a'), value: bytesOf('1') },
              { key: bytesOf('a'), value: '/w==' },
            ],
          },
        ],
      },
      {},
    ],
  });
});

/** As protobufjs shows bytes. */
const bytesOf = (text: string): string => Buffer.from(text).toString('base64');
