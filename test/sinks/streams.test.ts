/** Kinesis and Firehose. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FirehoseSinkOptions, firehoseSink } from '../../lib/sinks/firehose.ts';
import { type KinesisSinkOptions, kinesisSink } from '../../lib/sinks/kinesis.ts';
import { account } from '../support/awsService.ts';
import { type PutService, startPutService } from '../support/putServices.ts';
import { createHastyClock, give, linesOf, numbered, slowest } from './support.ts';

let kinesis: PutService;
let firehose: PutService;
beforeAll(async () => {
  [kinesis, firehose] = await Promise.all([startPutService('kinesis'), startPutService('firehose')]);
});
afterAll(() => Promise.all([kinesis.close(), firehose.close()]));
beforeEach(() => {
  for (const service of [kinesis, firehose]) {
    service.taken.length = 0;
    service.counts.length = 0;
    service.entryFault = () => undefined;
  }
});

const common = () => ({
  ...{ streamName: 'audit', client: { config: account } },
  ...{ clock: createHastyClock(Date.now()), random: slowest },
});
const content: KinesisSinkOptions['transform'] = (record) => record.get('content');
const toKinesis = (given: Partial<KinesisSinkOptions> = {}) =>
  kinesisSink({ ...common(), endpoint: kinesis.url, transform: content, ...given });
const toFirehose = (given: Partial<FirehoseSinkOptions> = {}) =>
  firehoseSink({ ...common(), endpoint: firehose.url, transform: content, ...given });
const dataIn = ({ taken }: PutService): string[] =>
  taken.map(({ Data }) => Buffer.from(Data!, 'base64').toString());

describe('a stream of Kinesis', () => {
  it('is sent 500 records at a time, spread over its shards in the same way each time', async () => {
    expect(await give(toKinesis(), linesOf(numbered(1_001)))).toEqual({});
    expect(kinesis.counts.sort()).toEqual([1, 500, 500]);
    expect(dataIn(kinesis).sort()).toEqual(numbered(1_001).sort());
    const keys = new Map(kinesis.taken.map(({ Data, PartitionKey }) => [Data, PartitionKey]));
    expect(new Set(keys.values()).size).toBe(1_001);
    await give(toKinesis(), linesOf(numbered(1_001), { id: 'another', to: 'x' }));
    expect(kinesis.taken.every(({ Data, PartitionKey }) => keys.get(Data) === PartitionKey)).toBe(true);
  });

  it('is sent bytes and texts as they are, and JSON for the rest', async () => {
    const transform = () => [new Uint8Array([104, 105]), 'a text', { a: 1 }];
    await give(toKinesis({ transform }), linesOf(['a']));
    expect(dataIn(kinesis)).toEqual(['hi', 'a text', '{"a":1}']);
  });

  it('has the records of a key in order, whatever is throttled', async () => {
    let count = 0;
    kinesis.entryFault = () => (++count % 3 === 0 ? 'ProvisionedThroughputExceededException' : undefined);
    const partitionKey: KinesisSinkOptions['partitionKey'] = (record) => record.get('content')!.at(-1)!;
    expect(await give(toKinesis({ partitionKey }), linesOf(numbered(40)))).toEqual({});
    for (let key = 0; key < 10; key++) {
      const ofKey = dataIn(kinesis).filter((line) => line.endsWith(String(key)));
      expect(ofKey).toEqual(numbered(40).filter((line) => line.endsWith(String(key))));
    }
  });

  it('is sent no more than it takes: by the record, and in all', async () => {
    const lines = ['a'.repeat(1024 * 1024 - 64), 'b'.repeat(1024 * 1024 - 63)];
    expect(await give(toKinesis(), linesOf(lines))).toMatchObject({ failed: [1] });
    expect(kinesis.taken).toHaveLength(1);
    const some = Array.from({ length: 7 }, () => 'c'.repeat(1_000_000));
    expect(await give(toKinesis(), linesOf(some))).toEqual({});
    expect(kinesis.counts.sort()).toEqual([1, 2, 5]);
  });

  it('takes no key that is none: the record is named', async () => {
    const partitionKey = () => 'a'.repeat(257);
    expect(await give(toKinesis({ partitionKey }), linesOf(['a']))).toMatchObject({ failed: [0] });
  });
});

describe('a stream of Firehose', () => {
  it('is sent 500 records at a time, and lines of JSON', async () => {
    expect(
      await give(
        toFirehose({ transform: (record) => ({ a: record.get('content') }) }),
        linesOf(numbered(501)),
      ),
    ).toEqual({});
    expect(firehose.counts.sort()).toEqual([1, 500]);
    expect(dataIn(firehose)).toContain('{"a":"line 7"}\n');
  });

  it('is sent again what it was too busy for', async () => {
    let count = 0;
    firehose.entryFault = () => (++count % 3 === 0 ? 'ServiceUnavailableException' : undefined);
    expect(await give(toFirehose(), linesOf(numbered(20)))).toEqual({});
    expect(dataIn(firehose).sort()).toEqual(numbered(20).sort());
    expect(firehose.counts).toEqual([20, 6, 2, 1]);
  });

  it('is sent no more than it takes: by the record, and in all', async () => {
    const lines = ['a'.repeat(1_000 * 1024), 'b'.repeat(1_000 * 1024 + 1)];
    expect(await give(toFirehose(), linesOf(lines))).toMatchObject({ failed: [1] });
    const some = Array.from({ length: 5 }, () => 'c'.repeat(1_000_000));
    expect(await give(toFirehose(), linesOf(some))).toEqual({});
    expect(firehose.counts.sort()).toEqual([1, 1, 4]);
  });
});

it('options are checked when a sink is made', () => {
  expect(() => toKinesis({ streamName: '' })).toThrow('kinesisSink: streamName: missing');
  expect(() => toKinesis({ recordBytesMax: 2 ** 24 })).toThrow('kinesisSink: recordBytesMax');
  expect(() => toKinesis({ parallelMax: 0 })).toThrow('kinesisSink: parallelMax');
  expect(() => toFirehose({ streamName: '' })).toThrow('firehoseSink: streamName: missing');
  expect(() => toFirehose({ parallelMax: 0 })).toThrow('firehoseSink: parallelMax');
});
