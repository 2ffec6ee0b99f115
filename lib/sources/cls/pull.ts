/**
 * Pulls from one partition, up to an end where there is one. No documentation of the call is public; what is here is what the
 * official consumers understand, and no more is taken for granted.
 */
import type { ClsClient, PulledMessages } from './client.ts';
import { decodeMessages, type Messages } from './frame.ts';

export interface PullLimits {
  /** About how much to ask for at a time, from 2 to 10 MiB. 2 MiB unless set. */
  pullBytesMax?: number | undefined;
  /** The service filters what is pulled: a statement of its DSL. */
  query?: string | undefined;
}

interface Wanted {
  /** What the partition is called in the ids of its records. */
  shardName: string;
  partition: number;
  start: bigint;
  /** Exclusive. */
  end: bigint | undefined;
  endAtMs?: number | undefined;
  /** There is room for no more. */
  bytesMax?: number | undefined;
  signal: AbortSignal;
}

export interface PulledPartition {
  logs: Messages;
  /** Offset to read next. */
  next: bigint;
  /** The service says that nothing more will come before the end time that was asked for. */
  isOver: boolean;
  /** Of the answer, decompressed. */
  bytes: number;
  answeredMs: number | undefined;
  requestId: string | undefined;
}

const PULL_BYTES_DEFAULT = 2 * 1024 * 1024;
/** Smaller pulls, each a quarter of the one before, until one ends in time. */
const TRIES_MAX = 6;
const PULL_BYTES_MIN = 1024;
/** As `NextOffset`. */
const NO_MORE_BEFORE_END_TIME = -1n;

/**
 * An answer that goes past the end is cut there if its offsets count its messages: which they seem to, but nothing says so.
 * If they do not (a filter leaves some out), less is asked for; and if that does not help either, all of it is given, since
 * what was read twice does less harm than what is missing.
 */
export async function pullMessages(
  source: PullLimits & { client: ClsClient; topic: string },
  wanted: Wanted,
): Promise<PulledPartition> {
  const { bytesMax: roomBytes = Number.POSITIVE_INFINITY } = wanted;
  const pullBytesMax = Math.floor(Math.min(source.pullBytesMax ?? PULL_BYTES_DEFAULT, roomBytes));
  let asked = wanted;
  let answer = await pullOnce(source, asked, pullBytesMax);
  if (answer.isOver && wanted.end !== undefined) {
    // By its offset the end is further on. What -1 means is nowhere said, so it alone passes over nothing.
    asked = { ...wanted, endAtMs: undefined };
    answer = await pullOnce(source, asked, pullBytesMax);
  }
  let bytesMax = pullBytesMax / 4;
  for (let tries = 1; isPast(answer, wanted) && tries < TRIES_MAX && bytesMax >= PULL_BYTES_MIN; tries++) {
    answer = await pullOnce(source, asked, Math.floor(bytesMax));
    bytesMax /= 4;
  }
  return answer;
}

const isPast = ({ next }: PulledPartition, { end }: Wanted): boolean => end !== undefined && next > end;

async function pullOnce(
  { client, topic, query }: PullLimits & { client: ClsClient; topic: string },
  { shardName, partition, start, end, endAtMs, signal }: Wanted,
  bytesMax: number,
): Promise<PulledPartition> {
  const endTimeSec = endAtMs === undefined ? undefined : Math.ceil(endAtMs / 1000);
  const from = { topic, partition, offset: String(start), bytesMax, endTimeSec, query };
  const answer = await client.pullLogs(from, signal);
  const isOver = endAtMs !== undefined && answer.nextOffset === NO_MORE_BEFORE_END_TIME;
  const next = isOver ? start : nextOf(answer, start);
  const count = BigInt(answer.messages.length);
  // Then each message has an offset of its own between the two.
  const isCounted = next - start === count;
  const isCut = end !== undefined && next > end && isCounted;
  const messages = isCut ? answer.messages.slice(0, Number(end - start)) : answer.messages;
  const hasIds = isCounted && query === undefined;
  const origin = hasIds ? { shard: shardName, position: start } : undefined;
  return {
    logs: decodeMessages(messages, topic, answer.requestId, origin),
    next: isCut ? end : next,
    isOver,
    bytes: answer.bytes,
    answeredMs: answer.answeredMs,
    requestId: answer.requestId,
  };
}

/** Without messages, an offset that does not lead on leaves the cursor where it is; a cursor never goes back. */
function nextOf({ nextOffset }: PulledMessages, start: bigint): bigint {
  return nextOffset !== undefined && nextOffset > start ? nextOffset : start;
}
