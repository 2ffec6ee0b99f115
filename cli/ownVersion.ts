import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Of the package that this is part of. */
export async function ownVersion(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('shardbeat/package.json');
  return JSON.parse(await readFile(manifest, 'utf8')).version;
}
