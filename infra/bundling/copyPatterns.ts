import { cp, glob, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { SettingsError } from '../../lib/errors.ts';

/**
 * Copies the files that the patterns name, in order, each pattern adding files or, with `!` in front, taking some out. Returns
 * their paths from `root`, with slashes. Throws a SettingsError for a pattern that matches nothing, or leads out of `root`.
 */
export async function copyPatterns(
  patterns: readonly string[],
  root: string,
  directory: string,
  field: string,
): Promise<string[]> {
  const chosen = new Set<string>();
  for (const pattern of patterns) {
    const isTakenOut = pattern.startsWith('!');
    const files = await matching(isTakenOut ? pattern.slice(1) : pattern, root);
    if (files.length === 0 && !isTakenOut) {
      throw new SettingsError(field, pattern, `no file in ${root} is called so`);
    }
    for (const file of files) isTakenOut ? chosen.delete(file) : chosen.add(file);
  }
  for (const file of chosen) {
    if (!resolve(root, file).startsWith(root + sep)) {
      throw new SettingsError(field, file, 'an archive holds files of the service’s folder: move it there');
    }
    await cp(join(root, file), join(directory, file), { recursive: true, dereference: true });
  }
  return [...chosen].map((file) => file.split(sep).join('/'));
}

async function matching(pattern: string, root: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(pattern, { cwd: root })) {
    const found = await stat(join(root, file)).catch(() => undefined);
    if (found?.isFile()) files.push(file);
  }
  return files;
}
