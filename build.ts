import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleModule } from './infra/bundle.ts';

const ROOT = import.meta.dirname;
const MODULE = join(ROOT, 'functions/consume/accessLog.ts');

export interface BuiltFile {
  /** Path from the repository's root. */
  file: string;
  bytes: number;
  gzipBytes: number;
}

/** Bundles the example to `dist/consume`. Throws a SettingsError if it cannot be bundled. */
export async function buildExample(): Promise<BuiltFile> {
  const directory = join(ROOT, 'dist/consume');
  const { handler } = await bundleModule({ module: MODULE, directory });
  const code = await readFile(join(directory, handler));
  const file = relative(ROOT, join(directory, handler));
  return { file, bytes: code.length, gzipBytes: gzipSync(code).length };
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

if (import.meta.main) {
  try {
    const { file, bytes, gzipBytes } = await buildExample();
    console.log(`${file}  ${kilobytes(bytes)}  (gzip ${kilobytes(gzipBytes)})`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
