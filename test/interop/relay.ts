import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { headersOf, send, type WireAnswer, type WireRequest } from '../golden/wire.ts';

export interface RelayOptions {
  upstream: string;
  /** Something is about to be passed on. */
  onRequest?: (request: WireRequest) => void;
  onAnswer?: (request: WireRequest, answer: WireAnswer) => void;
  /** What becomes of a body on its way. */
  change?: (body: Buffer) => Buffer;
}

export interface Relay {
  url: string;
  close(): Promise<void>;
}

/** Of one connection only: they must not be passed on. */
const HOP_HEADERS = ['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'content-length'];

/**
 * Stands between a client and the service, as its endpoint or as its proxy. Passes one request on at a time, so that
 * what was recorded has one order, whatever the client does at once.
 */
export async function startRelay({ upstream, onRequest, onAnswer, change }: RelayOptions): Promise<Relay> {
  const agent = new Agent({ keepAlive: true });
  let last: Promise<void> = Promise.resolve();

  async function pass(request: WireRequest, response: ServerResponse): Promise<void> {
    onRequest?.(request);
    const answer = await send(upstream, request, agent);
    onAnswer?.(request, answer);
    response.writeHead(answer.status, rawWithoutHop(answer.rawHeaders));
    response.end(answer.body);
  }

  async function receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: target = '/' } = incoming;
    const body = await buffer(incoming);
    const headers = withoutHop(headersOf(incoming.headers));
    const request = { method, target, headers, body: change ? change(body) : body };
    const passed = last.then(() => pass(request, response));
    last = passed.catch(() => {});
    await passed;
  }

  const server = createServer((incoming, response) => {
    // A client that was killed in the middle of its request.
    receive(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

function withoutHop(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_HEADERS.includes(name)));
}

function rawWithoutHop(headers: readonly string[]): string[] {
  const isKept = (name: string): boolean => !HOP_HEADERS.includes(name.toLowerCase());
  return headers.filter((_, index) => isKept(headers[index - (index % 2)]!));
}
