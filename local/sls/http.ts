import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODY_BYTES_MAX } from './codec.ts';
import { Refusal, refuse } from './errors.ts';

/** A request, read whole: what signatures and handlers look at. */
export interface WireRequest {
  readonly method: string;
  /** As it stands on the request line, percent-encoded, without the query. */
  readonly path: string;
  /** Decoded; the last one where a name is repeated. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** First label of the host name: requests are addressed to `{project}.{endpoint}`. Empty if there is none. */
  readonly project: string;
  readonly body: Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Of a body over the limit this much is read and thrown away, so that the sender gets to see the refusal. */
const DISCARD_BYTES_MAX = 8 * BODY_BYTES_MAX;

const NOTHING = new Uint8Array(0);

/** Success without a body. No content type: the Node SDK parses a body of type JSON even if it is empty. */
export const DONE: Answer = { status: 200, headers: {}, body: NOTHING };

export function json(value: unknown, status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** The answer to a failed request. What is no refusal is a bug of the service, and says so. */
export function failure(error: unknown): Answer {
  const refusal =
    error instanceof Refusal ? error : new Refusal(500, 'InternalServerError', `Internal error: ${error}`);
  return json({ errorCode: refusal.code, errorMessage: refusal.message }, refusal.status);
}

/** Reads a request to its end. Refuses with PostBodyTooLarge, InvalidHost; rejects if the sender goes away. */
export async function readRequest(incoming: IncomingMessage): Promise<WireRequest> {
  const body = await readBody(incoming);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  }
  // A client that takes this service for its HTTP proxy sends the whole URL.
  const target = (incoming.url ?? '/').replace(/^http:\/\/[^/?]*/, '');
  const queryAt = target.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: (queryAt < 0 ? target : target.slice(0, queryAt)) || '/',
    query: queryAt < 0 ? {} : Object.fromEntries(new URLSearchParams(target.slice(queryAt + 1))),
    headers,
    project: projectOfHost(headers.host ?? ''),
    body,
  };
}

/**
 * `my-project` of `my-project.cn-hangzhou.log.aliyuncs.com` or `my-project.127.0.0.1:8080`; nothing of `127.0.0.1` or
 * `localhost`. The Python SDK sends such a host even where it connects to a bare address.
 */
export function projectOfHost(host: string): string {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!/^[a-z0-9.-]+$/.test(name)) throw refuse.invalidHost(host);
  if (name === 'localhost' || /^\d+(\.\d+){3}$/.test(name)) return '';
  return name.split('.')[0]!;
}

/** Answers with the headers that all answers have in common. */
export function send(response: ServerResponse, answer: Answer, requestId: string, nowMs: number): void {
  // The service's clock, not the host's: clients measure their skew against this header.
  response.sendDate = false;
  response.writeHead(answer.status, {
    server: 'nginx',
    date: new Date(nowMs).toUTCString(),
    'content-length': answer.body.byteLength,
    'x-log-requestid': requestId,
    ...answer.headers,
  });
  response.end(answer.body);
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
    else chunks.length = 0;
    if (size > DISCARD_BYTES_MAX) break;
  }
  if (size > BODY_BYTES_MAX) throw refuse.bodyTooLarge(size, BODY_BYTES_MAX);
  return chunks.length === 0 ? NOTHING : Buffer.concat(chunks);
}
