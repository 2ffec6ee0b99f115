import type { Logger } from '../observe/logger.ts';
import type { LogRecord } from '../sources/source.ts';

/** What `process` is given: one shard's next records, in order. */
export interface Batch {
  /** `group/shard/from-to`: the same records always come under the same id, so a sink can drop a repeat. */
  readonly id: string;
  readonly group: string;
  readonly shard: string;
  /** Cursor of the first record. */
  readonly from: string;
  /** Cursor after the last record: the checkpoint that is written when `process` succeeds. */
  readonly to: string;
  /** Decoded while iterating; may be iterated more than once. */
  readonly records: Iterable<LogRecord>;
  /** Size of the batch before decoding. */
  readonly bytes: number;
  /** Which stream it came from, such as `{ source: 'sls', project, logstore }`. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface ProcessContext {
  /** Aborted when the time for this batch is over: pass it on to whatever you await. */
  readonly signal: AbortSignal;
  /** Time left for this batch, milliseconds. */
  remainingMs(): number;
  readonly logger: Logger;
}

/**
 * The user's function. Return: the batch is done and its checkpoint is written. Throw: nothing is written, and the
 * same batch comes again in a later tick.
 */
export type Process = (batch: Batch, context: ProcessContext) => Promise<void> | void;
