/**
 * The SLS operations that Shardbeat uses, thinly: one function each, named as in the API reference
 * (alibabacloud.com/help/sls, "List of operations by function"). Every function rejects as `Transport` says.
 */

import { badResponse } from '../../http/failure.ts';
import { RESPONSE_BYTES_MAX } from '../../http/sender.ts';
import { giveBack } from '../../memory.ts';
import { objectOf, requestIdOf, type ShardInfo, shardsOf } from './answers.ts';
import { assertAvailable, type Compression, rawBody } from './compression.ts';
import { percentEncode } from './signature.ts';
import { createTransport, type SlsResponse, type Transport, type TransportOptions } from './transport.ts';

export interface ClientOptions extends TransportOptions {
  logstore: string;
  /** Of pulled logs. `zstd` unless set. */
  compression?: Compression | undefined;
  /** The service filters what is pulled: a statement in SPL, such as `* | where status = '500'`. */
  query?: string | undefined;
  /** The same by the name of a consume processor of the project; `query` is then ignored. */
  processor?: string | undefined;
  /** One for the clients of several logstores of a project. Its own unless set. */
  transport?: Transport | undefined;
}

export interface PulledLogs {
  /** A `LogGroupList`, decompressed. */
  body: Uint8Array;
  /** How many log groups the service says there are. */
  count: number;
  nextCursor: string;
  /** The service says that it held nothing after this answer. */
  endOfCursor: boolean;
  /** By how much the service received the last group before it answered; undefined where it does not tell. */
  ageMs: number | undefined;
  /** What the service read before it filtered; undefined where it does not tell. */
  scannedBytes: number | undefined;
  /** Logs for which the filter failed: they are not in the answer. */
  failedLogs: number | undefined;
  requestId: string | undefined;
}

/** `cursor` is inclusive, `endCursor` exclusive; `count` of log groups, 1 to 1000. An answer that is larger than `bytesMax` is not read. */
export interface PullLogsFrom {
  shard: string;
  cursor: string;
  endCursor?: string;
  count: number;
  bytesMax?: number | undefined;
}

/** An answer that was not read: how large it is, and of how many log groups, where the service tells. */
export interface TooLarge {
  rawBytes: number;
  count: number | undefined;
}

export type SlsClient = ReturnType<typeof createSlsClient>;

interface Context {
  transport: Transport;
  compression: Compression;
  responseBytesMax: number;
  /** Parameters of PullLogs that make the service filter. */
  filter: Readonly<Record<string, string>>;
  /** Of the logstore. */
  path: string;
  shardPath(shard: string): string;
}

/** Throws a SettingsError for options that cannot be used; nothing is sent before the first call. */
export function createSlsClient(options: ClientOptions) {
  const { logstore, compression = 'zstd', responseBytesMax = RESPONSE_BYTES_MAX } = options;
  assertAvailable(compression);
  const path = `/logstores/${percentEncode(logstore)}`;
  const shardPath = (shard: string): string => `${path}/shards/${percentEncode(shard)}`;
  const { transport = createTransport(options) } = options;
  const filter = filterOf(options);
  const context = { transport, compression, responseBytesMax, filter, path, shardPath };
  return operations(context);
}

/** As the official Python and Go SDKs write it. */
function filterOf({ query, processor }: ClientOptions): Record<string, string> {
  if (processor !== undefined) return { processor };
  return query === undefined ? {} : { query, pullMode: 'scan_on_stream' };
}

function operations({ transport, compression, responseBytesMax, filter, path, shardPath }: Context) {
  return {
    async listShards(signal: AbortSignal): Promise<ShardInfo[]> {
      return shardsOf(await transport({ method: 'GET', path: `${path}/shards`, signal }));
    },

    /** For how many days the logstore keeps its logs. */
    async getRetentionDays(signal: AbortSignal): Promise<number> {
      const response = await transport({ method: 'GET', path, signal });
      const { ttl } = objectOf(response);
      if (typeof ttl !== 'number') throw badResponse('no ttl', requestIdOf(response));
      return ttl;
    },

    /** `from`: an end of the shard, or when the service received the first group wanted, seconds since 1970. */
    async getCursor(shard: string, from: 'begin' | 'end' | number, signal: AbortSignal): Promise<string> {
      const query = { type: 'cursor', from: String(from) };
      const response = await transport({ method: 'GET', path: shardPath(shard), query, signal });
      const { cursor } = objectOf(response);
      if (typeof cursor !== 'string' || cursor === '') throw badResponse('no cursor', requestIdOf(response));
      return cursor;
    },

    /** When the service received the group at `cursor`, seconds since 1970. */
    async getCursorTime(shard: string, cursor: string, signal: AbortSignal): Promise<number> {
      const query = { type: 'cursor_time', cursor };
      const response = await transport({ method: 'GET', path: shardPath(shard), query, signal });
      const unixS = objectOf(response).cursor_time;
      if (typeof unixS !== 'number') throw badResponse('no cursor_time', requestIdOf(response));
      return unixS;
    },

    async pullLogs(from: PullLogsFrom, signal: AbortSignal): Promise<PulledLogs | TooLarge> {
      const { shard, cursor, endCursor, count, bytesMax } = from;
      const end = endCursor === undefined ? {} : { end_cursor: endCursor };
      const response = await transport({
        method: 'GET',
        path: shardPath(shard),
        query: { type: 'log', cursor, count: String(count), ...end, ...filter },
        headers: { accept: 'application/x-protobuf', 'accept-encoding': compression },
        ...(bytesMax !== undefined && { wants: (headers) => rawSizeOf(headers) <= bytesMax }),
        signal,
      });
      const { headers } = response;
      if (response.unread) return { rawBytes: rawSizeOf(headers), count: numberOf(headers['x-log-count']) };
      const said = pullHeaders(response.headers, cursor);
      const body = rawBody(response, responseBytesMax);
      if (body !== response.body) giveBack(response.body);
      return { ...said, body };
    },
  };
}

/**
 * The service sends the cursor and the count with every pull, an empty one too; the official Go SDK refuses an answer without
 * them. What lacks them comes from somebody else, such as a proxy, and must not pass for a shard with nothing in it.
 */
function pullHeaders(headers: SlsResponse['headers'], cursor: string): Omit<PulledLogs, 'body'> {
  const requestId = headers['x-log-requestid'];
  const next = headers['x-log-cursor'];
  const count = numberOf(headers['x-log-count']);
  if (next === undefined) throw badResponse('no x-log-cursor', requestId);
  if (count === undefined) throw badResponse('no number in x-log-count', requestId);
  return {
    count,
    // The official consumers take an empty next cursor for the one they asked for.
    nextCursor: next || cursor,
    endOfCursor: headers['x-log-end-of-cursor'] === '1',
    ageMs: ageOf(headers),
    scannedBytes: numberOf(headers['x-log-rawdatasize']),
    failedLogs: numberOf(headers['x-log-failedlines']),
    requestId,
  };
}

/** By the service's own clock. An empty pull has no time, or 0, which is none. */
function ageOf(headers: SlsResponse['headers']): number | undefined {
  const receivedS = Number(headers['x-log-cursor-time']);
  const ageMs = Date.parse(headers.date ?? '') - receivedS * 1000;
  return receivedS > 0 && !Number.isNaN(ageMs) ? Math.max(0, ageMs) : undefined;
}

/** What it does not announce is refused elsewhere. */
const rawSizeOf = (headers: SlsResponse['headers']): number => numberOf(headers['x-log-bodyrawsize']) ?? 0;

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
