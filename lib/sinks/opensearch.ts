/** Documents into an index of OpenSearch. Elasticsearch takes the same requests. */
import { createHash } from 'node:crypto';
import { objectIn, refusalIn } from '../credentials/awsAnswer.ts';
import type { Batch } from '../delivery/userModule.ts';
import { SettingsError, ShardbeatError, StoreError } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { systemClock } from '../runtime.ts';
import type { LogRecord } from '../sources/source.ts';
import { type AwsSinkOptions, createSinkSender, wordsFor } from './core/aws.ts';
import { checkCount, checkUrl } from './core/checks.ts';
import { documentOf, entriesOf, jsonOf, type Transform } from './core/entry.ts';
import { basicAuthorization, headersOf, type Login } from './core/headers.ts';
import { createPost, mayPass, type Post, refusedBy } from './core/post.ts';
import { type Answer, createSink, DONE, type Sink } from './core/sink.ts';

export type { RecordDocument, Transform } from './core/entry.ts';
export type { Login } from './core/headers.ts';

/** Where documents go, under which names, and in whose. */
export interface OpensearchSinkOptions extends Omit<AwsSinkOptions, 'endpoint'> {
  /** Of the cluster, such as `https://search.example.com:9200`. */
  readonly url: string;
  /** An index, an alias or a data stream; or which one for each record. */
  readonly index: string | ((record: LogRecord, batch: Batch) => string);
  /** `create`, which a data stream wants, leaves what is there as it is; `index`, unless set, writes it again. */
  readonly action?: 'index' | 'create' | undefined;
  readonly login?: Login | undefined;
  /** Sent with each request, such as `{ authorization: 'ApiKey …' }`. Their values are kept out of logs. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Of Amazon OpenSearch Service: requests are signed in the function's name, or that of `client`. */
  readonly signed?: boolean | undefined;
  /** What becomes a document: an object. Unless set, the record as one. */
  readonly transform?: Transform<object> | undefined;
  /** Most bytes of a request; 5 MiB unless set. A small instance of Amazon's takes 10. */
  readonly bytesMax?: number | undefined;
  /** Requests at a time; 2 unless set. */
  readonly parallelMax?: number | undefined;
}

const DOCUMENTS_MAX = 5_000;
const BYTES_MAX = 5 * 1024 * 1024;
/** `http.max_content_length` of a cluster that nobody has told otherwise. */
const BYTES_MOST = 100 * 1024 * 1024;
/** "Bulk", API reference: of an id. */
const ID_BYTES_MAX = 512;
const PARALLEL_MAX = 2;
const PARALLEL_MOST = 16;
const TIMEOUT_MS = 30_000;
/** Of the answer, no more than is read. */
const QUERY = { filter_path: 'errors,items.*.status,items.*.error.type,items.*.error.reason' };

interface Result {
  readonly status?: number;
  readonly error?: { readonly type?: string; readonly reason?: string };
}

/** Writes a document for each record, with the record's name for its `_id`: it is there once, however often it comes. */
export function opensearchSink(options: OpensearchSinkOptions): Sink {
  const { index, action = 'index', transform = documentOf } = options;
  const { bytesMax = BYTES_MAX, parallelMax = PARALLEL_MAX } = options;
  if (typeof index !== 'function' && !index) {
    throw new SettingsError('opensearchSink: index', undefined, 'name the index, alias or data stream');
  }
  if (action !== 'index' && action !== 'create') {
    throw new SettingsError('opensearchSink: action', action, 'write index or create');
  }
  checkCount('opensearchSink: bytesMax', bytesMax, BYTES_MOST);
  checkCount('opensearchSink: parallelMax', parallelMax, PARALLEL_MOST);
  const post = options.signed ? signedPost(options) : plainPost(options);

  return createSink<string>(
    {
      name: 'opensearch',
      limits: { countMax: DOCUMENTS_MAX, bytesMax },
      parallelMax,
      read: (batch) =>
        entriesOf(batch, transform, ({ value, record, id }) => {
          const _index = typeof index === 'function' ? index(record, batch) : index;
          const lines = `${JSON.stringify({ [action]: { _index, _id: idOf(id) } })}\n${jsonOf(value)}\n`;
          return { value: lines, bytes: Buffer.byteLength(lines) };
        }),
      async send(entries, _batch, signal) {
        const body = Buffer.from(entries.map(({ value }) => value).join(''));
        const headers = { 'content-type': 'application/x-ndjson' };
        const response = await post({ headers, body, signal, query: new URLSearchParams(QUERY) });
        return resultsIn(response, entries.length).map(answerOf);
      },
    },
    options,
  );
}

/** The same for the same record; a name that is too long stands for its hash. */
const idOf = (name: string): string =>
  Buffer.byteLength(name) <= ID_BYTES_MAX ? name : createHash('sha256').update(name).digest('hex');

function resultsIn(response: HttpResponse, count: number): Result[] {
  if (response.status !== 200) throw refusedBy('opensearch', response);
  const { items } = objectIn(response.body.toString()) ?? {};
  if (Array.isArray(items) && items.length === count) {
    return items.map((item: Readonly<Record<string, Result>>) => Object.values(item)[0] ?? {});
  }
  const details = { code: 'BadResponse', outcome: 'unknown', retriable: true } as const;
  throw new StoreError(`opensearch: the answer does not have ${count} items, as the request`, details);
}

/** 409 says of `create` that the document is there already. */
function answerOf({ status = 0, error: said }: Result): Answer {
  if ((status >= 200 && status < 300) || status === 409) return DONE;
  const how = mayPass({ status }) ? 'again' : 'refused';
  const message = `OpenSearch did not take the document: ${status} ${said?.type}: ${said?.reason}`;
  return { how, error: new ShardbeatError(message, { retriable: how === 'again' }) };
}

function bulkUrl(url: string): URL {
  const { href } = checkUrl('opensearchSink: url', url);
  return new URL(`${href.replace(/\/$/, '')}/_bulk`);
}

function plainPost({ url, login, headers = {}, clock = systemClock }: OpensearchSinkOptions): Post {
  const common = { ...headersOf('opensearchSink: headers', headers), ...basicAuthorization(login) };
  const post = createPost({ url: bulkUrl(url), name: 'opensearch', clock, timeoutMs: TIMEOUT_MS });
  return (request) => post({ ...request, headers: { ...request.headers, ...common } });
}

function signedPost(options: OpensearchSinkOptions): Post {
  const { origin, pathname } = bulkUrl(options.url);
  if (options.login !== undefined || options.headers !== undefined) {
    throw new SettingsError(
      'opensearchSink: signed',
      true,
      'leave out login and headers: the signature is who asks',
    );
  }
  const words = { refusalIn, ...wordsFor(`domain ${origin}`) };
  const send = createSinkSender(
    { service: 'es', originIn: () => origin, timeoutMs: TIMEOUT_MS },
    options,
    words,
  );
  return ({ headers, body, signal }) =>
    send({ action: 'es:ESHttpPost', method: 'POST', path: pathname, query: QUERY, headers, body, signal });
}
