import { openDatabase } from './database.ts';
import { type DataFormat, openDataDirectory } from './dataDirectory.ts';
import { type Documents, openDocuments } from './documents.ts';
import { createRecords, type Records } from './records.ts';
import { damaged, unusable } from './unusable.ts';

/** What a service keeps in a directory, and how it changes it. */
export interface Store {
  readonly documents: Documents;
  readonly records: Records;
  /** Makes changes together, after those that are owed; or throws, and has made none of them. */
  change<T>(work: () => T): T;
  /**
   * The same for what has happened already, in memory: what fails is owed, under this name, until a later change makes it. It
   * must come out as the memory is when it is made.
   */
  follow(name: string, work: () => void): void;
  /** What something that was read is in. Throws a SettingsError for `data` if that is not there. */
  known<T>(found: T | undefined, what: string): T;
  close(): void;
}

/**
 * Opens a directory, made if there is none, and has `read` what it holds. Throws a SettingsError for `data` if another
 * process uses it, or if it holds something else or something damaged; it is closed again then.
 */
export function openStore<T>(directory: string, format: DataFormat, read: (store: Store) => T): T {
  const database = openDatabase(openDataDirectory(directory, format));
  try {
    const owed = new Map<string, () => void>();
    const change = <R>(work: () => R): R => {
      const result = database.together(() => {
        for (const make of owed.values()) make();
        return work();
      });
      owed.clear();
      return result;
    };
    return read({
      documents: openDocuments(database),
      records: createRecords(database),
      change,
      follow: (name, work) => {
        // Last, also if it was owed before: what was owed meanwhile came first.
        owed.delete(name);
        owed.set(name, work);
        change(() => {});
      },
      known: (found, what) => {
        if (found === undefined)
          throw damaged(database.path, `${what} is missing, and something of it is there`);
        return found;
      },
      close: database.close,
    });
  } catch (error) {
    database.close();
    throw unusable(database.path, error);
  }
}
