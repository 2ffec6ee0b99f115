import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { damaged } from './unusable.ts';

/**
 * Documents are files that are replaced as a whole by a rename. What a directory of its own holds is there if its
 * document is: that comes first when it is made, and goes first when it is deleted.
 */

/** At the end of the name of a file that was being replaced. */
const TEMPORARY = '.tmp';

/** Makes the directory if there is none. */
export function writeDocument(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}${TEMPORARY}`, text);
  renameSync(`${path}${TEMPORARY}`, path);
}

/** Writes the document of a directory. If it is the first one, nothing that is left of another is in the directory. */
export function writeMainDocument(path: string, text: string): void {
  if (!existsSync(path)) rmSync(dirname(path), { recursive: true, force: true });
  writeDocument(path, text);
}

/** Undefined if there is no such file. Throws a SettingsError for `data` if it cannot be understood. */
export function readDocument<T>(path: string, parse: (text: string) => T): T | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  try {
    return parse(text);
  } catch (error) {
    throw damaged(path, `it cannot be understood (${(error as Error).message})`);
  }
}

/** The document of a directory; without it the rest is what a deletion left, and is deleted. */
export function readMainDocument<T>(path: string, parse: (text: string) => T): T | undefined {
  const document = readDocument(path, parse);
  deleteDocument(`${path}${TEMPORARY}`);
  if (document === undefined) rmSync(dirname(path), { recursive: true });
  return document;
}

export function deleteDocument(path: string): void {
  rmSync(path, { force: true });
}

/** Deletes a directory with its document. */
export function deleteWithDocument(path: string): void {
  deleteDocument(path);
  rmSync(dirname(path), { recursive: true, force: true });
}

/** Documents by the beginning of their names, which `hashedName` made; deletes what is left of a replacement. */
export function readDocuments<T>(directory: string, prefix: string, parse: (text: string) => T): T[] {
  const found: T[] = [];
  for (const name of readdirSync(directory)) {
    if (name.endsWith(TEMPORARY)) rmSync(join(directory, name));
    else if (name.startsWith(`${prefix}-`) && name.endsWith('.json')) {
      const document = readDocument(join(directory, name), parse);
      if (document !== undefined) found.push(document);
    }
  }
  return found;
}

/** A file's name for what may be named anything. */
export function hashedName(prefix: string, name: string): string {
  return `${prefix}-${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`;
}

export function directoriesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}
