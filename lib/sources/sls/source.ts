/** Alibaba Cloud SLS as a source: one logstore. */

import { SourceError } from '../../errors.ts';
import { badResponse } from '../../http/failure.ts';
import { parentsOf } from '../lineage.ts';
import type { Origin } from '../logs/logRecord.ts';
import { cursorExpired, nothingMore } from '../pulled.ts';
import type { Position, Pulled, PullRequest, Source, SourceShard } from '../source.ts';
import {
  type ClientOptions,
  createSlsClient,
  type PulledLogs,
  type PullLogsFrom,
  type SlsClient,
} from './client.ts';
import { cursorDistance, cursorPosition } from './cursor.ts';
import { decodeLogGroupList, GROUPS_MAX, type LogGroupList } from './logGroupList.ts';

export type SlsSourceOptions = ClientOptions;

/** Of PullLogs: log groups in one answer. */
const COUNT_MAX = 1000;

/** Throws a SettingsError for options that cannot be used; nothing is sent before the first call. */
export function createSlsSource(options: SlsSourceOptions): Source {
  const client = createSlsClient(options);
  const { project, logstore, query, processor } = options;
  const isFiltered = query !== undefined || processor !== undefined;
  const groupBytes = new Map<string, number>();
  return {
    kind: 'sls',
    tags: { source: 'sls', project, logstore },
    listShards: (signal) => listShards(client, signal),
    cursorAt: (shard, position, signal) => client.getCursor(shard, fromOf(position), signal),
    pull: (request) => pull({ client, isFiltered, groupBytes }, request),
    retentionMs: (_shard, signal) => retentionMs(client, signal),
    distance: cursorDistance,
    positions: 'log groups',
    receivedAt: async (shard, cursor, signal) => (await client.getCursorTime(shard, cursor, signal)) * 1_000,
  };
}

const DAY_MS = 86_400_000;
/** CreateLogStore, `ttl`: "if you set it to 3650, logs are permanently stored". */
const FOREVER_DAYS = 3650;

async function retentionMs(client: SlsClient, signal: AbortSignal): Promise<number | undefined> {
  const days = await client.getRetentionDays(signal);
  return days >= FOREVER_DAYS ? undefined : days * DAY_MS;
}

async function listShards(client: SlsClient, signal: AbortSignal): Promise<SourceShard[]> {
  const shards = await client.listShards(signal);
  const ranges = shards.map(({ shardID, inclusiveBeginKey, exclusiveEndKey }) => ({
    id: shardID,
    beginKey: inclusiveBeginKey,
    endKey: exclusiveEndKey,
  }));
  const parents = parentsOf(ranges);
  return shards.map(({ shardID, status }) => ({
    id: String(shardID),
    state: status === 'readonly' ? 'closed' : 'open',
    parents: (parents.get(shardID) ?? []).map(String),
  }));
}

/** GetCursor knows whole seconds: the one in which the moment lies, so that nothing is left out. */
function fromOf(position: Position): 'begin' | 'end' | number {
  return position.at === 'time' ? Math.floor(position.unixMs / 1000) : position.at;
}

interface Stream {
  client: SlsClient;
  isFiltered: boolean;
  /** How large a log group is, by shard: as last seen. */
  groupBytes: Map<string, number>;
}

async function pull(stream: Stream, request: PullRequest): Promise<Pulled> {
  const { client, isFiltered } = stream;
  const { shard, cursor, endCursor } = request;
  if (endCursor !== undefined && (cursorDistance(endCursor, cursor) ?? -1) >= 0) return nothingMore(cursor);
  const range = { shard, cursor, ...(endCursor !== undefined && { endCursor }) };
  const answer = await pullWithin(stream, request, range).catch((error) => explain(client, request, error));
  const list = decode(answer, isFiltered ? undefined : originOf(request, answer));
  const { nextCursor } = answer;
  const standsStill = nextCursor === cursor;
  if (standsStill && list.recordCount > 0)
    throw badResponse('records, but no cursor after them', answer.requestId);
  if (!standsStill) checkNext(request, answer);
  const caughtUp = standsStill || answer.endOfCursor;
  return {
    records: list.records,
    release: list.release,
    count: list.recordCount,
    bytes: answer.body.length,
    nextCursor,
    caughtUp,
    endOfShard: standsStill && (await isEnd(client, request)),
    lagMs: caughtUp ? 0 : answer.ageMs,
    ...filteredOf(answer),
  };
}

/** So often less is asked for, before one log group is. */
const SMALLER_MAX = 3;

/**
 * As many log groups as there is room for, and one at the least. How large they are shows the answer before, or the head of one that is too large: of
 * that no more is read.
 */
async function pullWithin(
  { client, groupBytes }: Stream,
  { shard, countMax, bytesMax = Number.POSITIVE_INFINITY, signal }: PullRequest,
  range: Omit<PullLogsFrom, 'count'>,
): Promise<PulledLogs> {
  const within = (bytes: number): number => Math.max(1, Math.floor(bytesMax / Math.max(1, bytes)));
  let count = Math.min(countMax, COUNT_MAX, within(groupBytes.get(shard) ?? 0));
  for (let smaller = 0; ; smaller++) {
    const isLeast = count === 1 || !Number.isFinite(bytesMax);
    const answer = await client.pullLogs({ ...range, count, ...(!isLeast && { bytesMax }) }, signal);
    if ('body' in answer) {
      if (answer.count > 0) groupBytes.set(shard, answer.body.length / answer.count);
      return answer;
    }
    const each = answer.rawBytes / (answer.count || count);
    count = smaller < SMALLER_MAX ? Math.min(within(each), Math.ceil(count / 2)) : 1;
  }
}

/**
 * Where the groups of an unfiltered answer lie, if its cursors count them: then each has a place of its own between the two. As the
 * Go SDK reckons it, which takes for granted that they always count.
 */
function originOf(
  { shard, shardName = shard, cursor }: PullRequest,
  { nextCursor, count }: PulledLogs,
): Origin | undefined {
  const position = cursorPosition(cursor);
  const isCounted = position !== undefined && cursorDistance(cursor, nextCursor) === count;
  return isCounted ? { shard: shardName, position } : undefined;
}

/** A checkpoint never goes back, and never to a place of which nobody can tell where it is. */
function checkNext({ cursor, endCursor }: PullRequest, { nextCursor, requestId }: PulledLogs): void {
  const moved = cursorDistance(cursor, nextCursor);
  if (moved === undefined || moved < 0) {
    const what = moved === undefined ? 'cannot be compared with' : 'lies before';
    throw badResponse(`the next cursor ${nextCursor} ${what} the one asked for, ${cursor}`, requestId);
  }
  if (endCursor !== undefined && (cursorDistance(endCursor, nextCursor) ?? 0) > 0) {
    throw badResponse(`the next cursor ${nextCursor} lies beyond the end asked for, ${endCursor}`, requestId);
  }
}

function filteredOf({ scannedBytes, failedLogs }: PulledLogs): Pick<Pulled, 'filtered'> {
  if (scannedBytes === undefined && failedLogs === undefined) return {};
  return { filtered: { scannedBytes, failed: failedLogs ?? 0 } };
}

/** Of a pull that brought nothing: a closed shard's end is confirmed by the service. */
async function isEnd(
  client: SlsClient,
  { shard, cursor, closed, endCursor, signal }: PullRequest,
): Promise<boolean> {
  if (endCursor !== undefined) return true;
  return closed && (await client.getCursor(shard, 'end', signal)) === cursor;
}

/** `InvalidCursor` is said of a cursor past the retention and of one that never was. */
async function explain(client: SlsClient, request: PullRequest, error: unknown): Promise<never> {
  if (!(error instanceof SourceError && error.code === 'InvalidCursor')) throw error;
  throw await expiredOr(client, request, error);
}

/** A cursor past the retention lies before the shard's beginning, and records may be missing. */
async function expiredOr(
  client: SlsClient,
  { shard, cursor, signal }: PullRequest,
  error: SourceError,
): Promise<SourceError> {
  const begin = await client.getCursor(shard, 'begin', signal);
  return (cursorDistance(cursor, begin) ?? 0) <= 0 ? error : cursorExpired(shard, cursor, error);
}

/** As the Java SDK does, compares the groups with the count the service gives. */
function decode({ body, count, requestId }: PulledLogs, origin: Origin | undefined): LogGroupList {
  if (count > GROUPS_MAX) throw badResponse(`${count} log groups are more than ${GROUPS_MAX}`, requestId);
  const list = decodeLogGroupList(body, count, origin);
  if (list.groupCount !== count) {
    throw badResponse(`${list.groupCount} log groups instead of ${count}`, requestId);
  }
  return list;
}
