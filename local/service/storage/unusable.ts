import { SettingsError } from '../../../lib/errors.ts';

/** Primary result codes of SQLite: sqlite.org/rescode.html. */
const SQLITE = { PERM: 3, BUSY: 5, READONLY: 8, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 };

const NOT_ALLOWED = 'this user may not read and write it';
const FULL = 'its disk is full';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EROFS: 'it cannot be written to',
  ENOENT: 'the directory that it would be in is not there',
  ENOTDIR: 'it is not a directory',
  EEXIST: 'it is not a directory',
  ENOSPC: FULL,
  [SQLITE.PERM]: NOT_ALLOWED,
  [SQLITE.READONLY]: NOT_ALLOWED,
  [SQLITE.CANTOPEN]: NOT_ALLOWED,
  [SQLITE.FULL]: FULL,
};

/** What went wrong, as a person can put it right: one who chose the directory knows nothing of system calls. */
export function unusable(path: string, error: unknown): SettingsError {
  if (error instanceof SettingsError) return error;
  if (isDamage(error)) return damaged(path, `it is damaged (${messageOf(error)})`);
  const reason =
    REASONS[resultCodeOf(error) ?? (error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
  return new SettingsError('data', path, `${reason}; choose another directory`);
}

export function damaged(path: string, what: string): SettingsError {
  return new SettingsError('data', path, `${what}. Restore it, or start with another directory`);
}

/** Another connection has the database. */
export function isBusy(error: unknown): boolean {
  return resultCodeOf(error) === SQLITE.BUSY;
}

/** A write that failed, as whoever sent the request is told. */
export function writeFailure(path: string, error: unknown): Error {
  const reason = resultCodeOf(error) === SQLITE.FULL ? 'the disk is full' : messageOf(error);
  return new Error(`${path} cannot be written: ${reason}`, { cause: error });
}

function isDamage(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === SQLITE.CORRUPT || code === SQLITE.NOTADB;
}

/** Of SQLite the plain text for its code: its own message may quote what is in a damaged database. */
function messageOf(error: unknown): string {
  const { errstr, message } = error as Error & { errstr?: string };
  return errstr ?? message;
}

/** Without what extended codes add. */
function resultCodeOf(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}
