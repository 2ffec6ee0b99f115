import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { type BuildFailure, type BuildOptions, build, type OutputFile } from 'esbuild';
import { KEY_REMEDY, MODULE_REMEDY } from '../lib/delivery/exported.ts';
import { SettingsError } from '../lib/errors.ts';
import { writeArchive } from './bundling/archive.ts';
import { copyPackages } from './bundling/copyPackages.ts';
import { copyPatterns } from './bundling/copyPatterns.ts';
import { type Inspected, inspect } from './bundling/inspect.ts';
import { CONSUME, LIBRARY, resolution, STACKS } from './bundling/resolution.ts';
import { HOST, type Target } from './bundling/target.ts';

/** What is thrown for a module that cannot be bundled; and what makes the archive of a bundle's files. */
export { SettingsError, writeArchive };

export interface BundleOptions {
  /** Path of the user's module, which exports `eachBatch` or `eachRecord`. */
  module: string;
  /** Where the files of the archive are put. */
  directory: string;
  /** The service's folder, which becomes the root of the archive; the module's, unless set. */
  root?: string;
  /** Packages that are not bundled, but put into the archive as they are installed. */
  external?: readonly string[];
  /** Files that the function reads when it runs, as glob patterns from `root`; `!` in front takes files out again. */
  patterns?: readonly string[];
  /** This machine's, unless set. */
  target?: Target;
  /** An export of another module, which is given the user's functions and returns such: what a local run looks through. */
  around?: { name: string; from: string };
  /** How the user knows the module, for errors. */
  field?: string;
  /** The same of the patterns. */
  patternsField?: string;
}

export interface Bundle {
  /** The function's entry within `directory`, with slashes: in the folder in which the user's module is, below `root`. */
  handler: string;
  /** All files within `directory`, the handler and its map among them. */
  files: readonly string[];
  /** Names of the packages that are in the archive as they are installed. */
  shipped: readonly string[];
}

/** What is the same for every bundle, on this machine as for Lambda: one ES module for Node. */
export const BUNDLED = {
  bundle: true,
  write: false,
  metafile: true,
  format: 'esm',
  platform: 'node',
  minify: true,
  // What is imported is an ES module where there is one: that of the AWS SDK is half as large as its CommonJS. What is
  // required is what Node would take: see `resolution`.
  mainFields: ['module', 'main'],
  // CommonJS asks for these, which an ES module has not.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;",
  },
  sourcemap: true,
  sourcesContent: false,
  // Of an error that nobody caught, Node prints the whole line.
  lineLimit: 500,
  logLevel: 'silent',
} as const satisfies BuildOptions;

/**
 * Makes one ES module of the user's module, this library and all that both import, and puts beside it what cannot be part of it.
 * A local run and a deployment run what this makes.
 *
 * Throws a SettingsError for a module that is missing, cannot be bundled or exports no function of the user's, for a package that
 * is not installed or not for the target, and for a pattern that matches nothing.
 */
export async function bundleModule(options: BundleOptions): Promise<Bundle> {
  const { target = HOST, external = [], patterns = [], field = 'module', directory } = options;
  const module = resolve(options.module);
  const root = resolve(options.root ?? dirname(module));
  await access(module).catch(() => {
    throw new SettingsError(field, options.module, 'there is no such file, or it may not be read');
  });
  const common: BuildOptions = { ...BUNDLED, target: `node${target.nodeMajor}` };
  const inspected = await orRefuse(options, inspect(module, common, external));
  const remedy = remedyFor(inspected.exported);
  if (remedy !== undefined) {
    const shown = inspected.exported.join(', ') || 'nothing';
    throw new SettingsError(field, options.module, `${remedy}; it exports ${shown}`);
  }
  const handler = posix(join(placeOf(root, module), 'handler.mjs'));
  const bundled = await orRefuse(options, bundleEntry(module, handler, inspected, common, options));
  const copied = await copyPackages({
    from: dirname(module),
    names: external,
    ...inspected,
    target,
    directory,
  });
  const read = await copyPatterns(patterns, root, directory, options.patternsField ?? 'patterns');
  await writeWhole(bundled);
  const written = bundled.map(({ path }) => posix(relative(resolve(directory), path)));
  return {
    handler,
    files: [...new Set([...written, ...copied.files, ...read])].sort(),
    shipped: copied.names,
  };
}

/** One of these a module must export; as CommonJS, all it exports is the default. */
const EXPORTS: readonly string[] = ['eachBatch', 'eachRecord', 'default'];

/** Of a module whose names tell that it cannot be used: the rest is told when the function starts. */
function remedyFor(exported: readonly string[]): string | undefined {
  const has = (name: string): boolean => exported.includes(name);
  if (!exported.some((name) => EXPORTS.includes(name))) return MODULE_REMEDY;
  if (has('eachBatch') && has('eachRecord')) return MODULE_REMEDY;
  return has('eachBatch') && has('key') ? KEY_REMEDY : undefined;
}

async function bundleEntry(
  module: string,
  handler: string,
  inspected: Inspected,
  common: BuildOptions,
  { directory, external = [], around }: BundleOptions,
): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    ...common,
    outfile: resolve(directory, handler),
    // The folder decides how the entry is understood: an ES module imports CommonJS as Node does.
    stdin: {
      contents: entryOf(module, around),
      resolveDir: dirname(LIBRARY),
      sourcefile: 'entry.mjs',
      loader: 'js',
    },
    plugins: [resolution({ external, ...inspected })],
  });
  return outputFiles ?? [];
}

function entryOf(module: string, around: BundleOptions['around']): string {
  const importing = (what: string, path: string): string => `import ${what} from ${JSON.stringify(path)};\n`;
  // First, so that it names the sources of the user's module already when that one cannot be loaded.
  const imported = `import ${JSON.stringify(STACKS)};\n${importing('* as module', module)}`;
  if (around === undefined) {
    return `${imported}${importing('{ consume }', LIBRARY)}export const handler = consume(module);\n`;
  }
  const outside = importing(`{ ${around.name} as around }`, resolve(around.from));
  const more = `${importing('{ consumeAround }', CONSUME)}${outside}`;
  return `${imported}${more}export const handler = consumeAround(module, around);\n`;
}

/** The folder of the module below the root; the root itself for a module that is elsewhere. */
function placeOf(root: string, module: string): string {
  const place = relative(root, dirname(module));
  return place.startsWith('..') || resolve(root, place) !== dirname(module) ? '' : place;
}

const posix = (path: string): string => path.split(sep).join('/');

/** Each file appears whole or not at all, and the map before the code: a bundle never disturbs a run that loads the one before. */
export async function writeWhole(files: readonly OutputFile[]): Promise<void> {
  const isMap = (file: OutputFile): number => (extname(file.path) === '.map' ? 0 : 1);
  for (const { path, contents } of files.toSorted((one, other) => isMap(one) - isMap(other))) {
    const temporary = `${path}.${process.pid}.tmp`;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, contents);
    await rename(temporary, path);
  }
}

async function orRefuse<T>({ module, field = 'module' }: BundleOptions, bundling: Promise<T>): Promise<T> {
  return bundling.catch((error: Partial<BuildFailure>) => {
    const [first] = error.errors ?? [];
    if (first === undefined) throw error;
    const place = first.location === null ? '' : ` (${first.location.file}:${first.location.line})`;
    throw new SettingsError(field, module, `it cannot be bundled: ${first.text}${place}`);
  });
}
