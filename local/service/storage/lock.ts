import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SettingsError } from '../../../lib/errors.ts';

/**
 * One process at a time on a directory.
 *
 * The lock is one that the operating system keeps on the file `lock`, an empty SQLite database: two cannot have it,
 * whatever they do at once, and it ends with its process, however that ends. The file itself means nothing and stays.
 */
export interface DirectoryLock {
  /** Also if it was given back before. */
  release(): void;
}

const LOCK_FILE = 'lock';
/** Who took it last: for people only. */
const HOLDER_FILE = 'lock.holder';
const SQLITE_BUSY = 5;

/** Throws a SettingsError for `data` while somebody has it, this process included. */
export function lockDirectory(directory: string): DirectoryLock {
  const database = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
  try {
    // Nothing is ever written to it, so that it needs no journal beside it.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    writeFileSync(join(directory, HOLDER_FILE), `${process.pid}\n`);
  } catch (error) {
    database.close();
    throw (error as { errcode?: number }).errcode === SQLITE_BUSY ? held(directory) : error;
  }
  return {
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}

function held(directory: string): SettingsError {
  const remedy = `${holderOf(directory)} uses it. Stop that one, or choose another directory`;
  return new SettingsError('data', directory, remedy);
}

function holderOf(directory: string): string {
  try {
    const pid = /^\d{1,10}(?=\n$)/.exec(readFileSync(join(directory, HOLDER_FILE), 'latin1'))?.[0];
    return pid === undefined ? 'another process' : `process ${pid}`;
  } catch {
    return 'another process';
  }
}
