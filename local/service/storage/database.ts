import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SettingsError } from '../../../lib/errors.ts';
import { damaged, isBusy, unusable, writeFailure } from './unusable.ts';

/** The SQLite database of a data directory, which this process has to itself until it closes it, or ends. */
export interface Database {
  readonly path: string;
  readonly prepare: DatabaseSync['prepare'];
  /** Does all of it, or none. What it throws is what `work` threw, or says that the file cannot be written, and why. */
  together<T>(work: () => T): T;
  /** Also if it was closed before. */
  close(): void;
}

/**
 * Documents are JSON of what is in others: `parent` says of what. Records are log groups as they were put, in the order of
 * their positions in a shard of a stream. Each row has a checksum over all that is in it.
 */
const SCHEMA = [
  `CREATE TABLE document (
    kind TEXT NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, crc32 INTEGER NOT NULL,
    PRIMARY KEY (kind, parent, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE record (
    id INTEGER PRIMARY KEY, stream TEXT NOT NULL, shard INTEGER NOT NULL, position INTEGER NOT NULL,
    receivedAtSec INTEGER NOT NULL, bytes BLOB NOT NULL, crc32 INTEGER NOT NULL,
    UNIQUE (stream, shard, position)
  ) STRICT`,
];

/**
 * A rollback journal, not a write-ahead log: what is committed stands in the database, where every page of it is checked when it
 * is opened; of a log that a kill left behind, SQLite drops what follows a damaged byte, and says nothing. What is committed is
 * handed to the operating system, so that it survives the end of this process, and is not forced to the disk.
 */
const HOW_TO_WRITE = 'PRAGMA page_size = 16384; PRAGMA journal_mode = PERSIST; PRAGMA synchronous = OFF';
/** Of a database at least. */
const HEADER_BYTES = 512;
const JOURNAL_BYTES_MAX = 64 * 1024 * 1024;
/** Of several that want it at the same moment, one gets it, and the others must have let go for that. */
const BUSY_TIMEOUT_MS = 250;
/** Who took it last: for people only. */
const HOLDER_FILE = 'lock.holder';

/** Opens a database, made if there is none. Throws a SettingsError for `data` if it is in use, damaged, or something else. */
export function openDatabase(path: string): Database {
  const database = openConnection(path);
  try {
    database.exec(HOW_TO_WRITE);
    database.exec(`PRAGMA journal_size_limit = ${JOURNAL_BYTES_MAX}`);
    // The lock of this transaction stays when it ends, and goes with the process, however that ends.
    database.exec('BEGIN EXCLUSIVE; PRAGMA locking_mode = EXCLUSIVE');
    writeFileSync(holderFileOf(path), `${process.pid}\n`);
    checkPages(database, path);
    ensureSchema(database, path);
    database.exec('COMMIT');
  } catch (error) {
    database.close();
    throw isBusy(error) ? held(path) : unusable(path, error);
  }
  return {
    path,
    prepare: (sql) => database.prepare(sql),
    together: (work) => together(database, path, work),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

function openConnection(path: string): DatabaseSync {
  try {
    const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 };
    // SQLite takes so little for nothing, and would begin anew.
    if (size > 0 && size < HEADER_BYTES) throw damaged(path, `it has ${size} bytes`);
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Before anything is believed: of damaged pages tables may look empty. */
function checkPages(database: DatabaseSync, path: string): void {
  const [found] = database.prepare('PRAGMA integrity_check(1)').all();
  const said = String(found?.integrity_check);
  if (said !== 'ok') throw damaged(path, `it is damaged (${said.replace(/\s+/g, ' ')})`);
}

function ensureSchema(database: DatabaseSync, path: string): void {
  const found = database.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid').all();
  if (found.length === 0) database.exec(SCHEMA.join(';'));
  else if (found.map(({ sql }) => sql).join(';') !== SCHEMA.join(';')) {
    throw damaged(path, 'its tables are not those of this version');
  }
}

function together<T>(database: DatabaseSync, path: string, work: () => T): T {
  try {
    database.exec('BEGIN');
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw (error as { errcode?: number }).errcode === undefined ? error : writeFailure(path, error);
  }
}

function held(path: string): SettingsError {
  const remedy = `${holderOf(path)} uses it. Stop that one, or choose another directory`;
  return new SettingsError('data', dirname(path), remedy);
}

function holderOf(path: string): string {
  try {
    const pid = /^\d{1,10}(?=\n$)/.exec(readFileSync(holderFileOf(path), 'latin1'))?.[0];
    return pid === undefined ? 'another process' : `process ${pid}`;
  } catch {
    return 'another process';
  }
}

function holderFileOf(path: string): string {
  return join(dirname(path), HOLDER_FILE);
}
