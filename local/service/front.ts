import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { refusalOfCaller } from './callers.ts';

export interface FrontOptions {
  /** How long a connection stays open without a request. */
  readonly keepAliveMs: number;
  /** Answers a request with status 403 and a sentence. */
  refuse(response: ServerResponse, message: string): void;
  /** Called with every other request. */
  receive(incoming: IncomingMessage, response: ServerResponse): void;
}

const CONNECTIONS_MAX = 1000;
const HEADERS_MS_MAX = 10_000;
const REQUEST_MS_MAX = 60_000;
/** How often those limits are looked at. */
const CHECK_MS = 5_000;

/** The HTTP server of a local service: only for programs on this machine, and open however many of them dawdle. */
export function createFront(
  { keepAliveMs, refuse, receive }: FrontOptions,
  connectionsMax = CONNECTIONS_MAX,
): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: keepAliveMs,
    },
    (incoming, response) => {
      const refusal = refusalOfCaller(incoming);
      if (refusal === undefined) return receive(incoming, response);
      // What else it sends is not read.
      response.setHeader('connection', 'close');
      refuse(response, refusal);
    },
  );
  limitConnections(server, connectionsMax);
  return server;
}

/**
 * Of too many connections the one goes that has been idle for longest: that has sent no whole request since it was opened,
 * or since its last one was answered. So whoever comes anew gets in, unless all of the others are being answered.
 */
function limitConnections(server: Server, connectionsMax: number): void {
  const open = new Set<Socket>();
  /** In order of the time since which they are idle. */
  const idle = new Set<Socket>();
  const forget = (socket: Socket): void => {
    open.delete(socket);
    idle.delete(socket);
  };
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    idle.add(socket);
    socket.once('close', () => forget(socket));
    if (open.size <= connectionsMax) return;
    const [longest] = idle;
    forget(longest!);
    longest!.destroy();
  });
  // Before anybody else hears of it, and may answer.
  server.prependListener('request', (incoming: IncomingMessage, response: ServerResponse) => {
    const { socket } = incoming;
    incoming.once('end', () => {
      if (!response.writableEnded) idle.delete(socket);
    });
    // The answer is there; who is slow to take it counts as idle as well.
    response.once('prefinish', () => {
      idle.delete(socket);
      if (open.has(socket)) idle.add(socket);
    });
  });
}
