/**
 * One HTTP exchange, whole. `node:http` and not `fetch`, because the `Host` header differs from the address where the
 * endpoint is an IP address; it also costs a cold function some 10 ms less.
 */
import http from 'node:http';
import https from 'node:https';
import { SourceError } from '../errors.ts';
import { giveBack } from '../memory.ts';
import { messageOf } from '../observe/plainError.ts';
import type { Clock } from '../runtime.ts';
import type { Address } from './address.ts';
import { keepConnections } from './connections.ts';

export interface HttpRequest {
  method: string;
  /** Path and query, percent-encoded. */
  target: string;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array | undefined;
  /** Asked once the headers are there: of an answer that is not wanted, no body is read. */
  wants?: ((headers: Readonly<Record<string, string>>) => boolean) | undefined;
  signal: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** It was not wanted, and was not read. */
  unread?: true;
}

export type Exchange = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * Keeps connections to one address alive between requests. One that was idle for long is not used again; after a failure none is.
 * An exchange rejects with a `SourceError`: `NetworkError` (cause: the error of the connection, also of one that the
 * signal cut), or `BadResponse` when the answer is longer than `responseBytesMax`.
 */
export function createExchange(
  address: Address,
  responseBytesMax: number,
  clock: Pick<Clock, 'now'>,
): Exchange {
  const { request } = address.secure ? https : http;
  const connections = keepConnections(clock);
  const agent = address.secure ? connections.https : connections.http;

  return ({ method, target, headers, body, wants, signal }) =>
    new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        connections.dropUnused();
        reject(error instanceof SourceError ? error : networkError(error));
      };
      connections.dropIdle();
      const { hostname, port } = address;
      const outgoing = request({ agent, hostname, port, method, path: target, headers, signal });
      outgoing.on('error', fail);
      outgoing.on('response', (incoming) => {
        const answer = { status: incoming.statusCode ?? 0, headers: plain(incoming.headers) };
        if (wants !== undefined && answer.status === 200 && !wants(answer.headers)) {
          incoming.destroy();
          resolve({ ...answer, body: Buffer.alloc(0), unread: true });
          return;
        }
        readBody(incoming, responseBytesMax).then((body) => resolve({ ...answer, body }), fail);
      });
      outgoing.end(body);
    });
}

/** Leaving the loop early destroys the connection, so nothing of a longer answer is read. */
async function readBody(incoming: http.IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytesMax) throw tooLong(incoming, bytesMax);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks, size);
  for (const chunk of chunks) giveBack(chunk);
  return body;
}

function tooLong(incoming: http.IncomingMessage, bytesMax: number): SourceError {
  return new SourceError(`the answer is longer than ${bytesMax} bytes: ask for fewer records at a time`, {
    code: 'BadResponse',
    status: incoming.statusCode ?? 0,
    retriable: false,
  });
}

/** Where no connection came about, the service cannot have seen the request. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

function networkError(cause: unknown): SourceError {
  const { code } = (cause ?? {}) as { code?: unknown };
  return new SourceError(`no answer: ${cause instanceof Error ? cause.message : messageOf(cause)}`, {
    code: 'NetworkError',
    status: 0,
    retriable: true,
    outcome: typeof code === 'string' && NEVER_CONNECTED.has(code) ? 'refused' : 'unknown',
    cause,
  });
}

function plain(headers: http.IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]);
  return Object.fromEntries(entries);
}
