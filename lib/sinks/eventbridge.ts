/** Events to a bus of EventBridge. */
import type { Batch } from '../delivery/userModule.ts';
import type { LogRecord } from '../sources/source.ts';
import { type AwsSinkOptions, answersIn, createAwsJson } from './core/aws.ts';
import { checkCount, checkText } from './core/checks.ts';
import { documentOf, entriesOf, jsonOf, type Transform } from './core/entry.ts';
import { createSink, type Sink } from './core/sink.ts';

export type { RecordDocument, Transform } from './core/entry.ts';

/** Which bus, and what an event says of itself. */
export interface EventbridgeSinkOptions extends AwsSinkOptions {
  /** Name or ARN; `default` unless set. */
  readonly bus?: string | undefined;
  /** Of the events, such as `shop.orders`. */
  readonly source: string;
  /** Of the events, or of each. */
  readonly detailType: string | ((record: LogRecord, batch: Batch) => string);
  /** What becomes the event's `detail`: an object. Unless set, the record as one. */
  readonly transform?: Transform<object> | undefined;
  /** Requests at a time; 8 unless set. */
  readonly parallelMax?: number | undefined;
}

/** "PutEvents", API reference. */
const EVENTS_MAX = 10;
/** "Amazon EventBridge PutEvents event entry size", user guide: what every region takes in a request, and how time is counted. */
const BYTES_MAX = 256 * 1024;
const TIME_BYTES = 14;
/** Since January 2026: "AWS increases payload size", AWS compute blog. Larger events than the above go by themselves. */
const EVENT_BYTES_MAX = 1024 * 1024;
const MAY_PASS = /Throttl|Internal/;
const PARALLEL_MAX = 8;
const PARALLEL_MOST = 64;

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  readonly Time: number;
}

/** Sends each record as an event, with the record's time. Events that come again are there twice: their receivers know them by `detail.id`. */
export function eventbridgeSink(options: EventbridgeSinkOptions): Sink {
  const { bus = 'default', source, detailType, transform = documentOf, parallelMax = PARALLEL_MAX } = options;
  checkText('eventbridgeSink: bus', bus, 'name the bus');
  checkText('eventbridgeSink: source', source, 'say where the events come from, as in shop.orders');
  if (typeof detailType !== 'function')
    checkText('eventbridgeSink: detailType', detailType, 'say what kind of event it is');
  checkCount('eventbridgeSink: parallelMax', parallelMax, PARALLEL_MOST);
  const operation = { service: 'events', target: 'AWSEvents.PutEvents', version: '1.1' } as const;
  const call = createAwsJson({ ...operation, named: `bus ${bus}` }, options);

  return createSink<Entry>(
    {
      name: 'eventbridge',
      limits: { countMax: EVENTS_MAX, bytesMax: BYTES_MAX, entryBytesMax: EVENT_BYTES_MAX },
      parallelMax,
      read: (batch) =>
        entriesOf(batch, transform, ({ value, record }) => {
          const Detail = jsonOf(value);
          const DetailType = typeof detailType === 'function' ? detailType(record, batch) : detailType;
          const common = { EventBusName: bus, Source: source, DetailType, Detail };
          const bytes = [source, DetailType, Detail].reduce(
            (sum, text) => sum + Buffer.byteLength(text),
            TIME_BYTES,
          );
          return { value: { ...common, Time: Math.floor(record.timeMs / 1_000) }, bytes };
        }),
      async send(entries, _batch, signal) {
        const answer = await call({ Entries: entries.map(({ value }) => value) }, signal);
        return answersIn(answer.Entries, entries.length, MAY_PASS);
      },
    },
    options,
  );
}
