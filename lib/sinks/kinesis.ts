/** Records into a stream of Kinesis. */
import { createHash } from 'node:crypto';
import type { Batch } from '../delivery/userModule.ts';
import { ShardbeatError } from '../errors.ts';
import type { LogRecord } from '../sources/source.ts';
import { type AwsSinkOptions, answersIn, createAwsJson } from './core/aws.ts';
import { checkCount, checkText } from './core/checks.ts';
import { dataOf } from './core/data.ts';
import { documentOf, entriesOf, type Transform } from './core/entry.ts';
import { createSink, type Sink } from './core/sink.ts';

export type { RecordDocument, Transform } from './core/entry.ts';

/** Which stream, and in which order. */
export interface KinesisSinkOptions extends AwsSinkOptions {
  readonly streamName: string;
  /**
   * What must stay in order: records of one key, of which there is one in a request at a time. Unless set, records are spread over all
   * shards, and have no order.
   */
  readonly partitionKey?: ((record: LogRecord, batch: Batch) => string) | undefined;
  /** What becomes a record's data: bytes or a text as they are, anything else as JSON. Unless set, the record as an object. */
  readonly transform?: Transform | undefined;
  /** What the stream takes of one record, with its key, if more than 1 MiB: up to 10 MiB. */
  readonly recordBytesMax?: number | undefined;
  /** Requests at a time; 4 unless set. */
  readonly parallelMax?: number | undefined;
}

/** "PutRecords", API reference. Since October 2025 a request may have 10 MiB; half of it is enough to be quick. */
const RECORDS_MAX = 500;
const BYTES_MAX = 5 * 1024 * 1024;
/** "Handle large records", developer guide: what a stream takes unless it was told otherwise, and at most. */
const RECORD_BYTES_MAX = 1024 * 1024;
const RECORD_BYTES_MOST = 10 * 1024 * 1024;
/** "PutRecordsRequestEntry", API reference. */
const KEY_CHARACTERS_MAX = 256;
/** Of an entry, Kinesis says nothing else than that it was throttled, or failed. */
const ANY = /./;
const PARALLEL_MAX = 4;
const PARALLEL_MOST = 64;

interface Entry {
  readonly Data: string;
  readonly PartitionKey: string;
}

/** Puts each record into the stream. What comes again is there twice: whoever reads the stream knows it by `id`. */
export function kinesisSink(options: KinesisSinkOptions): Sink {
  const { streamName, partitionKey, transform = documentOf, parallelMax = PARALLEL_MAX } = options;
  const { recordBytesMax = RECORD_BYTES_MAX } = options;
  checkText('kinesisSink: streamName', streamName, 'name the stream');
  checkCount('kinesisSink: recordBytesMax', recordBytesMax, RECORD_BYTES_MOST);
  checkCount('kinesisSink: parallelMax', parallelMax, PARALLEL_MOST);
  const operation = { service: 'kinesis', target: 'Kinesis_20131202.PutRecords', version: '1.1' } as const;
  const call = createAwsJson({ ...operation, named: `stream ${streamName}` }, options);

  return createSink<Entry>(
    {
      name: 'kinesis',
      limits: { countMax: RECORDS_MAX, bytesMax: BYTES_MAX, entryBytesMax: recordBytesMax },
      parallelMax,
      read: (batch) =>
        entriesOf(batch, transform, ({ value, record, id }) => {
          const key = partitionKey === undefined ? undefined : checked(partitionKey(record, batch));
          const PartitionKey = key ?? createHash('sha256').update(id).digest('hex');
          const data = dataOf(value);
          const entry = { Data: data.toString('base64'), PartitionKey };
          return { value: entry, bytes: data.length + Buffer.byteLength(PartitionKey), key };
        }),
      async send(entries, _batch, signal) {
        const Records = entries.map(({ value }) => value);
        const answer = await call({ StreamName: streamName, Records }, signal);
        return answersIn(answer.Records, entries.length, ANY);
      },
    },
    options,
  );
}

function checked(key: string): string {
  if (typeof key === 'string' && key !== '' && key.length <= KEY_CHARACTERS_MAX) return key;
  throw new ShardbeatError(`the partition key of a record has 1 to ${KEY_CHARACTERS_MAX} characters`, {
    retriable: false,
  });
}
