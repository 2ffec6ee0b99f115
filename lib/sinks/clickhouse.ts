/** Rows of a table of ClickHouse. */
import { ShardbeatError, StoreError } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { keepSecret } from '../observe/secrets.ts';
import { systemClock } from '../runtime.ts';
import { checkCount, checkText, checkUrl } from './core/checks.ts';
import { documentOf, type Entry, entriesOf, jsonOf, type Transform } from './core/entry.ts';
import type { Login } from './core/headers.ts';
import { type Part, partId, partsOf } from './core/parts.ts';
import { createPost, mayPass, refusedBy } from './core/post.ts';
import { type Answer, createSink, DONE, type Runtime, type Sink } from './core/sink.ts';

export type { RecordDocument, Transform } from './core/entry.ts';
export type { Login } from './core/headers.ts';

/** Which table, in whose name, and how much at once. */
export interface ClickhouseSinkOptions extends Runtime {
  /** Of the HTTP interface, such as `https://clickhouse.example.com:8443`. */
  readonly url: string;
  /** Of the `default` database unless set. */
  readonly database?: string | undefined;
  readonly table: string;
  readonly login?: Login | undefined;
  /** What becomes a row: an object with the columns' names. Unless set, the record as an object. */
  readonly transform?: Transform<object> | undefined;
  /** Most rows of an insert; 100,000 unless set. */
  readonly countMax?: number | undefined;
  /** Most bytes of an insert; 32 MiB unless set. */
  readonly bytesMax?: number | undefined;
}

const COUNT_MAX = 100_000;
/** "max_insert_block_size", settings: a longer insert is several blocks, of which some may be there without the others. */
const COUNT_MOST = 1_000_000;
const BYTES_MAX = 32 * 1024 * 1024;
const BYTES_MOST = 256 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/**
 * ErrorCodes.cpp of ClickHouse. What may pass: timeouts, sockets, too many queries or parts, too little memory, a table that is
 * read-only for the moment, an insert of which nobody knows, and Keeper.
 */
const MAY_PASS = new Set([159, 202, 203, 209, 210, 241, 242, 252, 279, 285, 319, 999]);
/** What a row is to blame for: it cannot be parsed, or not as what its column holds. */
const OF_CONTENT = new Set([
  6, 25, 26, 27, 38, 41, 53, 69, 70, 72, 117, 130, 131, 321, 349, 376, 407, 441, 467, 469, 691,
]);

/**
 * Inserts each batch, in parts if it is long. ClickHouse is told the id of the batch or part: what it has already, as far as the table
 * remembers, it does not insert again. A single block is there as a whole or not at all.
 */
export function clickhouseSink(options: ClickhouseSinkOptions): Sink {
  const { table, database = 'default', login, transform = documentOf, clock = systemClock } = options;
  const { countMax = COUNT_MAX, bytesMax = BYTES_MAX } = options;
  const url = checkUrl('clickhouseSink: url', options.url);
  checkText('clickhouseSink: table', table, 'name the table');
  checkText('clickhouseSink: database', database, 'name the database, or leave it out');
  checkCount('clickhouseSink: countMax', countMax, COUNT_MOST);
  checkCount('clickhouseSink: bytesMax', bytesMax, BYTES_MOST);
  const post = createPost({ url, name: 'clickhouse', clock, timeoutMs: TIMEOUT_MS });
  const headers = { 'content-type': 'application/x-ndjson', ...headersFor(login) };

  return createSink<Part<string>>(
    {
      name: 'clickhouse',
      limits: { countMax: 1, bytesMax },
      parallelMax: 1,
      read: (batch) =>
        partsOf(
          entriesOf(batch, transform, ({ value }) => {
            const line = `${jsonOf(value)}\n`;
            return { value: line, bytes: Buffer.byteLength(line) };
          }),
          { countMax, bytesMax },
        ),
      async send([part], batch, signal) {
        const { entries } = part!.value;
        const query = queryFor(`${quoted(database)}.${quoted(table)}`, partId(batch.id, part!.value));
        const body = Buffer.from(entries.map(({ value }) => value).join(''));
        return [answerOf(await post({ headers, body, signal, query }), entries)];
      },
    },
    options,
  );
}

/** An insert that waits for nobody else's rows knows its own token; times are taken as JSON writes them. */
const queryFor = (table: string, token: string): URLSearchParams =>
  new URLSearchParams({
    query: `INSERT INTO ${table} FORMAT JSONEachRow`,
    insert_deduplicate: '1',
    insert_deduplication_token: token,
    async_insert: '0',
    wait_end_of_query: '1',
    date_time_input_format: 'best_effort',
  });

function answerOf(response: HttpResponse, entries: readonly Entry<string>[]): Answer {
  // Once its answer has begun, ClickHouse can say of a failure only here.
  const told = response.headers['x-clickhouse-exception-code'];
  if (told === undefined && response.status === 200) return DONE;
  const { message } = refusedBy('clickhouse', response);
  const code = told === undefined ? undefined : Number(told);
  const retriable = code === undefined ? mayPass(response) : MAY_PASS.has(code);
  // Of several rows none is there, whichever is to blame: they come again in halves.
  if (entries.length === 1 && code !== undefined && OF_CONTENT.has(code)) {
    return { how: 'refused', error: new ShardbeatError(message, { retriable: false }) };
  }
  const details = {
    code: `code ${code ?? `of status ${response.status}`}`,
    outcome: 'unknown',
    retriable,
  } as const;
  throw new StoreError(message, details);
}

/** "Backticks", syntax: of any letters. */
const quoted = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``;

function headersFor(login: Login | undefined): Readonly<Record<string, string>> {
  if (login === undefined) return {};
  keepSecret(login.password);
  return { 'x-clickhouse-user': login.username, 'x-clickhouse-key': login.password };
}
