/**
 * A local stand-in for SLS: speaks its wire protocol over plain HTTP on the loopback interface, faithfully enough for
 * the official SDKs. Everything is kept in memory, or in a directory, within limits.
 */
import type { Clock } from '../../lib/runtime.ts';
import type { Account } from '../service/account.ts';
import type { Answer } from '../service/answer.ts';
import { type FaultRequest, type Inject, suffer } from '../service/faults.ts';
import { hexRequestId } from '../service/requestId.ts';
import { type Exchange, openServer } from '../service/server.ts';
import { authenticate } from './authenticate.ts';
import { failure, readSlsRequest, withCommonHeaders } from './http.ts';
import { createInProcess, type InProcess } from './inProcess.ts';
import { createQuotaMeter, type Quotas } from './quotas.ts';
import { route } from './routes.ts';
import { createState, type SlsState } from './state/state.ts';
import { openDirectory } from './storage/directory.ts';

/** What a fault is decided by. */
export interface SlsFaultRequest extends FaultRequest {
  readonly project: string;
  /** From the path: `logstore`, `shard`, … */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

export interface SlsOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** Who may sign requests; everybody here may do everything. */
  accounts: readonly Account[];
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
  inject?: Inject<SlsFaultRequest>;
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

const MEMORY_BYTES_MAX = 256 * 1024 * 1024;
const DISK_BYTES_MAX = 2 * 1024 * 1024 * 1024;

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
  const { port, url, close } = await openServer({
    name: 'local SLS',
    port: options.port ?? 0,
    clock: options.clock,
    answer: createAnswer(options, state),
  });
  return {
    url,
    endpoint: `localhost:${port}`,
    port,
    ...createInProcess(state, options),
    close: async () => {
      if (await close()) state.storage.close();
    },
  };
}

function createAnswer(options: SlsOptions, state: SlsState): (exchange: Exchange) => Promise<Answer> {
  const { clock, accounts, inject } = options;
  const quotas = createQuotaMeter(options.quotas ?? {});

  const answer = async ({ incoming, closing }: Exchange): Promise<Answer> => {
    const request = await readSlsRequest(incoming);
    const found = route(request);
    const { project, query } = request;
    const { operation } = found.route;
    await suffer(inject?.({ operation, project, query, parameters: found.parameters }), clock, closing);
    closing.throwIfAborted();
    const nowMs = clock.now();
    authenticate(request, accounts, nowMs);
    return found.route.handle({ request, parameters: found.parameters, state, quotas, nowMs });
  };

  return async (exchange) => {
    const requestId = hexRequestId(exchange.number, clock.now());
    return withCommonHeaders(await answer(exchange).catch(failure), requestId);
  };
}
