import type { ItemWrite } from '../group/itemWrite.ts';
import type { AnyLogger } from '../observe/anyLogger.ts';
import type { Logger } from '../observe/logger.ts';
import type { OpenTelemetry } from '../observe/openTelemetry.ts';
import type { LogRecord } from '../sources/source.ts';
import type { GroupEvent } from './groupEvent.ts';

/** What `eachBatch` is given: one shard's next records, in order. They are all records of a range, from one cursor to another, or a part. */
export interface Batch {
  /**
   * `group/shard/from-to`; of a part `group/shard/from-to/first-last`, places in the range, `last` exclusive. The same id always means the
   * same records, in the same order, unless a filter was changed. The same records may come again under another id: as a part, when they
   * have failed or ran out of time; and after a crash with another `to`, unless `SHARDBEAT_BATCH_IDENTITY` is `durable`. A record has an id
   * of its own, which never changes.
   */
  readonly id: string;
  readonly group: string;
  readonly shard: string;
  /** Cursor where the range begins: the checkpoint as it stands. */
  readonly from: string;
  /** Cursor where the range ends: the checkpoint that is written when all of it is done. */
  readonly to: string;
  /** Place of its first record in the range; 0 unless it is a part. */
  readonly first: number;
  /** Decoded while iterating; may be iterated more than once. */
  readonly records: Iterable<LogRecord>;
  /** Size of the batch before decoding; of a part, about. */
  readonly bytes: number;
  /** Which stream it came from, such as `{ source: 'sls', project, logstore }`. */
  readonly tags: Readonly<Record<string, string>>;
  /** It is a dead letter that is given once more, alone; absent otherwise. */
  readonly redriven?: true;
  /** It is of a replay: read again from the past, beside the group, in whose place `group` names the replay. Absent otherwise. */
  readonly replayed?: true;
}

/** What comes with a batch. */
export interface BatchContext {
  /** Aborted when the time for work is over: pass it on to whatever you await. */
  readonly signal: AbortSignal;
  /** Time left for work, milliseconds. */
  remainingMs(): number;
  /** Writes one JSON object a line, with `group`, `slot`, `shard` and `batch` in it. */
  readonly logger: Logger;
}

/** What comes with a record: the same, and of which batch it is. */
export interface RecordContext extends BatchContext {
  readonly batch: Omit<Batch, 'records'>;
}

/** What `eachBatch` returns where some records failed. None in the list: none failed. */
export interface FailedRecords {
  /** Records as they were iterated, or their places in `batch.records`, from 0. The first one of the batch counts; all of several name none. */
  readonly failed: readonly (LogRecord | number)[];
  /** Why: logged, and noted with the failure. May be anything that can be thrown. */
  readonly error?: unknown;
}

/**
 * What `eachBatch` returns to have it written into DynamoDB together with the checkpoint, all of it or nothing: as `TransactWriteItems` takes
 * it. If that is more than 99, nothing is done, and the function is called again with fewer records.
 */
export interface BatchWrites {
  readonly writes: readonly ItemWrite[];
}

/** What `eachBatch` may return, now or as a promise. */
export type BatchOutcome =
  | FailedRecords
  | BatchWrites
  | void
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns what it has awaited of another one has this type.
  | Promise<FailedRecords | BatchWrites | void>;

/**
 * The user's function, for a batch at a time. Return nothing: the batch is done. Return `{ failed: [record or index, …] }`: so are the
 * records before the first one of them; that one comes again, alone, and then the rest. Throw: none is done, and the batch comes again,
 * as it was, then in halves. Not done when the time is over: half of it comes again. Return `{ writes: […] }`: they are written if and
 * only if the batch is done.
 */
export type EachBatch = (batch: Batch, context: BatchContext) => BatchOutcome;

/**
 * The user's function, for a record at a time: one after another, in order. Throw: that record has failed, and comes again in a later
 * tick. Those before it are done; those behind it that were done already, of several in work at a time, come again with it.
 */
export type EachRecord = (record: LogRecord, context: RecordContext) => Promise<void> | void;

/**
 * Beside `eachRecord`, which is then called for several records at a time: those of one key one after another, in order, those of
 * different keys together.
 */
export type RecordKey = (record: LogRecord) => string;

/**
 * Why a sandbox is done with a shard. `lost`: another slot or another sandbox reads on, or may do so. `drained`: its slot hands
 * off all of its shards. `done`: the shard has ended, and was read up.
 */
export type StopReason = 'lost' | 'drained' | 'done';

/** Called before the first batch of a shard that this sandbox has gained. What it throws is logged, and holds nothing up. */
export type StartShard = (shard: string, context: BatchContext) => Promise<void> | void;

/**
 * Called when this sandbox has a shard no longer and can still say so: never after a crash, nor for a sandbox that is thrown away.
 * What it throws is logged, and holds nothing up.
 */
export type StopShard = (shard: string, why: StopReason, context: BatchContext) => Promise<void> | void;

/** What a module may export besides. */
export interface ShardFunctions {
  readonly start?: StartShard;
  readonly stop?: StopShard;
}

/**
 * The user's function for events: called at the end of the tick in which it happened, one after another. Each comes once at most: one of a
 * run that dies is not told. What it throws is logged, and holds nothing up.
 */
export type OnEvent = (event: GroupEvent, context: BatchContext) => Promise<void> | void;

/** What may stand beside the user's function. */
export interface ModuleExtras extends ShardFunctions {
  /** Takes the events, in place of one JSON object a line on stdout. */
  readonly logger?: AnyLogger;
  readonly onEvent?: OnEvent;
  /** What `import * as openTelemetry from '@opentelemetry/api'` has: spans and metrics go there, too. */
  readonly openTelemetry?: OpenTelemetry;
}

/** The user's function under its name, and what may stand beside it. */
export type UserFunction = ModuleExtras &
  ({ readonly eachBatch: EachBatch } | { readonly eachRecord: EachRecord; readonly key?: RecordKey });

/**
 * A module with the user's function: by its name, or as the default export, where a function is taken for `eachBatch`.
 * `import * as module from './orders.ts'` is one, also where that is a CommonJS module.
 */
export type UserModule = UserFunction | (ModuleExtras & { readonly default: EachBatch | UserFunction });
