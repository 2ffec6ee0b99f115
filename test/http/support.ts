import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { createManualClock, type ManualClock } from '../support/clock.ts';

export const TIMEOUT_MS = 10_000;
/** Never aborts. */
export const { signal } = new AbortController();

/** `hang`: never answers. `reset`: drops the connection. `cut`: drops it in the middle of a body. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; body?: string | Uint8Array }
  | 'hang'
  | 'reset'
  | 'cut';

export interface Received {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Of the client's end of the connection. */
  port: number;
  /** Resolves when the connection is gone. */
  closed: Promise<unknown>;
}

export interface ScriptedServer {
  url: string;
  port: number;
  received: Received[];
  /** Resolves once so many requests have come. */
  arrival(count: number): Promise<void>;
}

/** A server that gives these replies in turn, and the last one for ever. Closed when the test ends. */
export async function serve(...replies: Reply[]): Promise<ScriptedServer> {
  const received: Received[] = [];
  let arrived = Promise.withResolvers<void>();
  const server = createServer((incoming, response) => {
    receive(incoming).then((request) => {
      const answer = replies[Math.min(received.length, replies.length - 1)]!;
      received.push(request);
      reply(response, answer);
      arrived.resolve();
      arrived = Promise.withResolvers();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const arrival = async (count: number): Promise<void> => {
    while (received.length < count) await arrived.promise;
  };
  return { url: `http://127.0.0.1:${port}`, port, received, arrival };
}

async function receive(incoming: IncomingMessage): Promise<Received> {
  // One for each request that comes over it.
  incoming.socket.setMaxListeners(0);
  const closed = once(incoming.socket, 'close');
  const port = incoming.socket.remotePort ?? 0;
  const url = new URL(incoming.url ?? '/', 'http://unused');
  const query = Object.fromEntries(url.searchParams);
  const { method = '', headers } = incoming;
  return { method, path: url.pathname, query, headers, body: await buffer(incoming), port, closed };
}

function reply(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  if (reply === 'reset') response.destroy();
  else if (reply === 'cut') {
    response.writeHead(200, { 'content-length': '100' });
    response.write('only a part', () => response.destroy());
  } else {
    response.writeHead(reply.status ?? 200, reply.headers);
    response.end(reply.body);
  }
}

export interface WaitingClock extends ManualClock {
  /** The waits before each repetition. */
  waitsMs: number[];
}

/** Waits between attempts pass at once and are noted; the timeout of an attempt comes only by `advance`. */
export function createWaitingClock(): WaitingClock {
  const clock = createManualClock();
  const waitsMs: number[] = [];
  return {
    ...clock,
    waitsMs,
    sleep(durationMs, signal) {
      if (durationMs >= TIMEOUT_MS) return clock.sleep(durationMs, signal);
      waitsMs.push(durationMs);
      clock.advance(durationMs);
      return Promise.resolve();
    },
  };
}
