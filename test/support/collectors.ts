/**
 * OpenSearch, ClickHouse, Splunk and a receiver of webhooks as far as a sink meets them: their documented contracts (limits, answers entry by entry, tokens of
 * inserts, error codes), in this process. Not the services themselves.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Asked {
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Told {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

interface Collector {
  url: string;
  asked: Asked[];
  /** Asked first. `lost`: it happens, and no answer comes. */
  fault: (asked: Asked) => Told | 'lost' | undefined;
  close(): Promise<void>;
}

async function startCollector(handle: (asked: Asked) => Told): Promise<Collector> {
  const server = createServer(async (incoming, response) => {
    const { pathname: path, searchParams: query } = new URL(incoming.url ?? '/', 'http://unused');
    const asked: Asked = {
      path,
      query,
      headers: incoming.headers,
      body: (await buffer(incoming)).toString(),
    };
    collector.asked.push(asked);
    const fault = collector.fault(asked);
    const {
      status = 200,
      headers,
      body = '',
    } = fault === undefined || fault === 'lost' ? handle(asked) : fault;
    if (fault === 'lost') response.destroy();
    else response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const collector: Collector = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    fault: () => undefined,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return collector;
}

const linesOf = (body: string): string[] => body.split('\n').slice(0, -1);

export interface Opensearch extends Collector {
  /** By index and id. */
  documents: Map<string, Record<string, unknown>>;
  /** Of a document: status, type and reason. */
  documentFault: (document: Record<string, unknown>) => [number, string, string] | undefined;
}

const ID_BYTES_MAX = 512;

/** "Bulk", API reference of OpenSearch. */
export async function startOpensearch(contentBytesMax = 10 * 1024 * 1024): Promise<Opensearch> {
  const collector = await startCollector(({ path, body, headers }) => {
    if (path !== '/_bulk' || headers['content-type'] !== 'application/x-ndjson') return { status: 406 };
    if (Buffer.byteLength(body) > contentBytesMax) return { status: 413 };
    if (!body.endsWith('\n'))
      return { status: 400, body: 'The bulk request must be terminated by a newline' };
    const lines = linesOf(body).map((line) => JSON.parse(line));
    const items = lines.flatMap((line, at) => (at % 2 === 0 ? [put(line, lines[at + 1])] : []));
    return { body: { errors: items.some((item) => Object.values(item)[0]!.status >= 300), items } };
  });
  const put = (
    line: Record<string, { _index: string; _id: string }>,
    document: Record<string, unknown>,
  ): Record<string, { status: number }> => {
    const [[action, { _index, _id }]] = Object.entries(line) as [[string, { _index: string; _id: string }]];
    const refused = (status: number, type: string, reason: string) => ({
      [action]: { status, error: { type, reason } },
    });
    const fault = state.documentFault(document);
    if (fault !== undefined) return refused(...fault);
    if (Buffer.byteLength(_id) > ID_BYTES_MAX)
      return refused(400, 'illegal_argument_exception', 'id is too long');
    const key = `${_index}/${_id}`;
    const isThere = state.documents.has(key);
    if (isThere && action === 'create')
      return refused(409, 'version_conflict_engine_exception', 'document already exists');
    state.documents.set(key, document);
    return { [action]: { status: isThere ? 200 : 201 } };
  };
  const state: Opensearch = Object.assign(collector, {
    documents: new Map<string, Record<string, unknown>>(),
    documentFault: () => undefined,
  });
  return state;
}

export interface Clickhouse extends Collector {
  rows: Record<string, unknown>[];
  /** Empties the table, and what it remembers. */
  forget(): void;
}

/** How many inserts a table remembers: `non_replicated_deduplication_window`. */
const WINDOW = 100;

/** "HTTP interface" and "Deduplicating inserts on retries", documentation of ClickHouse: one table with a column `line` of texts. */
export async function startClickhouse(): Promise<Clickhouse> {
  const known: string[] = [];
  const refused = (code: number, message: string): Told => ({
    status: 500,
    headers: { 'x-clickhouse-exception-code': String(code) },
    body: `Code: ${code}. DB::Exception: ${message}`,
  });
  const collector = await startCollector(({ query, headers, body }) => {
    if (headers['x-clickhouse-key'] !== 'the-password')
      return { ...refused(516, 'Authentication failed'), status: 403 };
    if (query.get('query') !== 'INSERT INTO `audit`.`li\\`nes` FORMAT JSONEachRow')
      return refused(60, 'Unknown table');
    const rows = linesOf(body).map((line) => JSON.parse(line) as Record<string, unknown>);
    const bad = rows.findIndex(({ line }) => typeof line !== 'string');
    if (bad >= 0) return refused(27, `Cannot parse input: (at row ${bad + 1})`);
    const token = query.get('insert_deduplication_token') ?? '';
    const isKnown = query.get('async_insert') === '0' && token !== '' && known.includes(token);
    if (isKnown) return {};
    known.push(token);
    if (known.length > WINDOW) known.shift();
    state.rows.push(...rows);
    return {};
  });
  const state: Clickhouse = Object.assign(collector, {
    rows: [] as Record<string, unknown>[],
    forget() {
      state.rows.length = 0;
      known.length = 0;
    },
  });
  return state;
}

export interface Splunk extends Collector {
  events: Record<string, unknown>[];
}

/** "Troubleshoot HTTP Event Collector", Splunk: its codes. What is before an event that it does not take is not there. */
export async function startSplunk(token: string, contentBytesMax = 1_000_000): Promise<Splunk> {
  const collector = await startCollector(({ path, headers, body }) => {
    if (path !== '/services/collector/event') return { status: 404 };
    if (headers.authorization !== `Splunk ${token}`)
      return { status: 403, body: { text: 'Invalid token', code: 4 } };
    if (Buffer.byteLength(body) > contentBytesMax) return { status: 413 };
    const events = linesOf(body).map((line) => JSON.parse(line) as Record<string, unknown>);
    if (events.length === 0) return { status: 400, body: { text: 'No data', code: 5 } };
    const bad = events.findIndex(({ event }) => event === undefined || event === '');
    const code = events[bad]?.event === '' ? 13 : 12;
    if (bad >= 0) return { status: 400, body: { text: 'no event', code, 'invalid-event-number': bad } };
    state.events.push(...events);
    return { body: { text: 'Success', code: 0 } };
  });
  const state: Splunk = Object.assign(collector, { events: [] as Record<string, unknown>[] });
  return state;
}

export interface Receiver extends Collector {
  /** By the id of what was posted: each is taken once. */
  bodies: Map<string, string>;
}

/** Somebody who receives webhooks, and keeps the ids that he has seen. */
export async function startReceiver(): Promise<Receiver> {
  const collector = await startCollector(({ headers, body }) => {
    const id = String(headers['idempotency-key']);
    if (!state.bodies.has(id)) state.bodies.set(id, body);
    return { status: 204 };
  });
  const state: Receiver = Object.assign(collector, { bodies: new Map<string, string>() });
  return state;
}
