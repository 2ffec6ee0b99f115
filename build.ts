import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build as esbuild } from 'esbuild';

const ROOT = import.meta.dirname;
/** What a function folder may hold: the entry that Lambda calls, and the user's `process`, loaded by it at run time. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  consume: ['handler', 'process'],
};
/** CommonJS packages of the user's ask for `require`, which an ES module has not. */
export const REQUIRE_BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";
/** Only of what we bundle: a user's module may be run anywhere. */
const LAMBDA_ALIAS = {
  '@aws-sdk/credential-provider-node': join(ROOT, 'lib/credentials/lambdaCredentials.ts'),
};
const ENTRIES_DEFAULT: readonly string[] = ['handler'];

export interface BuiltFile {
  /** Path from the repository's root. */
  file: string;
  bytes: number;
  gzipBytes: number;
}

/**
 * Bundles every `functions/<name>/handler.ts` (and `functions/consume/process.ts`) to `<outputDirectory>/<name>/*.mjs`.
 * Each file appears whole or not at all, so a build never disturbs a run that is loading the bundle before.
 *
 * @returns what was written, in order of name
 * @throws esbuild's BuildFailure for code that does not bundle
 */
export async function buildFunctions(outputDirectory = join(ROOT, 'dist')): Promise<BuiltFile[]> {
  const built: BuiltFile[] = [];
  for (const [name, entry] of await findEntries()) {
    const source = join(ROOT, 'functions', name, `${entry}.ts`);
    built.push(await bundle(entry, source, join(outputDirectory, name, `${entry}.mjs`)));
  }
  return built;
}

async function findEntries(): Promise<[name: string, entry: string][]> {
  const found: [string, string][] = [];
  for (const name of (await readdir(join(ROOT, 'functions'))).sort()) {
    for (const entry of ENTRIES[name] ?? ENTRIES_DEFAULT) {
      const exists = await stat(join(ROOT, 'functions', name, `${entry}.ts`)).catch(() => undefined);
      if (exists?.isFile()) found.push([name, entry]);
    }
  }
  return found;
}

async function bundle(entry: string, source: string, output: string): Promise<BuiltFile> {
  const { outputFiles } = await esbuild({
    entryPoints: [source],
    outfile: output,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    // The AWS SDK's CommonJS build would need `require`, which an ES module has not.
    mainFields: ['module', 'main'],
    ...(entry === 'process' ? { banner: { js: REQUIRE_BANNER } } : { alias: LAMBDA_ALIAS }),
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'silent',
  });
  await mkdir(dirname(output), { recursive: true });
  // The map comes first: a bundle is never there without it.
  for (const { path, contents } of outputFiles.toSorted((a, b) => b.path.length - a.path.length)) {
    const temporary = `${path}.${process.pid}.tmp`;
    await writeFile(temporary, contents);
    await rename(temporary, path);
  }
  const code = outputFiles.find(({ path }) => path === output)!.contents;
  return { file: relative(ROOT, output), bytes: code.length, gzipBytes: gzipSync(code).length };
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

if (import.meta.main) {
  try {
    const built = await buildFunctions();
    if (!process.argv.includes('--quiet')) {
      for (const { file, bytes, gzipBytes } of built) {
        console.log(`${file}  ${kilobytes(bytes)}  (gzip ${kilobytes(gzipBytes)})`);
      }
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
