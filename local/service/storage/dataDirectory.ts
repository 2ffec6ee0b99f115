import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SettingsError } from '../../../lib/errors.ts';
import { unusable } from './unusable.ts';

/** What a directory holds. */
export interface DataFormat {
  /** Goes into `format.json`, the mark that makes a directory ours. */
  readonly format: string;
  readonly version: number;
  /** As in `a local SLS service`. */
  readonly service: string;
}

const FORMAT_FILE = 'format.json';
/** Holds everything else. */
const DATABASE_FILE = 'data.sqlite';
/** A mark that an interrupted first start was writing. It is left where it is. */
const DRAFT = /^format\.json\.\d+\.tmp$/;

/**
 * Makes sure that a directory is ours: marked as of this format, or empty and marked now. Answers the path of its database.
 * Throws a SettingsError for `data` if it is something else, or cannot be read and written.
 */
export function openDataDirectory(directory: string, format: DataFormat): string {
  try {
    if (!existsSync(directory)) makeDirectory(directory);
    if (!existsSync(join(directory, FORMAT_FILE))) mark(directory, format);
    checkMark(directory, format);
    return join(directory, DATABASE_FILE);
  } catch (error) {
    throw unusable(directory, error);
  }
}

/** Another process may make it at the same moment. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Marks an empty directory. The mark is a link to a whole file, so that nobody ever reads half of it, and of several who
 * want the directory at once one makes it.
 */
function mark(directory: string, format: DataFormat): void {
  const foreign = readdirSync(directory).find((name) => name !== FORMAT_FILE && !DRAFT.test(name));
  // Whoever marked it meanwhile may have put something in already.
  if (existsSync(join(directory, FORMAT_FILE))) return;
  if (foreign !== undefined) {
    const remedy = `it holds something else (${foreign}) and no ${FORMAT_FILE}; choose one that is empty, or not there yet`;
    throw new SettingsError('data', directory, remedy);
  }
  const draft = join(directory, `${FORMAT_FILE}.${process.pid}.tmp`);
  writeFileSync(draft, `${JSON.stringify({ format: format.format, version: format.version })}\n`);
  try {
    linkSync(draft, join(directory, FORMAT_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}

/** Nothing is written into the directory of another service, nor into one of another version. */
function checkMark(directory: string, { format, version, service }: DataFormat): void {
  const found = markOf(readFileSync(join(directory, FORMAT_FILE), 'utf8'));
  if (found?.format !== format) {
    const remedy = `${FORMAT_FILE} in it is not that of ${service}; choose another directory`;
    throw new SettingsError('data', directory, remedy);
  }
  if (found.version !== version) {
    const remedy = `it is of format ${found.version}, of another version of this program, which keeps format ${version}; choose another directory`;
    throw new SettingsError('data', directory, remedy);
  }
}

function markOf(text: string): { format?: unknown; version?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
