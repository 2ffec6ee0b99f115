import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Makes of a folder the package `shardbeat` with its sources in place of what is built of them: what is tested is never an old build.
 * It holds what is published, but not what is around that: the Framework looks at every file below a service.
 */
export async function makeSourcePackage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const manifest = readFileSync(join(ROOT, 'package.json'), 'utf8');
  await writeFile(join(folder, 'package.json'), manifest.replaceAll(/"\.\/dist\/([^"]+)\.js"/g, '"./$1.ts"'));
  for (const part of ['lib', 'infra']) await symlink(join(ROOT, part), join(folder, part));
}
