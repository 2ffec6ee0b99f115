import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ZipOptions, zipSync } from 'fflate';

/** The same files make the same archive, so that what has not changed is not deployed again. */
const WRITTEN_AT = new Date(1980, 0, 1);
const UNIX = 3;
const EXECUTABLE = 0o111;

/** Packs files of a directory. Lambda runs as another user, which must be able to read them. */
export async function writeArchive(
  archive: string,
  directory: string,
  files: readonly string[],
): Promise<void> {
  const entries: Record<string, [Uint8Array, ZipOptions]> = {};
  for (const file of files) {
    const path = join(directory, file);
    const mode = (await stat(path)).mode & EXECUTABLE ? 0o100755 : 0o100644;
    entries[file] = [await readFile(path), { mtime: WRITTEN_AT, os: UNIX, attrs: mode * 2 ** 16 }];
  }
  await mkdir(dirname(archive), { recursive: true });
  await writeFile(archive, zipSync(entries, { level: 9 }));
}
