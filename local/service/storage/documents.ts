import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { damaged } from './unusable.ts';

/**
 * Documents are files of JSON, each with a checksum over its value, that are replaced as a whole by a rename. What a
 * directory of its own holds is there if its document is: that comes first when it is made.
 */

/** At the end of the name of a file that was being replaced. The next replacement writes over it. */
const TEMPORARY = '.tmp';
const CHECKED = /^\{"crc32":"([0-9a-f]{8})","value":(.*)\}\n$/s;

/** Makes the directory if there is none. */
export function writeDocument(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}${TEMPORARY}`, `{"crc32":"${checksumOf(text)}","value":${text}}\n`);
  renameSync(`${path}${TEMPORARY}`, path);
}

/** Writes the document of a directory. Throws if it would be the first one in a directory that holds something. */
export function writeMainDocument(path: string, text: string): void {
  if (!existsSync(path)) expectUnused(path);
  writeDocument(path, text);
}

/** Writes the document of a new directory. Throws if there is one that holds something. */
export function writeFirstDocument(path: string, text: string): void {
  expectUnused(path);
  writeDocument(path, text);
}

function readDocument<T>(path: string, parse: (text: string) => T): T {
  const [, checksum, text] = CHECKED.exec(readFileSync(path, 'utf8')) ?? [];
  if (text === undefined || checksum !== checksumOf(text)) {
    throw damaged(path, 'its checksum is not that of what is in it');
  }
  try {
    return parse(text);
  } catch (error) {
    throw damaged(path, `it cannot be understood (${(error as Error).message})`);
  }
}

/**
 * The document of a directory, in which that is called `nameOf`; undefined if the directory is empty, as when making it
 * was interrupted. Throws a SettingsError for `data` if it cannot be understood, is that of another directory, or is
 * missing beside something else: whatever that is, it is not ours to delete.
 */
export function readMainDocument<T>(
  path: string,
  parse: (text: string) => T,
  nameOf: (document: T) => string,
): T | undefined {
  if (!existsSync(path)) {
    expectUnused(path);
    return undefined;
  }
  const document = readDocument(path, parse);
  const directory = basename(dirname(path));
  if (nameOf(document) !== directory) throw damaged(path, `it is not that of ${directory}`);
  return document;
}

export function deleteDocument(path: string): void {
  rmSync(path, { force: true });
}

/** Documents by the beginning of their names, which `hashedName` made. */
export function readDocuments<T extends { readonly name: string }>(
  directory: string,
  prefix: string,
  parse: (text: string) => T,
): T[] {
  const found: T[] = [];
  for (const file of readdirSync(directory)) {
    if (!file.startsWith(`${prefix}-`) || !file.endsWith('.json')) continue;
    const path = join(directory, file);
    const document = readDocument(path, parse);
    if (hashedName(prefix, document.name) !== file) throw damaged(path, 'the name in it is another one');
    found.push(document);
  }
  return found;
}

/** A file's name for what may be named anything. */
export function hashedName(prefix: string, name: string): string {
  return `${prefix}-${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`;
}

/** The place of something in a directory. Names were checked where they came in: this is where a wrong one does harm. */
export function placeOf(directory: string, name: string): string {
  assert(/^[A-Za-z0-9_-]+$/.test(name), 'a name leads nowhere else');
  return join(directory, name);
}

/** A directory without its document holds nothing, but for the document that was being written. */
function expectUnused(path: string): void {
  const directory = dirname(path);
  const found = existsSync(directory) ? readdirSync(directory) : [];
  const foreign = found.find((name) => name !== `${basename(path)}${TEMPORARY}`);
  if (foreign === undefined) return;
  const names = `${foreign}, and no ${basename(path)}`;
  throw damaged(directory, `it holds ${names}, so it is not from here, or not whole. Move it away`);
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
