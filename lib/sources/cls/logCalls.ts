/** The operations of the data plane. No public page documents pulls: they are what the official consumers send and understand. */
import type { HttpResponse } from '../../http/exchange.ts';
import { badResponse } from '../../http/failure.ts';
import { giveBack } from '../../memory.ts';
import { failureIn, requestIdOf, responseOf } from './failure.ts';
import { asInt64, formatJson } from './json.ts';
import type { Partition } from './shardId.ts';
import { snappyDecompress } from './snappy.ts';
import { jsonOf, type Transport } from './transport.ts';

export interface PullFrom extends Partition {
  /** Inclusive: 64 bits, in decimal. */
  offset: string;
  /** About how much to send, from 2 to 10 MiB. */
  bytesMax: number;
  /** Only what the service received before it: seconds since 1970. */
  endTimeSec?: number | undefined;
  /** The service filters: a statement of its DSL, such as `log_keep(op_gt(v("status"), 400))`. */
  query?: string | undefined;
}

export interface PulledMessages {
  /** In base64; see `decodeMessages`. */
  messages: string[];
  /** To go on with; -1: nothing more before the end time; undefined where it does not tell. */
  nextOffset: bigint | undefined;
  /** Of the answer, decompressed. */
  bytes: number;
  /** The service's clock as it answered, milliseconds since 1970; undefined where it does not tell. */
  answeredMs: number | undefined;
  requestId: string | undefined;
}

export function logCalls(transport: Transport, responseBytesMax: number) {
  return {
    async pullLogs(from: PullFrom, signal: AbortSignal): Promise<PulledMessages> {
      const { topic, partition, offset, bytesMax, endTimeSec, query } = from;
      const body = {
        StartOffset: BigInt(offset),
        StartTime: 0,
        Size: bytesMax,
        CompressType: 'snappy',
        PartitionId: partition,
        ...(endTimeSec !== undefined && { EndTime: endTimeSec }),
        ...(query !== undefined && { Query: query }),
      };
      const response = await transport.data({
        path: '/pull_log',
        query: { topic_id: topic },
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(formatJson(body)),
        idempotent: true,
        signal,
      });
      return pulledFrom(response, responseBytesMax);
    },
  };
}

function pulledFrom(response: HttpResponse, bytesMax: number): PulledMessages {
  const requestId = requestIdOf(response);
  const raw = decompressed(response, bytesMax);
  const json = jsonOf(response, raw);
  const failure = failureIn(json, response, 'POST /pull_log');
  if (failure !== undefined) throw failure;
  const { NextOffset, Message = null } = responseOf(json, response);
  const nextOffset = asInt64(NextOffset);
  if (nextOffset === undefined && NextOffset !== undefined && NextOffset !== null) {
    throw badResponse('NextOffset is no 64-bit integer', requestId);
  }
  const messages = Message ?? [];
  if (!Array.isArray(messages) || !messages.every((message) => typeof message === 'string')) {
    throw badResponse('Message is no list of texts', requestId);
  }
  const answeredMs = Date.parse(response.headers.date ?? '');
  const bytes = raw.length;
  // The messages are texts of their own.
  giveBack(raw);
  giveBack(response.body);
  return {
    messages,
    nextOffset,
    bytes,
    answeredMs: Number.isNaN(answeredMs) ? undefined : answeredMs,
    requestId,
  };
}

function decompressed(response: HttpResponse, bytesMax: number): Uint8Array {
  try {
    return snappyDecompress(response.body, bytesMax);
  } catch (error) {
    // Read for an error in words, of which nothing says that it is compressed.
    if (response.body[0] === 0x7b) return response.body;
    throw badResponse((error as RangeError).message, requestIdOf(response));
  }
}
