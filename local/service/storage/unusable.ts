import { SettingsError } from '../../../lib/errors.ts';

/** What went wrong, as a person can put it right: one who chose the directory knows nothing of system calls. */
export function unusable(directory: string, error: unknown): SettingsError {
  if (error instanceof SettingsError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'this user may not read and write it',
    EPERM: 'this user may not read and write it',
    EROFS: 'it cannot be written to',
    ENOENT: 'the directory that it would be in is not there',
    ENOTDIR: 'it is not a directory',
    EEXIST: 'it is not a directory',
    ENOSPC: 'its disk is full',
  };
  return new SettingsError('data', directory, `${reasons[code ?? ''] ?? message}; choose another directory`);
}

export function damaged(path: string, what: string): SettingsError {
  return new SettingsError('data', path, `${what}. Restore it, or start with another directory`);
}
