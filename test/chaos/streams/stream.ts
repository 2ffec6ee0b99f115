import type { Clock } from '../../../lib/runtime.ts';
import type { RunRecord } from '../../../local/run/record.ts';

/** The stream of a chaos run, on whichever log service, as its operator sees it. */
export interface Stream {
  /** The variables of the deployed function that say where the stream is. */
  environment: Readonly<Record<string, string>>;
  /** Appends records to whichever shard holds the key (32 hex digits) at the moment; signed, over HTTP. */
  put(hashKey: string, records: readonly RunRecord[], signal: AbortSignal): Promise<void>;
  /** Those that take records, in order of their keys. */
  openShards(): string[];
  /** Of those, the ones with an open right neighbour. */
  mergeableShards(): string[];
  closedShards(): string[];
  split(shard: string): void;
  /** With the right neighbour. */
  merge(shard: string): void;
  /** By shard, the position after its last record. */
  endCursors(): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export type StartStream = (options: { shards: number; clock: Clock }) => Promise<Stream>;
