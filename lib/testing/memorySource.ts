import { SourceError } from '../errors.ts';
import { bytesOf } from '../sources/pairsRecord.ts';
import type { LogRecord, Position, Pulled, PullRequest, Source, SourceShard } from '../sources/source.ts';
import { type RecordLike, recordLike, withId } from './records.ts';

/** A stream in this process's memory. */
export interface MemorySource extends Source {
  /** Appends records to an open shard. They are received now. */
  append(shard: string, ...records: RecordLike[]): void;
  /** Closes the parents and opens the children: a split, or a merge. */
  replace(parents: readonly string[], children: readonly string[]): void;
  /** The service forgets the shard, as when its retention is over. */
  trim(shard: string): void;
}

/** How a stream in memory begins. */
export interface MemorySourceOptions {
  /** Ids of the shards that it has at first; one, `0`, unless set. */
  shards?: readonly string[];
  /** Most records of one pull. */
  recordsMax?: number;
  /** When records are received; the system's clock unless set. */
  now?: () => number;
}

interface Stored {
  shard: SourceShard;
  records: { record: LogRecord; receivedAt: number }[];
}

const RECORDS_MAX = 1_000;

/** A source for tests: cursors are decimal positions, every record is one, as if it were a log group. It passes the cases that every source has to. */
export function createMemorySource(options: MemorySourceOptions = {}): MemorySource {
  const { shards = ['0'], recordsMax = RECORDS_MAX, now = Date.now } = options;
  const stored = new Map<string, Stored>();
  const open = (id: string, parents: readonly string[]): void => {
    stored.set(id, { shard: { id, state: 'open', parents: [...parents] }, records: [] });
  };
  for (const id of shards) open(id, []);
  const find = (id: string): Stored => stored.get(id) ?? refuse('ShardNotExist', `there is no shard ${id}`);

  return {
    kind: 'memory',
    tags: { source: 'memory' },
    append(shard, ...records) {
      const { shard: listed, records: kept } = find(shard);
      if (listed.state === 'closed') refuse('ShardClosed', `shard ${shard} is closed`);
      const receivedAt = now();
      kept.push(
        ...records.map((record) => ({ record: recordLike(record, { timeMs: receivedAt }), receivedAt })),
      );
    },
    replace(parents, children) {
      for (const parent of parents) find(parent).shard.state = 'closed';
      for (const child of children) open(child, parents);
    },
    trim: (shard) => void stored.delete(shard),
    async listShards(signal) {
      signal.throwIfAborted();
      return [...stored.values()].map(({ shard }) => ({
        ...shard,
        parents: shard.parents.filter((parent) => stored.has(parent)),
      }));
    },
    async cursorAt(shard, position, signal) {
      signal.throwIfAborted();
      return String(indexOf(find(shard), position));
    },
    async pull(request) {
      request.signal.throwIfAborted();
      return pulled(find(request.shard), request, recordsMax);
    },
    distance: (from, to) => Number(to) - Number(from),
    positions: 'records',
    receivedAt: async (shard, cursor) => find(shard).records[Number(cursor)]?.receivedAt,
  };
}

function indexOf({ records }: Stored, position: Position): number {
  if (position.at === 'begin') return 0;
  if (position.at === 'end') return records.length;
  const found = records.findIndex(({ receivedAt }) => receivedAt >= position.unixMs);
  return found < 0 ? records.length : found;
}

function pulled({ shard, records }: Stored, request: PullRequest, recordsMax: number): Pulled {
  const { endCursor, closed, countMax } = request;
  const from = positionOf(request.cursor);
  const end = Math.min(endCursor === undefined ? records.length : positionOf(endCursor), records.length);
  const { shard: id, shardName = id } = request;
  const wanted = records.slice(from, Math.min(from + recordsMax, from + countMax, end));
  const taken = wanted.slice(0, fitting(wanted, request.bytesMax));
  const to = from + taken.length;
  const isLast = endCursor !== undefined || (closed && shard.state === 'closed');
  return {
    records: taken.map(({ record }, index) => withId(record, `${shardName}/${from + index}/0`)),
    count: taken.length,
    bytes: taken.reduce((sum, { record }) => sum + bytesOf(record), 0),
    nextCursor: String(to),
    caughtUp: to >= end,
    endOfShard: taken.length === 0 && isLast,
    lagMs: to >= end ? 0 : records.at(-1)!.receivedAt - (taken.at(-1)?.receivedAt ?? 0),
  };
}

/** How many of them fit, and one at the least. */
function fitting(records: Stored['records'], bytesMax = Number.POSITIVE_INFINITY): number {
  let bytes = 0;
  const tooMany = records.findIndex(({ record }) => {
    bytes += bytesOf(record);
    return bytes > bytesMax;
  });
  return tooMany < 0 ? records.length : Math.max(1, tooMany);
}

function positionOf(cursor: string): number {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : refuse('InvalidCursor', `${cursor} is no cursor`);
}

function refuse(code: string, message: string): never {
  throw new SourceError(message, { code, status: 404, retriable: false, outcome: 'refused' });
}
