import { Buffer } from 'node:buffer';
import type { IncomingMessage, Server } from 'node:http';
import type { Clock } from '../../lib/runtime.ts';
import { type Answer, send } from './answer.ts';
import { createFront } from './front.ts';
import { HOST, listenLocally } from './listen.ts';

/** What is known of a request before it is read. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  /** Of this service; the first one is 1. */
  readonly number: number;
  /** Aborts when the service closes: nothing may be waited for then. */
  readonly closing: AbortSignal;
}

export interface ServerOptions {
  /** As in `local SLS`, for what is cut off when it closes. */
  readonly name: string;
  /** 0: any free one. */
  readonly port: number;
  readonly clock: Clock;
  /** Never rejects: what fails is an answer as well. */
  answer(exchange: Exchange): Promise<Answer>;
}

export interface OpenServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Ends every connection, and frees the port; false if somebody did before. */
  close(): Promise<boolean>;
}

const KEEP_ALIVE_MS = 60_000;

/** Answers requests on the loopback interface. Rejects with a `SettingsError` for `port` if it cannot be listened on. */
export async function openServer({ name, port, clock, answer }: ServerOptions): Promise<OpenServer> {
  const closing = new AbortController();
  let requests = 0;
  const server = createFront({
    keepAliveMs: KEEP_ALIVE_MS,
    refuse: (response, message) => send(response, forbidden(message), clock.now()),
    receive: (incoming, response) => {
      requests += 1;
      answer({ incoming, number: requests, closing: closing.signal }).then(
        (result) => send(response, result, clock.now()),
        () => response.destroy(),
      );
    },
  });
  const portOpen = await listenLocally(server, port, 'port');
  return {
    url: `http://${HOST}:${portOpen}`,
    port: portOpen,
    close: async () => {
      if (closing.signal.aborted) return false;
      closing.abort(new Error(`the ${name} service is closing`));
      await closeServer(server);
      return true;
    },
  };
}

function forbidden(message: string): Answer {
  return {
    status: 403,
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from(`${message}\n`),
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
