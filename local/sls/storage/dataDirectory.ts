import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SettingsError } from '../../../lib/errors.ts';
import { lockDirectory } from './lock.ts';

const FORMAT = { format: 'shardbeat-local-sls', version: 1 } as const;
const FORMAT_FILE = 'format.json';
/** What a first start that was interrupted may leave behind. */
const BEGINNINGS = /^(lock[.-].*|format\.json(\.tmp)?|projects)$/;

/**
 * Makes sure that a directory is ours: made if there is none, of this format, and locked. Throws a SettingsError for
 * `data` if it is in use, is something else, or cannot be read and written.
 */
export function openDataDirectory(directory: string): { projectsDirectory: string; release(): void } {
  const projectsDirectory = join(directory, 'projects');
  try {
    if (!existsSync(directory)) mkdirSync(directory);
    checkFormat(directory);
    const lock = lockDirectory(directory);
    try {
      writeFileSync(join(directory, FORMAT_FILE), `${JSON.stringify(FORMAT)}\n`);
      mkdirSync(projectsDirectory, { recursive: true });
    } catch (error) {
      lock.release();
      throw error;
    }
    return { projectsDirectory, release: lock.release };
  } catch (error) {
    throw unusable(directory, error);
  }
}

/** Never writes into a directory that holds something else, nor into one of another version. */
function checkFormat(directory: string): void {
  const path = join(directory, FORMAT_FILE);
  if (!existsSync(path)) {
    const foreign = readdirSync(directory).find((name) => !BEGINNINGS.test(name));
    if (foreign === undefined) return;
    const remedy = `it holds something else (${foreign}); choose one that is empty, or not there yet`;
    throw new SettingsError('data', directory, remedy);
  }
  const text = readFileSync(path, 'utf8');
  const found = text.trim() === '' ? FORMAT : formatOf(text);
  if (found?.format !== FORMAT.format) {
    throw new SettingsError('data', directory, `${FORMAT_FILE} in it is not that of a local SLS service`);
  }
  if (found.version !== FORMAT.version) {
    const remedy = `it is of format ${found.version}, this is ${FORMAT.version}; choose another directory`;
    throw new SettingsError('data', directory, remedy);
  }
}

function formatOf(text: string): { format?: unknown; version?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

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
