import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { NOTHING } from './answer.ts';
import type { Refusal } from './refusal.ts';

/** A request, read whole: what signatures and handlers look at. */
export interface WireRequest {
  readonly method: string;
  /** As it stands on the request line, percent-encoded, without the query. */
  readonly path: string;
  /** Decoded; the last one where a name is repeated. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface BodyLimit {
  readonly bytesMax: number;
  /** What the service refuses a larger one with. */
  tooLarge(bytes: number, bytesMax: number): Refusal;
}

/** Of a body over the limit so many times as much is read and thrown away, so that its sender gets to see the refusal. */
const DISCARD_FACTOR = 8;

/** Reads a request to its end. Refuses a body over the limit; rejects if the sender goes away. */
export async function readRequest(incoming: IncomingMessage, limit: BodyLimit): Promise<WireRequest> {
  const body = await readBody(incoming, limit);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  }
  const target = targetOf(incoming.url);
  const queryAt = target.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: (queryAt < 0 ? target : target.slice(0, queryAt)) || '/',
    query: queryAt < 0 ? {} : Object.fromEntries(new URLSearchParams(target.slice(queryAt + 1))),
    headers,
    body,
  };
}

/** Path and query as they were sent. A client that takes the service for its HTTP proxy sends the whole URL. */
export function targetOf(url = '/'): string {
  return url.replace(/^http:\/\/[^/?]*/, '');
}

async function readBody(incoming: IncomingMessage, { bytesMax, tooLarge }: BodyLimit): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= bytesMax) chunks.push(chunk);
    else chunks.length = 0;
    if (size > DISCARD_FACTOR * bytesMax) break;
  }
  if (size > bytesMax) throw tooLarge(size, bytesMax);
  return chunks.length === 0 ? NOTHING : Buffer.concat(chunks);
}
