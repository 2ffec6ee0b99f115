import type { Logger } from '../observe/logger.ts';
import type { LogRecord } from '../sources/source.ts';

/** What `eachBatch` is given: one shard's next records, in order. */
export interface Batch {
  /** `group/shard/from-to`: the same records always come under the same id, so a sink can drop a repeat. */
  readonly id: string;
  readonly group: string;
  readonly shard: string;
  /** Cursor of the first record. */
  readonly from: string;
  /** Cursor after the last record: the checkpoint that is written when the user's function succeeds. */
  readonly to: string;
  /** Decoded while iterating; may be iterated more than once. */
  readonly records: Iterable<LogRecord>;
  /** Size of the batch before decoding. */
  readonly bytes: number;
  /** Which stream it came from, such as `{ source: 'sls', project, logstore }`. */
  readonly tags: Readonly<Record<string, string>>;
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

/**
 * The user's function, for a batch at a time. Return: the batch is done and its checkpoint is written. Throw: nothing is
 * written, and the same batch comes again in a later tick.
 */
export type EachBatch = (batch: Batch, context: BatchContext) => Promise<void> | void;

/**
 * The user's function, for a record at a time: one after another, in order. Throw: the batch has failed, and its records come
 * again in a later tick, those too for which the function had succeeded.
 */
export type EachRecord = (record: LogRecord, context: RecordContext) => Promise<void> | void;

/** The user's function under its name. */
export type UserFunction = { readonly eachBatch: EachBatch } | { readonly eachRecord: EachRecord };

/**
 * A module with the user's function: by its name, or as the default export, where a function is taken for `eachBatch`.
 * `import * as module from './orders.ts'` is one, also where that is a CommonJS module.
 */
export type UserModule = UserFunction | { readonly default: EachBatch | UserFunction };
