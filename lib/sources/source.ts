/**
 * What Shardbeat asks of a log service. One driver per service in a folder beside this file, or anybody's own; every driver
 * passes the same conformance suite. A driver knows nothing of groups, owners or checkpoints.
 */

/** Where to start in a shard. `time` is the moment at which the service received the record. */
export type Position = { at: 'begin' } | { at: 'end' } | { at: 'time'; unixMs: number };

/** A shard as the service lists it. */
export interface SourceShard {
  id: string;
  /** `closed`: nothing will ever be appended (after a split or a merge). */
  state: 'open' | 'closed';
  /** Ids of the shards this one continues; only those that the service still lists. */
  parents: string[];
}

/** The shards of one of several streams, by its name; or what its list has failed with. */
export type StreamList = { stream: string; shards: SourceShard[] } | { stream: string; error: unknown };

/** A field as it was written: views into the batch's buffer. */
export type RawPair = readonly [key: Uint8Array, value: Uint8Array];

/** One record, until its batch is committed. Values stay bytes until asked for; nothing is decoded that nobody reads. */
export interface LogRecord {
  /**
   * `shard/position/index`: the position of the record's log group in its shard, and its place within. It is the same in whatever batch
   * the record comes, and however often. Undefined where the service filters, or else does not let its log groups be counted.
   */
  readonly id: string | undefined;
  /** The record's own time, milliseconds since 1970 (fraction = nanoseconds, where the service keeps them). */
  readonly timeMs: number;
  readonly topic: string;
  /** The host that sent it, as the service names it. */
  readonly source: string;
  /** The tags of the record's log group. */
  readonly tags: Readonly<Record<string, string>>;
  /** Value as UTF-8 text; `undefined` when the record has no such field. The first one, if repeated. */
  get(field: string): string | undefined;
  /** Value as the bytes that were written, a view into the batch's buffer. */
  bytes(field: string): Uint8Array | undefined;
  fields(): string[];
  /** All fields in the order in which they were written, repeated keys and what is no UTF-8 too. */
  pairs(): IterableIterator<RawPair>;
  toObject(): Record<string, string>;
}

/** What one pull asks for. */
export interface PullRequest {
  shard: string;
  /** What the shard is called in the ids of its records: of a source of several streams, by another id than its own source knows. */
  shardName?: string | undefined;
  /** Inclusive. */
  cursor: string;
  /** The shard was listed as closed before this pull: the driver may then report its end. */
  closed: boolean;
  /** Exclusive; nothing at or after it is wanted, and nothing more will come before it. Reaching it is the end. */
  endCursor?: string | undefined;
  /** Nothing that the service received at or after this moment is wanted. For services that can be told so; others ignore it. */
  endAtMs?: number | undefined;
  /** Most records wanted, as far as the service can count them (SLS counts log groups; CLS counts nothing, but bytes). */
  countMax: number;
  /**
   * Most bytes wanted, decompressed: there is room for no more. A service that can be told so is told; a driver that learns of a larger answer
   * before it has read it asks for fewer records, as long as there are several. Others ignore it.
   */
  bytesMax?: number | undefined;
  signal: AbortSignal;
}

/** What one pull has brought. */
export interface Pulled {
  /** Decoded while iterating; may be iterated more than once. */
  records: Iterable<LogRecord>;
  /**
   * Nobody will read the records any more: what they take in memory is given back at once, without waiting for V8. Reading one after that
   * throws. A driver need not have it.
   */
  release?: () => void;
  /** How many there are. */
  count: number;
  /** Size of the decompressed answer. */
  bytes: number;
  /** Cursor to read next; equals the request's cursor when nothing was there. */
  nextCursor: string;
  /** The service had nothing after this answer at the time. */
  caughtUp: boolean;
  /** The shard is closed, or has an end cursor, and this answer is its last: nothing will follow, ever. */
  endOfShard: boolean;
  /** How old the last record read is against what the service holds, if it tells; 0 when caught up. */
  lagMs: number | undefined;
  /** Of a source that lets the service filter, where it tells. */
  filtered?: {
    /** Size of what the service read to find the records; `bytes` is what it sent. */
    scannedBytes: number | undefined;
    /** Records for which the filter failed: they were there, and are not in `records`. */
    failed: number;
  };
}

/**
 * A stream, as a group reads it: its shards, positions in them, and their records. Every call ends with the signal's reason once that
 * aborts. What a driver must do is stated by `sourceCases` of `shardbeat/testing`.
 */
export interface Source {
  /** Short name of the service, such as `sls`. */
  readonly kind: string;
  /** Says which stream this is; handed to the user's function with every batch. */
  readonly tags: Readonly<Record<string, string>>;
  /** Of a source of several streams: which one a shard belongs to, in place of `tags`. */
  tagsOf?(shard: string): Readonly<Record<string, string>>;
  listShards(signal: AbortSignal): Promise<SourceShard[]>;
  /** Of a source of several streams: each one's list, or why there is none. A failing or hanging one holds up no other. */
  listStreams?(signal: AbortSignal): Promise<StreamList[]>;
  cursorAt(shard: string, position: Position, signal: AbortSignal): Promise<string>;
  /**
   * Throws SourceError; `code: 'CursorExpired'` when what stood at the cursor is past the retention.
   */
  pull(request: PullRequest): Promise<Pulled>;
  /** For how long the service keeps the shard's records, where it tells; undefined: for ever, or nobody knows. Asked about once an hour. */
  retentionMs?(shard: string, signal: AbortSignal): Promise<number | undefined>;
  /** How many positions lie between two cursors of a shard, where cursors tell (SLS: log groups; CLS: messages). */
  distance?(from: string, to: string): number | undefined;
  /** What `distance` counts, in the plural: `log groups`. */
  readonly positions?: string;
  /**
   * When the service received what stands at a cursor, at which there is something: milliseconds since 1970, or undefined where it
   * does not tell. For operators: a tick does not ask.
   */
  receivedAt?(shard: string, cursor: string, signal: AbortSignal): Promise<number | undefined>;
}

/** Names the stream that a shard is of, within the source: one and the same for all of its shards. */
export const streamOf = (source: Pick<Source, 'tags' | 'tagsOf'>, shard: string): string =>
  JSON.stringify(Object.values(source.tagsOf?.(shard) ?? source.tags));
