import type { StoredGroup } from '../log.ts';
import { deleteDirectory } from './directories.ts';
import { type LogFiles, openLogFiles } from './logFiles.ts';
import { createOpenFiles } from './openFiles.ts';
import type { SegmentFormat } from './segment.ts';

/** A shard or a partition: any object that stands for a log for as long as the directory is open. */
type LogKey = object;

/** The logs of a data directory, each in a directory of its own. */
export interface Logs {
  /**
   * What is there of a log, which is known to begin at a position, or later. Throws a SettingsError for `data` if
   * something is missing or damaged.
   */
  load(
    directory: string,
    log: LogKey,
    firstPosition: bigint,
  ): { groups: StoredGroup[]; firstPosition: bigint };
  /** Keeps one group behind those that are there. A log that is not known begins at `firstPosition`. */
  append(
    at: { directory: string; log: LogKey; firstPosition: bigint },
    bytes: Uint8Array,
    receivedAtSec: number,
  ): StoredGroup;
  /** Groups before a position are wanted no more. */
  dropBefore(log: LogKey, firstPosition: bigint): void;
  /** Closes the files of a log, as before they are deleted. */
  forget(log: LogKey): void;
  delete(directory: string, log: LogKey): void;
  close(): void;
}

export function createLogs(format: SegmentFormat): Logs {
  const files = createOpenFiles();
  const known = new WeakMap<LogKey, LogFiles>();
  const open = (directory: string, log: LogKey, firstPosition: bigint) => {
    const opened = openLogFiles(directory, firstPosition, { files, format });
    known.set(log, opened.logFiles);
    return opened;
  };
  return {
    load: (directory, log, firstPosition) => {
      const { groups, firstPosition: found } = open(directory, log, firstPosition);
      return { groups, firstPosition: found };
    },
    append: ({ directory, log, firstPosition }, bytes, receivedAtSec) => {
      const logFiles = known.get(log) ?? open(directory, log, firstPosition).logFiles;
      return logFiles.append(bytes, receivedAtSec);
    },
    dropBefore: (log, firstPosition) => known.get(log)?.dropBefore(firstPosition),
    forget: (log) => known.get(log)?.forget(),
    delete: (directory, log) => {
      known.get(log)?.forget();
      deleteDirectory(directory);
    },
    close: files.close,
  };
}
