import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SettingsError } from '../../../lib/errors.ts';
import { lockDirectory } from './lock.ts';
import { unusable } from './unusable.ts';

/** What a directory holds. */
export interface DataFormat {
  /** Goes into `format.json`. */
  readonly format: string;
  readonly version: number;
  /** As in `a local SLS service`. */
  readonly service: string;
  /** Name of the directory in it that holds everything else. */
  readonly root: string;
}

const FORMAT_FILE = 'format.json';
/** What a first start that was interrupted may leave behind, besides the root. */
const BEGINNINGS = /^(lock[.-].*|format\.json(\.tmp)?)$/;

/**
 * Makes sure that a directory is ours: made if there is none, of this format, and locked. Throws a SettingsError for
 * `data` if it is in use, is something else, or cannot be read and written.
 */
export function openDataDirectory(directory: string, format: DataFormat): { root: string; release(): void } {
  const root = join(directory, format.root);
  try {
    if (!existsSync(directory)) mkdirSync(directory);
    checkFormat(directory, format);
    const lock = lockDirectory(directory);
    try {
      const { format: name, version } = format;
      writeFileSync(join(directory, FORMAT_FILE), `${JSON.stringify({ format: name, version })}\n`);
      mkdirSync(root, { recursive: true });
    } catch (error) {
      lock.release();
      throw error;
    }
    return { root, release: lock.release };
  } catch (error) {
    throw unusable(directory, error);
  }
}

/** Never writes into a directory that holds something else, nor into one of another version. */
function checkFormat(directory: string, format: DataFormat): void {
  const path = join(directory, FORMAT_FILE);
  if (!existsSync(path)) {
    const foreign = readdirSync(directory).find((name) => name !== format.root && !BEGINNINGS.test(name));
    if (foreign === undefined) return;
    const remedy = `it holds something else (${foreign}); choose one that is empty, or not there yet`;
    throw new SettingsError('data', directory, remedy);
  }
  const text = readFileSync(path, 'utf8');
  const found = text.trim() === '' ? format : formatOf(text);
  if (found?.format !== format.format) {
    throw new SettingsError('data', directory, `${FORMAT_FILE} in it is not that of ${format.service}`);
  }
  if (found.version !== format.version) {
    const remedy = `it is of format ${found.version}, this is ${format.version}; choose another directory`;
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
