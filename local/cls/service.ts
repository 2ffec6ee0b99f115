/**
 * A local stand-in for CLS: speaks its two protocols over plain HTTP on the loopback interface, on one port, faithfully
 * enough for the official Python SDK. Everything is kept in memory, or in a directory, within limits.
 */
import type { Clock } from '../../lib/runtime.ts';
import type { Fields } from '../../lib/sources/cls/json.ts';
import type { Account } from '../service/account.ts';
import type { Answer } from '../service/answer.ts';
import { type FaultRequest, type Inject, suffer } from '../service/faults.ts';
import type { WireRequest } from '../service/request.ts';
import { uuidRequestId } from '../service/requestId.ts';
import { type Exchange, openServer } from '../service/server.ts';
import { authenticateControl, authenticateData } from './authenticate.ts';
import { controlBody } from './call.ts';
import type { HandOver } from './group/balance.ts';
import { controlAnswer, failure, readClsRequest, withCommonHeaders } from './http.ts';
import { createInProcess, type InProcess } from './inProcess.ts';
import { parseObject } from './json.ts';
import { planeOfTarget } from './plane.ts';
import { createQuotaMeter, type Quotas } from './quotas.ts';
import { route } from './routes.ts';
import { type ClsState, createState } from './state/state.ts';
import { openDirectory } from './storage/directory.ts';

/** What a fault is decided by. */
export interface ClsFaultRequest extends FaultRequest {
  readonly query: Readonly<Record<string, string>>;
  /** The body of an action, or of a pull; nothing of a put. */
  readonly body: Fields;
}

export interface ClsOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** Who may sign requests; everybody here may do everything. */
  accounts: readonly Account[];
  clock: Clock;
  /** Partitions of a topic that is created in-process without saying how many (2). */
  partitions?: number;
  /** Offset of the first message of a partition (0). The live service's are not known; beyond 2^53, numbers get them wrong. */
  firstOffset?: bigint;
  /** How a partition goes from one live consumer to another (cooperative): the live service does not say. */
  handOver?: HandOver;
  /** Refuses commits of whoever does not hold the partition (false): nothing says that the live service does. */
  fencedCommits?: boolean;
  /** A directory that keeps everything beyond this process; without it everything is gone with the service. */
  data?: string;
  /** Memory, or disk, for messages, over all topics; a put beyond it is refused with LogSizeExceed. */
  storedBytesMax?: number;
  /** Limits of the live service, which are off unless they are given here: `DOCUMENTED_QUOTAS`, or others. */
  quotas?: Quotas;
  /** Decides on failures and delays, one request at a time. */
  inject?: Inject<ClsFaultRequest>;
}

/** A running service. */
export interface ClsService extends InProcess {
  /** `http://127.0.0.1:<port>`: the endpoint of both planes. */
  readonly url: string;
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
export async function startCls(options: ClsOptions): Promise<ClsService> {
  const opened = options.data === undefined ? undefined : openDirectory(options.data);
  const storedBytesMax = options.storedBytesMax ?? (opened ? DISK_BYTES_MAX : MEMORY_BYTES_MAX);
  const state = createState({ storedBytesMax, firstOffset: options.firstOffset ?? 0n }, opened);
  try {
    return await serve(options, state);
  } catch (error) {
    state.storage.close();
    throw error;
  }
}

async function serve(options: ClsOptions, state: ClsState): Promise<ClsService> {
  const { port, url, close } = await openServer({
    name: 'local CLS',
    port: options.port ?? 0,
    clock: options.clock,
    answer: createAnswer(options, state),
  });
  return {
    url,
    port,
    ...createInProcess(state, options),
    close: async () => {
      if (await close()) state.storage.close();
    },
  };
}

function createAnswer(options: ClsOptions, state: ClsState): (exchange: Exchange) => Promise<Answer> {
  const { clock, accounts, inject } = options;
  const quotas = createQuotaMeter(options.quotas ?? {});
  const behaviour = {
    handOver: options.handOver ?? 'cooperative',
    fencedCommits: options.fencedCommits ?? false,
  };

  const answer = async ({ incoming, closing }: Exchange, requestId: string): Promise<Answer> => {
    const request = await readClsRequest(incoming);
    const found = route(request);
    const { operation } = found;
    await suffer(inject?.({ operation, query: request.query, body: bodyOf(request) }), clock, closing);
    closing.throwIfAborted();
    const nowMs = clock.now();
    const call = { state, quotas, behaviour, nowMs };
    if (found.plane === 'data') {
      authenticateData(request, accounts, nowMs);
      return found.handle({ ...call, request });
    }
    authenticateControl(request, accounts, nowMs);
    quotas.admitAction(found, nowMs);
    return controlAnswer(found.handle({ ...call, body: controlBody(request) }), requestId);
  };

  return async (exchange) => {
    const requestId = uuidRequestId(exchange.number, clock.now());
    const failed = (error: unknown): Answer =>
      failure(error, planeOfTarget(exchange.incoming.url), requestId);
    return withCommonHeaders(await answer(exchange, requestId).catch(failed), requestId);
  };
}

function bodyOf({ headers, body }: WireRequest): Fields {
  return headers['content-type']?.includes('json') ? (parseObject(body) ?? {}) : {};
}
