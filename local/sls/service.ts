/**
 * A local stand-in for SLS: speaks its wire protocol over plain HTTP on the loopback interface, faithfully enough for
 * the official SDKs. Everything is kept in memory, or in a directory, within limits.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SettingsError } from '../../lib/errors.ts';
import type { Clock } from '../../lib/runtime.ts';
import { authenticate, type SlsAccount } from './authenticate.ts';
import { type Inject, suffer } from './faults.ts';
import { type Answer, failure, readRequest, send } from './http.ts';
import { createInProcess, type InProcess } from './inProcess.ts';
import { createQuotaMeter, type Quotas } from './quotas.ts';
import { route } from './routes.ts';
import { createState, type SlsState } from './state/state.ts';
import { openDirectory } from './storage/directory.ts';

export interface SlsOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** Who may sign requests; everybody here may do everything. */
  accounts: readonly SlsAccount[];
  clock: Clock;
  /** Shards of a logstore that is created in-process without saying how many. */
  shards?: number;
  /** A directory that keeps everything beyond this process; without it everything is gone with the service. */
  data?: string;
  /** Memory, or disk, for log groups, over all logstores; a put beyond it is refused with WriteQuotaExceed. */
  storedBytesMax?: number;
  /** Limits of the live service, which are off unless they are given here: `DOCUMENTED_QUOTAS`, or others. */
  quotas?: Quotas;
  /** Decides on failures and delays, one request at a time. */
  inject?: Inject;
}

/** A running service. */
export interface SlsService extends InProcess {
  /** `http://127.0.0.1:<port>`: for clients that name the project in the host header only, or as an HTTP proxy. */
  readonly url: string;
  /**
   * `localhost:<port>`: for clients that connect to `<project>.<endpoint>`, as official SDKs do. Where names below
   * localhost do not resolve, or the SDK takes no port (Java), give it any endpoint, and `url` as its proxy.
   */
  readonly endpoint: string;
  readonly port: number;
  /** Ends every connection, and frees the port and the directory. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const MEMORY_BYTES_MAX = 256 * 1024 * 1024;
const DISK_BYTES_MAX = 2 * 1024 * 1024 * 1024;
const CONNECTIONS_MAX = 1000;
const REQUEST_MS_MAX = 60_000;

/**
 * Starts the service. Rejects with a `SettingsError` for `port` if it cannot be listened on, for `data` if the directory
 * cannot be used.
 */
export async function startSls(options: SlsOptions): Promise<SlsService> {
  const opened = options.data === undefined ? undefined : openDirectory(options.data);
  const bytesMax = options.storedBytesMax ?? (opened ? DISK_BYTES_MAX : MEMORY_BYTES_MAX);
  const state = createState(bytesMax, opened);
  try {
    return await serve(options, state);
  } catch (error) {
    state.storage.close();
    throw error;
  }
}

async function serve(options: SlsOptions, state: SlsState): Promise<SlsService> {
  const closing = new AbortController();
  const handle = createHandler(options, state, closing.signal);
  const server = createServer({ requestTimeout: REQUEST_MS_MAX, keepAliveTimeout: REQUEST_MS_MAX }, handle);
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://${HOST}:${port}`,
    endpoint: `localhost:${port}`,
    port,
    ...createInProcess(state, options),
    close: async () => {
      if (closing.signal.aborted) return;
      closing.abort(new Error('the local SLS service is closing'));
      await close(server);
      state.storage.close();
    },
  };
}

function createHandler(options: SlsOptions, state: SlsState, closing: AbortSignal) {
  const { clock, accounts, inject } = options;
  const quotas = createQuotaMeter(options.quotas ?? {});
  let requests = 0;

  const answer = async (incoming: IncomingMessage): Promise<Answer> => {
    const request = await readRequest(incoming);
    const found = route(request);
    const { project, query } = request;
    const { operation } = found.route;
    await suffer(inject?.({ operation, project, query, parameters: found.parameters }), clock, closing);
    closing.throwIfAborted();
    const nowMs = clock.now();
    authenticate(request, accounts, nowMs);
    return found.route.handle({ request, parameters: found.parameters, state, quotas, nowMs });
  };

  return (incoming: IncomingMessage, response: ServerResponse): void => {
    requests += 1;
    const requestId = requestIdOf(requests, clock.now());
    const reply = (result: Answer): void => send(response, result, requestId, clock.now());
    answer(incoming).then(reply, (error: unknown) => reply(failure(error)));
  };
}

/** 24 hex digits that start with the time, as the service's own. */
function requestIdOf(number: number, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `${seconds.toString(16).padStart(8, '0')}${number.toString(16).padStart(16, '0')}`.toUpperCase();
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new SettingsError('port', port, 'choose 0 for a free port, or a number up to 65535');
    }
    const onError = (error: NodeJS.ErrnoException): void => {
      const remedy =
        error.code === 'EADDRINUSE'
          ? `another program listens on ${HOST}:${port}. Stop it, choose another port, or 0 for a free one`
          : `${error.message}. Choose another port, or 0 for a free one`;
      reject(new SettingsError('port', port, remedy));
    };
    server.once('error', onError);
    server.listen({ port, host: HOST }, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
