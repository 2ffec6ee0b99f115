import { SettingsError } from '../../../lib/errors.ts';
import type { Clock } from '../../../lib/runtime.ts';
import type { RunRecord } from '../record.ts';

/** The log services that a run can be on, as `--source` names them. */
export const SOURCES = ['sls', 'cls'] as const;
export type SourceName = (typeof SOURCES)[number];

/** A kind of log service: what is known of it before one is started. */
export interface LogServiceKind {
  /** As a person knows it. */
  name: string;
  /** The longest line that fits into one value of a record. */
  lineBytesMax: number;
  /** Starts one, with a stream that is empty. Throws a SettingsError for a port that is taken. */
  start(options: LogServiceOptions): Promise<LogService>;
}

export interface LogServiceOptions {
  shards: number;
  /** 0: any free one. */
  port: number;
  /** How much the service keeps in memory. */
  bytesMax: number;
  clock: Clock;
}

/** The log service of a run. */
export interface LogService {
  /** Where it is, and what a person has to know of its stream. */
  introduction: string;
  /** The variables of the deployed function that say where the stream is. */
  environment: Readonly<Record<string, string>>;
  /** Appends records to the shard with this index, as any client would: signed, over HTTP. */
  put(shardIndex: number, records: readonly RunRecord[], signal: AbortSignal): Promise<void>;
  /** By shard, the position after its last record. */
  endCursors(): Readonly<Record<string, string>>;
  /** A shard's id as a person reads it. */
  shardName(shard: string): string;
  close(): Promise<void>;
}

/** The service speaks of its own setting; a person knows the option. */
export function portTaken(option: string, port: number): SettingsError {
  const remedy =
    'it is taken, or not yours to take; choose another port, or leave the option out for any free one';
  return new SettingsError(option, port, remedy);
}
