import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { damaged } from './unusable.ts';

/**
 * Deletions. A directory that is to be deleted gets another name first, so that what an interruption leaves of it is
 * known for what it is; then what we write goes, by its names, and nothing else does.
 */
const DELETED = /^[A-Za-z0-9_-]+\.deleted-\d{1,4}$/;
const NAMES_MAX = 10_000;
/** All files that are ever written into such directories. */
const OURS = /^(?:(?:project|logstore|logset|topic|group-[0-9a-f]{32})\.json(?:\.tmp)?|\d{1,19}\.log)$/;

/** Deletes a directory with all in it that is ours. What somebody else put there stays, in `<name>.deleted-<n>`. */
export function deleteDirectory(path: string): void {
  if (!existsSync(path)) return;
  for (let number = 0; number < NAMES_MAX; number += 1) {
    const away = `${path}.deleted-${number}`;
    if (existsSync(away)) continue;
    renameSync(path, away);
    sweep(away);
    return;
  }
  throw damaged(path, 'too many directories beside it were deleted and are not empty');
}

/** Names of the directories in a directory. Deletions that were interrupted are finished. */
export function directoriesIn(directory: string): string[] {
  const names: string[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    if (DELETED.test(entry.name)) sweep(join(directory, entry.name));
    else names.push(entry.name);
  }
  return names;
}

/**
 * Deletes directories `<prefix>-<id>` of what was taken out of a document before they could be deleted. Throws a
 * SettingsError for `data` if one is newer than all that the document knows: then that is an old one.
 */
export function deleteOrphans(
  directory: string,
  prefix: string,
  known: readonly { readonly id: number }[],
): void {
  const ids = new Set(known.map(({ id }) => id));
  const last = Math.max(-1, ...ids);
  for (const name of directoriesIn(directory)) {
    const id = Number(name.slice(prefix.length + 1));
    if (name !== `${prefix}-${id}` || !Number.isSafeInteger(id) || ids.has(id)) continue;
    const path = join(directory, name);
    if (id > last) throw damaged(path, 'no document knows of it');
    deleteDirectory(path);
  }
}

function sweep(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) sweep(path);
    else if (OURS.test(entry.name)) rmSync(path);
  }
  if (readdirSync(directory).length === 0) rmdirSync(directory);
}
