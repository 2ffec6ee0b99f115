import { type DataFormat, openDataDirectory } from './dataDirectory.ts';
import { createLogs, type Logs } from './logs.ts';
import type { SegmentFormat } from './segment.ts';
import { unusable } from './unusable.ts';

/** An opened directory, as a service makes its storage of it. */
export interface OpenLogs {
  /** Where everything is. */
  readonly root: string;
  readonly logs: Logs;
  close(): void;
}

/**
 * Opens a directory, made if there is none, and has `read` what it holds. Throws a SettingsError for `data` if another
 * process uses it, or if it holds something else or something damaged; it is closed again then.
 */
export function openLogs<T>(
  directory: string,
  data: DataFormat,
  segments: SegmentFormat,
  read: (opened: OpenLogs) => T,
): T {
  const { root, release } = openDataDirectory(directory, data);
  const logs = createLogs(segments);
  const close = (): void => {
    logs.close();
    release();
  };
  try {
    return read({ root, logs, close });
  } catch (error) {
    close();
    throw unusable(directory, error);
  }
}
