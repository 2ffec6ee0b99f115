import { join } from 'node:path';
import { type BundleOptions, bundleModule, SettingsError, writeArchive } from '../../infra/bundle.ts';
import { AUDIT, EXAMPLE } from '../files.ts';
import { type FunctionCode, unpackCode } from '../host/functionCode.ts';
import { cannotWrite } from './temporary.ts';

const AROUND = { name: 'audited', from: AUDIT };

/**
 * Bundles the function of a run, as for Lambda, but with the audit around the user's module.
 *
 * @param userModule path of the user's own module; undefined: the example's, which this repository deploys
 * @throws SettingsError for a module that is missing, does not bundle, or does not export the user's function
 */
export async function bundleAudited(
  userModule: string | undefined,
  directory: string,
): Promise<FunctionCode> {
  const deploying = deploy({ module: userModule ?? EXAMPLE, around: AROUND, field: '--module' }, directory);
  return deploying.catch((error: Error) => {
    throw error instanceof SettingsError ? error : cannotWrite(directory, error.message, error);
  });
}

/** Bundles a function with a user module that needs no audit. */
export function bundleFunction(userModule: string, directory: string): Promise<FunctionCode> {
  return deploy({ module: userModule }, directory);
}

/** What is deployed is an archive: a function that lacks a file there lacks it here as well. */
async function deploy(options: Omit<BundleOptions, 'directory'>, directory: string): Promise<FunctionCode> {
  const bundled = join(directory, 'bundle');
  const { handler, files } = await bundleModule({ ...options, directory: bundled });
  const archive = join(directory, 'function.zip');
  await writeArchive(archive, bundled, files);
  const taskRoot = join(directory, 'task');
  await unpackCode(archive, taskRoot);
  return { taskRoot, handler: handler.replace(/\.mjs$/, '.handler') };
}
