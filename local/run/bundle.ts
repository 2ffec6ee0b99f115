import { access, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BuildFailure, build } from 'esbuild';
import { BUNDLED } from '../../build.ts';
import { MODULE_REMEDY } from '../../lib/delivery/userFunction.ts';
import { SettingsError } from '../../lib/errors.ts';
import { cannotWrite } from './temporary.ts';

const ROOT = join(import.meta.dirname, '../..');
const CONSUME = join(ROOT, 'lib/index.ts');
const EXAMPLE = join(ROOT, 'functions/consume/accessLog.ts');

/** One of these a module must export; as CommonJS, all it exports is the default. */
const EXPORTS: readonly string[] = ['eachBatch', 'eachRecord', 'default'];

/**
 * Bundles the function of a run, as for Lambda, but with the audit around the user's module. Returns the bundle's path.
 *
 * @param userModule path of the user's own module; undefined: the example's, which this repository deploys
 * @throws SettingsError for a module that is missing, does not bundle, or does not export the user's function
 */
export async function bundleAudited(userModule: string | undefined, directory: string): Promise<string> {
  const module = userModule ?? EXAMPLE;
  await check(module);
  return bundleEntry(
    join(directory, 'handler.mjs'),
    `${importing('* as module', module)}
     ${importing('{ consume }', CONSUME)}
     ${importing('{ audited }', join(import.meta.dirname, 'audit.ts'))}
     export const handler = consume(audited(module));`,
  );
}

/** Bundles a function with a user module that needs no audit and no check. Returns the bundle's path. */
export function bundleFunction(userModule: string, directory: string): Promise<string> {
  return bundleEntry(
    join(directory, 'handler.mjs'),
    `${importing('* as module', userModule)}
     ${importing('{ consume }', CONSUME)}
     export const handler = consume(module);`,
  );
}

/** A file may have any name. */
const importing = (what: string, path: string): string =>
  `import ${what} from ${JSON.stringify(resolve(path))};`;

/** Bundles an entry that is written here, which imports by absolute paths. Returns `outfile`. */
export async function bundleEntry(outfile: string, contents: string): Promise<string> {
  const stdin = { contents, resolveDir: ROOT, loader: 'ts' } as const;
  const { outputFiles } = await build({ ...BUNDLED, stdin, outfile, sourcemap: 'inline' });
  await writeFile(outfile, outputFiles[0]!.contents).catch((error: Error) => {
    throw cannotWrite(outfile, error.message, error);
  });
  return outfile;
}

/** Before anything runs: that the module bundles, and by what its exports are called. */
async function check(module: string): Promise<void> {
  await access(module).catch(() => {
    throw new SettingsError('--module', module, 'there is no such file, or it may not be read');
  });
  const bundling = build({ ...BUNDLED, entryPoints: [module], metafile: true, outfile: 'module.mjs' });
  const { metafile } = await bundling.catch((error: Partial<BuildFailure>) => {
    const [first] = error.errors ?? [];
    if (first === undefined) throw error;
    const place = first.location === null ? '' : ` (${first.location.file}:${first.location.line})`;
    throw new SettingsError('--module', module, `it cannot be bundled: ${first.text}${place}`);
  });
  const exported = Object.values(metafile.outputs).flatMap((output) => output.exports);
  if (!exported.some((name) => EXPORTS.includes(name))) {
    throw new SettingsError('--module', module, MODULE_REMEDY);
  }
}
