import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { directoryOf } from './packages.ts';
import { CLIENT_DIRECTORY, resolution } from './resolution.ts';

export interface Inspected {
  /** Names that the user's module exports. */
  exported: readonly string[];
  /** Folders of packages that only work where they are installed. */
  needing: ReadonlySet<string>;
  /** Whether it imports the very client with which this library calls its table. */
  usesClient: boolean;
}

/**
 * A package that asks where its own files are, or for an addon, cannot become part of another file. It may ask without need: then
 * the archive is larger than it had to be.
 */
const NEEDS_ITS_FILES = /\b__(?:dirname|filename)\b|\bimport\.meta\.(?:url|dirname|filename)\b|\.node["'`]/;
/** They look for the addon of whoever requires them. */
const ADDON_LOADERS = new Set(['bindings', 'node-gyp-build', '@mapbox/node-pre-gyp']);

/** Bundles the user's module alone, to see what it needs. Rejects with esbuild's failure. */
export async function inspect(
  module: string,
  common: BuildOptions,
  external: readonly string[],
): Promise<Inspected> {
  const { metafile } = await build({
    ...common,
    metafile: true,
    sourcemap: false,
    minify: false,
    entryPoints: [module],
    outfile: 'module.mjs',
    loader: { '.node': 'empty' },
    plugins: [resolution({ external, needing: new Set(), usesClient: true })],
  });
  const used = usedIn(metafile);
  const needing = new Set<string>();
  for (const file of used) {
    const directory = directoryOf(file);
    if (directory !== undefined && !needing.has(directory) && (await needsItsFiles(file, metafile)))
      needing.add(directory);
  }
  return {
    exported: Object.values(metafile.outputs).flatMap((output) => output.exports),
    needing,
    usesClient: used.some((file) => directoryOf(file) === CLIENT_DIRECTORY),
  };
}

/** Without what was read and left out, but for addons, which were read as nothing. */
function usedIn({ inputs, outputs }: Metafile): string[] {
  const used = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const bundled = used.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
  return [...bundled, ...Object.keys(inputs).filter((file) => file.endsWith('.node'))].map((file) =>
    resolve(file),
  );
}

async function needsItsFiles(file: string, { inputs }: Metafile): Promise<boolean> {
  if (file.endsWith('.node')) return true;
  if (!/\.[cm]?js$/.test(file)) return false;
  const imports = Object.entries(inputs).find(([input]) => resolve(input) === file)?.[1].imports ?? [];
  if (imports.some(({ original }) => ADDON_LOADERS.has(original ?? ''))) return true;
  return NEEDS_ITS_FILES.test(await readFile(file, 'utf8'));
}
