import { join } from 'node:path';
import { bundleModule, SettingsError } from '../../infra/bundle.ts';
import { AUDIT, EXAMPLE } from '../files.ts';
import { cannotWrite } from './temporary.ts';

const AROUND = { name: 'audited', from: AUDIT };

/**
 * Bundles the function of a run, as for Lambda, but with the audit around the user's module. Returns the bundle's path.
 *
 * @param userModule path of the user's own module; undefined: the example's, which this repository deploys
 * @throws SettingsError for a module that is missing, does not bundle, or does not export the user's function
 */
export async function bundleAudited(userModule: string | undefined, directory: string): Promise<string> {
  const module = userModule ?? EXAMPLE;
  const bundling = bundleModule({ module, directory, around: AROUND, field: '--module' });
  const { handler } = await bundling.catch((error: Error) => {
    throw error instanceof SettingsError ? error : cannotWrite(directory, error.message, error);
  });
  return join(directory, handler);
}

/** Bundles a function with a user module that needs no audit. Returns the bundle's path. */
export async function bundleFunction(userModule: string, directory: string): Promise<string> {
  const { handler } = await bundleModule({ module: userModule, directory });
  return join(directory, handler);
}
