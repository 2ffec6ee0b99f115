/** Events to Splunk, by its HTTP Event Collector. */
import { objectIn } from '../credentials/awsAnswer.ts';
import type { Batch } from '../delivery/userModule.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { keepSecret } from '../observe/secrets.ts';
import { systemClock } from '../runtime.ts';
import type { LogRecord } from '../sources/source.ts';
import { checkCount, checkText, checkUrl } from './core/checks.ts';
import { documentOf, entriesOf, jsonOf, type Transform } from './core/entry.ts';
import { createPost, mayPass, refusedBy, retryAfterMs } from './core/post.ts';
import { type Answer, createSink, DONE, type Runtime, type Sink } from './core/sink.ts';

export type { RecordDocument, Transform } from './core/entry.ts';

/** Where the collector is, and what is said of the events. */
export interface SplunkSinkOptions extends Runtime {
  /** Such as `https://splunk.example.com:8088`. Without a path, the collector's own is taken. */
  readonly url: string;
  /** Of the collector, without indexer acknowledgment. Kept out of logs. */
  readonly token: string;
  /** The token's own unless set; so are the two below. */
  readonly index?: string | undefined;
  readonly sourcetype?: string | undefined;
  readonly source?: string | undefined;
  /** Unless set, the host that the log service names. */
  readonly host?: ((record: LogRecord, batch: Batch) => string) | undefined;
  /** What becomes an event: an object, or a text that is not blank. Unless set, the record as an object. */
  readonly transform?: Transform | undefined;
  /** Most bytes of a request; 1 MB unless set, which Splunk Cloud takes. */
  readonly bytesMax?: number | undefined;
  /** Requests at a time; 4 unless set. */
  readonly parallelMax?: number | undefined;
}

const EVENTS_MAX = 5_000;
/** "HTTP Event Collector", Splunk Cloud Platform service limits. */
const BYTES_MAX = 1_000_000;
/** `max_content_length`, limits.conf. */
const BYTES_MOST = 800 * 1024 * 1024;
const PARALLEL_MAX = 4;
const PARALLEL_MOST = 64;
const PATH = '/services/collector/event';
/** "Possible error codes", troubleshoot HTTP Event Collector: its format, no event, a blank one, fields that cannot be indexed. */
const OF_CONTENT = new Set([6, 12, 13, 15]);

/** Sends each record as an event, with its time. What comes again is there twice: `| dedup id` finds it. */
export function splunkSink(options: SplunkSinkOptions): Sink {
  const { token, index, sourcetype, source, transform = documentOf, clock = systemClock } = options;
  const { host = (record) => record.source, bytesMax = BYTES_MAX, parallelMax = PARALLEL_MAX } = options;
  const url = checkUrl('splunkSink: url', options.url);
  if (url.pathname === '/') url.pathname = PATH;
  checkText('splunkSink: token', token, 'give the token of the collector');
  checkCount('splunkSink: bytesMax', bytesMax, BYTES_MOST);
  checkCount('splunkSink: parallelMax', parallelMax, PARALLEL_MOST);
  keepSecret(token);
  const headers = { authorization: `Splunk ${token}`, 'content-type': 'application/json' };
  const post = createPost({ url, name: 'splunk', clock });

  return createSink<string>(
    {
      name: 'splunk',
      limits: { countMax: EVENTS_MAX, bytesMax },
      parallelMax,
      read: (batch) =>
        entriesOf(batch, transform, ({ value, record }) => {
          const head = { time: record.timeMs / 1_000, host: host(record, batch) || undefined };
          const line = `${jsonOf({ ...head, index, sourcetype, source, event: value })}\n`;
          return { value: line, bytes: Buffer.byteLength(line) };
        }),
      async send(entries, _batch, signal) {
        const body = Buffer.from(entries.map(({ value }) => value).join(''));
        return answersOf(await post({ headers, body, signal }), entries.length, clock.now());
      },
    },
    options,
  );
}

/**
 * Splunk takes all of a request, or says which event is the first that it cannot. Whether those before are there it does not say: they
 * are sent again.
 */
function answersOf(response: HttpResponse, count: number, nowMs: number): Answer[] {
  const { code, 'invalid-event-number': invalid } = objectIn(response.body.toString()) ?? {};
  if (response.status === 200 && (code === 0 || code === undefined))
    return Array.from({ length: count }, () => DONE);
  const error = refusedBy('splunk', response);
  if (mayPass(response)) {
    const waitMs = retryAfterMs(response, nowMs);
    return Array.from({ length: count }, () => ({ how: 'again', error, waitMs }));
  }
  const bad = typeof invalid === 'number' && invalid < count ? invalid : count === 1 ? 0 : undefined;
  if (bad === undefined || !OF_CONTENT.has(Number(code))) throw error;
  return Array.from({ length: count }, (_, index) => ({ how: index === bad ? 'refused' : 'again', error }));
}
