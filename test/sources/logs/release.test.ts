import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeMessages } from '../../../lib/sources/cls/frame.ts';
import { decodeLogGroupList } from '../../../lib/sources/sls/logGroupList.ts';
import type { LogRecord } from '../../../lib/sources/source.ts';
import { encodeLogGroup as encodeClsGroup } from '../../../local/clients/cls/logGroup.ts';
import { encodeLogGroup, encodeLogGroupList } from '../../../local/clients/sls/logGroup.ts';
import { frameOf } from '../../../local/cls/frame.ts';

const VALUE = 'a value that stays as it is';
const GROUP = {
  source: '10.0.0.1',
  tags: { region: 'eu' },
  // More than Node's pool has.
  logs: Array.from({ length: 2_000 }, (_, i) => ({
    timeMs: i * 1_000,
    fields: { line: VALUE, n: String(i) },
  })),
};
const ORIGIN = { shard: '7', position: 40n };

const IDS = { logsetId: 'a'.repeat(36), topicId: 'b'.repeat(36) };

describe.each([
  {
    service: 'SLS',
    read: () => decodeLogGroupList(encodeLogGroupList([encodeLogGroup(GROUP)]), 10, ORIGIN),
  },
  {
    service: 'CLS',
    read: () => {
      const frame = frameOf(encodeClsGroup(GROUP), { ...IDS, receivedAtSec: 1 });
      return decodeMessages([frame.toString('base64')], 'topic', '1', ORIGIN);
    },
  },
])('an answer of $service that is given back', ({ read }) => {
  const ways: [string, (record: LogRecord) => unknown][] = [
    ['get', (record) => record.get('line')],
    ['bytes', (record) => record.bytes('line')],
    ['fields', (record) => record.fields()],
    ['pairs', (record) => [...record.pairs()]],
    ['toObject', (record) => record.toObject()],
    ['timeMs', (record) => record.timeMs],
    ['tags', (record) => record.tags],
  ];

  it.each(ways)('cannot be read any more by %s: the record is over, and says so', (_name, ask) => {
    const { records, release } = read();
    const [record] = records;
    expect(() => ask(record!)).not.toThrow();
    release();
    expect(() => ask(record!)).toThrow(/record is over, with its batch/);
  });

  it('still tells of a record which one it was', () => {
    const { records, release } = read();
    const record = [...records][3]!;
    release();
    expect([record.id, record.source]).toEqual(['7/40/3', '10.0.0.1']);
  });

  it('cannot be iterated, neither anew nor further', () => {
    const { records, release } = read();
    const begun = records[Symbol.iterator]();
    begun.next();
    release();
    expect(() => begun.next()).toThrow(/is over/);
    expect(() => [...records]).toThrow(/is over/);
  });

  it('takes no memory from then on, whoever keeps a record of it', () => {
    const { records, release } = read();
    const [record] = records;
    const given = givenBackBy(release);
    expect(given).toEqual([expect.any(Number)]);
    expect(given[0]).toBeGreaterThan(80_000);
    expect(record!.id).toBe('7/40/0');
  });

  it.each<[string, (record: LogRecord) => Uint8Array]>([
    ['bytes', (record) => record.bytes('line')!],
    ['pairs', (record) => record.pairs().next().value![1]],
  ])('keeps its memory where somebody has what %s has returned', (_name, ask) => {
    const { records, release } = read();
    const view = ask([...records][5]!);
    release();
    expect(Buffer.from(view).toString()).toBe(VALUE);
    expect(() => [...records]).toThrow(/is over/);
  });

  it('may be given back twice', () => {
    const { release } = read();
    release();
    expect(release).not.toThrow();
  });
});

/** Of the buffers that are given back meanwhile, the sizes. */
function givenBackBy(act: () => void): number[] {
  const { transfer } = ArrayBuffer.prototype;
  const sizes: number[] = [];
  ArrayBuffer.prototype.transfer = function (this: ArrayBuffer, length) {
    if (length === 0) sizes.push(this.byteLength);
    return transfer.call(this, length);
  };
  onTestFinished(() => {
    ArrayBuffer.prototype.transfer = transfer;
  });
  act();
  return sizes;
}
