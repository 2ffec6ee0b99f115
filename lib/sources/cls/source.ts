/** Tencent Cloud CLS as a source: one topic. Cursors are offsets, in decimal: they count the messages of a partition. */
import { SourceError } from '../../errors.ts';
import { badResponse } from '../../http/failure.ts';
import { parentsOf } from '../lineage.ts';
import { cursorExpired, nothingMore } from '../pulled.ts';
import type { Position, Pulled, PullRequest, Source, SourceShard } from '../source.ts';
import type { ClsClient } from './client.ts';
import { cursorDistance, offsetOf } from './cursor.ts';
import { isOffsetInvalid } from './failure.ts';
import type { Positions } from './positions.ts';
import { type PullLimits, pullMessages } from './pull.ts';

export interface ClsSourceOptions extends PullLimits {
  client: ClsClient;
  /** The id. */
  topic: string;
  positions: Positions;
}

/** Shards have the ids of the topic's partitions: `0`. `countMax` is without effect, since CLS counts bytes. */
export function createClsSource(options: ClsSourceOptions): Source {
  const { client, topic } = options;
  return {
    kind: 'cls',
    tags: { source: 'cls', logset: client.logset, topic },
    listShards: (signal) => listShards(options, signal),
    cursorAt: (shard, position, signal) => cursorAt(options, shard, fromOf(position), signal),
    pull: (request) => pull(options, request),
    retentionMs: (_shard, signal) => retentionMs(options, signal),
    distance: cursorDistance,
    positions: 'messages',
    receivedAt: (shard, cursor, signal) => receivedAt(options, shard, cursor, signal),
  };
}

const DAY_MS = 86_400_000;
/** CreateTopic, `Period`: 3640 keeps messages permanently. */
const FOREVER_DAYS = 3640;

async function retentionMs(
  { client, topic }: ClsSourceOptions,
  signal: AbortSignal,
): Promise<number | undefined> {
  const days = await client.describeRetentionDays(topic, signal);
  return days >= FOREVER_DAYS ? undefined : days * DAY_MS;
}

async function listShards({ client, topic }: ClsSourceOptions, signal: AbortSignal): Promise<SourceShard[]> {
  const partitions = await client.describePartitions(topic, signal);
  const parents = parentsOf(partitions);
  return partitions.map(({ id, status }) => ({
    id: String(id),
    state: status === 'readonly' ? 'closed' : 'open',
    parents: (parents.get(id) ?? []).map(String),
  }));
}

/** Whole seconds: the one in which the moment lies, so that nothing is left out. */
function fromOf(position: Position): 'begin' | 'end' | number {
  return position.at === 'time' ? Math.floor(position.unixMs / 1000) : position.at;
}

async function cursorAt(
  { positions, topic }: ClsSourceOptions,
  shard: string,
  from: 'begin' | 'end' | number,
  signal: AbortSignal,
): Promise<string> {
  const offset = await positions.offsetAt({ topic, partition: partitionOf(shard) }, from, signal);
  // Said of a partition that nothing was written to: nothing lies before its first offset.
  return offset.startsWith('-') ? '0' : offset;
}

async function pull(options: ClsSourceOptions, request: PullRequest): Promise<Pulled> {
  const { shard, shardName = shard, cursor, endCursor } = request;
  const partition = partitionOf(shard);
  const start = offsetOf(cursor);
  const end = endCursor === undefined ? undefined : offsetOf(endCursor);
  if (end !== undefined && start >= end) return nothingMore(cursor);
  const answer = await pullMessages(options, { ...request, shardName, partition, start, end }).catch(
    (error) => explain(options, request, error),
  );
  const { logs, next, isOver, bytes, answeredMs } = answer;
  const standsStill = next === start;
  if (standsStill && logs.groupCount > 0) {
    throw badResponse('messages, but no offset after them', answer.requestId);
  }
  const caughtUp = standsStill || isOver;
  return {
    records: logs.records,
    release: logs.release,
    count: logs.recordCount,
    bytes,
    nextCursor: String(next),
    caughtUp,
    endOfShard: isOver || (standsStill && (await isEnd(options, request))),
    lagMs: caughtUp ? 0 : ageOf(logs.lastReceivedMs, answeredMs),
  };
}

/** No call tells it of a position: its message is pulled, as little as can be asked for. */
async function receivedAt(
  { client, topic }: ClsSourceOptions,
  shard: string,
  cursor: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const start = offsetOf(cursor);
  const wanted = { shardName: shard, partition: partitionOf(shard), start, end: start + 1n, signal };
  const { logs } = await pullMessages({ client, topic }, wanted);
  return logs.lastReceivedMs;
}

/** Of a pull that brought nothing: a closed partition's end is confirmed by the service. */
async function isEnd(
  options: ClsSourceOptions,
  { shard, cursor, closed, signal }: PullRequest,
): Promise<boolean> {
  return closed && (await cursorAt(options, shard, 'end', signal)) === cursor;
}

/** By the service's own clock. */
function ageOf(receivedMs: number | undefined, answeredMs: number | undefined): number | undefined {
  if (receivedMs === undefined || answeredMs === undefined) return undefined;
  return Math.max(0, answeredMs - receivedMs);
}

/**
 * The same is said of an offset past the retention and of one that never was. The first one lies before the partition's
 * beginning, and records may be missing.
 */
async function explain(
  options: ClsSourceOptions,
  { shard, cursor, signal }: PullRequest,
  error: unknown,
): Promise<never> {
  if (!isOffsetInvalid(error)) throw error;
  const begin = await cursorAt(options, shard, 'begin', signal);
  if (offsetOf(cursor) >= offsetOf(begin)) throw error;
  throw cursorExpired(shard, cursor, error);
}

function partitionOf(shard: string): number {
  if (/^\d{1,9}$/.test(shard)) return Number(shard);
  throw new SourceError(`shard ${shard}: not the number of a partition`, {
    code: 'ShardNotExist',
    status: 404,
    retriable: false,
  });
}
