/** Records into a stream of Data Firehose. */
import { type AwsSinkOptions, answersIn, createAwsJson } from './core/aws.ts';
import { checkCount, checkText } from './core/checks.ts';
import { dataOf } from './core/data.ts';
import { documentOf, entriesOf, type Transform } from './core/entry.ts';
import { createSink, type Sink } from './core/sink.ts';

export type { RecordDocument, Transform } from './core/entry.ts';

/** Which stream, and what is put there. */
export interface FirehoseSinkOptions extends AwsSinkOptions {
  readonly streamName: string;
  /** What becomes a record's data: bytes or a text as they are, anything else as a line of JSON. Unless set, the record as an object. */
  readonly transform?: Transform | undefined;
  /** Requests at a time; 4 unless set. */
  readonly parallelMax?: number | undefined;
}

/** "PutRecordBatch", API reference. */
const RECORDS_MAX = 500;
const BYTES_MAX = 4 * 1024 * 1024;
const RECORD_BYTES_MAX = 1_000 * 1024;
/** Of an entry, Firehose says nothing else than that it is busy, or has failed. */
const ANY = /./;
const PARALLEL_MAX = 4;
const PARALLEL_MOST = 64;

/** Puts each record into the stream. What comes again is there twice: whoever reads it knows it by `id`. */
export function firehoseSink(options: FirehoseSinkOptions): Sink {
  const { streamName, transform = documentOf, parallelMax = PARALLEL_MAX } = options;
  checkText('firehoseSink: streamName', streamName, 'name the stream');
  checkCount('firehoseSink: parallelMax', parallelMax, PARALLEL_MOST);
  const operation = {
    service: 'firehose',
    target: 'Firehose_20150804.PutRecordBatch',
    version: '1.1',
  } as const;
  const call = createAwsJson({ ...operation, named: `stream ${streamName}` }, options);

  return createSink<string>(
    {
      name: 'firehose',
      limits: { countMax: RECORDS_MAX, bytesMax: BYTES_MAX, entryBytesMax: RECORD_BYTES_MAX },
      parallelMax,
      read: (batch) =>
        entriesOf(batch, transform, ({ value }) => {
          const data = dataOf(value, '\n');
          return { value: data.toString('base64'), bytes: data.length };
        }),
      async send(entries, _batch, signal) {
        const Records = entries.map(({ value }) => ({ Data: value }));
        const answer = await call({ DeliveryStreamName: streamName, Records }, signal);
        return answersIn(answer.RequestResponses, entries.length, ANY);
      },
    },
    options,
  );
}
