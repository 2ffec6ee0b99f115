import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build as esbuild } from 'esbuild';

const ROOT = import.meta.dirname;

/** How a function is bundled, on this machine as for Lambda: into one ES module, with the user's module and all that it imports. */
export const BUNDLED = {
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: true,
  // The AWS SDK's CommonJS build is larger.
  mainFields: ['module', 'main'],
  // CommonJS packages of the user's ask for `require`, which an ES module has not.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  alias: {
    '@aws-sdk/credential-provider-node': join(ROOT, 'lib/credentials/lambdaCredentials.ts'),
  },
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'silent',
} as const satisfies BuildOptions;

export interface BuiltFile {
  /** Path from the repository's root. */
  file: string;
  bytes: number;
  gzipBytes: number;
}

/**
 * Bundles every `functions/<name>/handler.ts` to `<outputDirectory>/<name>/handler.mjs`. Each file appears whole or not at all, so
 * a build never disturbs a run that is loading the bundle before.
 *
 * @returns what was written, in order of name
 * @throws esbuild's BuildFailure for code that does not bundle
 */
export async function buildFunctions(outputDirectory = join(ROOT, 'dist')): Promise<BuiltFile[]> {
  const built: BuiltFile[] = [];
  for (const name of (await readdir(join(ROOT, 'functions'))).sort()) {
    const source = join(ROOT, 'functions', name, 'handler.ts');
    const exists = await stat(source).catch(() => undefined);
    if (exists?.isFile()) built.push(await bundle(source, join(outputDirectory, name, 'handler.mjs')));
  }
  return built;
}

async function bundle(source: string, output: string): Promise<BuiltFile> {
  const { outputFiles } = await esbuild({ ...BUNDLED, entryPoints: [source], outfile: output });
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
