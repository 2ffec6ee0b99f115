/** The console's HTTP server: on this machine only, for the page and nobody else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SettingsError, ShardbeatError } from '../../lib/errors.ts';
import { checkHost, pathBehindToken } from './callers.ts';
import type { Refusal } from './feed.ts';
import { Refused } from './refused.ts';
import { type Routes, respond, send } from './routes.ts';

export interface ServerOptions extends Routes {
  /** 0: any free one. */
  readonly port: number;
  /** What named it, for the message. */
  readonly portOption: string;
  /** Part of every address. */
  readonly token: string;
  /** How long a caller may take, where that is not the usual. */
  readonly limits?: { readonly headersMs: number; readonly requestMs: number; readonly silentMs: number };
  /** What to say of an operation that has failed. */
  sayOf(error: unknown): string;
}

export interface PageServer {
  readonly port: number;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const CONNECTIONS_MAX = 128;
/** Of a stream that shows a sign of life more often, `silentMs` is the time in which the other end takes nothing. */
const LIMITS = { headersMs: 10_000, requestMs: 30_000, silentMs: 60_000 };

/** Of every answer. The page loads nothing from elsewhere, runs nothing that is not its own, and is shown in no other page. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Listens on this machine only. Throws a SettingsError if the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<PageServer> {
  const { headersMs, requestMs, silentMs } = options.limits ?? LIMITS;
  const limits = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: headersMs / 2,
    keepAliveTimeout: headersMs / 2,
  };
  const server = createServer(limits, (request, response) => {
    // A connection that is lost in the midst of an answer has nobody left to tell.
    response.on('error', () => response.destroy());
    void answer(options, server, request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(silentMs);
  const port = await listen(server, options);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { port, portOption }: ServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const wrong = code === 'EADDRINUSE' ? `another program listens on ${HOST}:${port}` : message;
      reject(new SettingsError(portOption, port, `${wrong}; choose another one, or 0 for any that is free`));
    });
    server.listen({ port, host: HOST }, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Never rejects: whatever goes wrong is the answer. */
async function answer(
  options: ServerOptions,
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  try {
    const [path = '', query = ''] = (request.url ?? '/').split('?', 2);
    checkHost(request.headers, (server.address() as AddressInfo | null)?.port ?? 0);
    const rest = pathBehindToken(path, options.token);
    // What the page asks for is relative to its folder.
    if (rest === '') response.writeHead(308, { location: `/${options.token}/` }).end();
    else await respond(options, { path: rest, query }, request, response);
  } catch (error) {
    refuse(options, request, response, error);
  }
}

function refuse(
  { sayOf }: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // What else it sends is not read.
  if (!request.complete) response.setHeader('connection', 'close');
  if (error instanceof Refused) {
    for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
    const refusal: Refusal = { error: error.message };
    send(response, error.status, refusal);
    return;
  }
  const refusal: Refusal = { error: sayOf(error) };
  send(response, statusOf(error), refusal);
}

function statusOf(error: unknown): number {
  if (error instanceof SettingsError) return 400;
  return error instanceof ShardbeatError ? 502 : 500;
}
