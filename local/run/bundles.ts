import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildFailure, build } from 'esbuild';
import { REQUIRE_BANNER } from '../../build.ts';
import { SettingsError, ShardbeatError } from '../../lib/errors.ts';
import { cannotWrite } from './temporary.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface RunBundles {
  /** The function as it is deployed. */
  handler: string;
  /** The user's `process`. */
  process: string;
  /** What the handler is given as `process`: the user's, and the ledger. */
  audit: string;
}

/**
 * Finds the function's bundle, and bundles what only this run needs into `directory`.
 *
 * @param userModule path of the user's own module; undefined: the one that is deployed with the function
 * @throws SettingsError for a module that is missing, does not bundle, or exports no `process`
 */
export async function prepareBundles(directory: string, userModule: string | undefined): Promise<RunBundles> {
  const deployed = join(ROOT, 'dist/consume');
  const bundles: RunBundles = {
    handler: join(deployed, 'handler.mjs'),
    process: userModule === undefined ? join(deployed, 'process.mjs') : join(directory, 'process.mjs'),
    audit: join(directory, 'audit.mjs'),
  };
  await access(bundles.handler).catch(() => {
    throw new ShardbeatError(`${bundles.handler} is missing: run \`npm run build\` first`, {
      retriable: false,
    });
  });
  if (userModule !== undefined) await bundleUserModule(userModule, bundles.process);
  await bundle(join(import.meta.dirname, 'audit.ts'), bundles.audit);
  return bundles;
}

async function bundleUserModule(module: string, outfile: string): Promise<void> {
  await access(module).catch(() => {
    throw new SettingsError('--process', module, 'there is no such file, or it may not be read');
  });
  let exported: string[];
  try {
    exported = await bundle(module, outfile);
  } catch (error) {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    if (first === undefined) throw error;
    const place = first.location === null ? '' : ` (${first.location.file}:${first.location.line})`;
    throw new SettingsError('--process', module, `it cannot be bundled: ${first.text}${place}`);
  }
  if (!exported.includes('process') && !exported.includes('default')) {
    const remedy =
      'export a function named `process` from it: export const process = async (batch, context) => {…}';
    throw new SettingsError('--process', module, remedy);
  }
}

/** Returns the names that the bundle exports. */
async function bundle(entry: string, outfile: string): Promise<string[]> {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE_BANNER },
    sourcemap: 'inline',
    metafile: true,
    logLevel: 'silent',
  });
  await writeFile(outfile, outputFiles[0]!.contents).catch((error: Error) => {
    throw cannotWrite(outfile, error.message, error);
  });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}
