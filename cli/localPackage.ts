import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SettingsError } from '../lib/errors.ts';

/** The commands of the package `shardbeat-local`. Each returns the exit code, and never throws. */
export interface LocalPackage {
  local(args: readonly string[]): Promise<number>;
  serve(args: readonly string[]): Promise<number>;
}

const NAME = 'shardbeat-local';

/**
 * Loads the package with the local services, which a deployment does without. Throws a SettingsError if it is not installed, neither
 * for the project in this folder nor beside this package.
 */
export async function loadLocalPackage(command: string): Promise<LocalPackage> {
  return import(pathToFileURL(findLocalPackage(command)).href);
}

function findLocalPackage(command: string): string {
  // In the repository the sources are what counts, not what was last built of them.
  if (extname(import.meta.filename) === '.ts') return join(import.meta.dirname, '../local/index.ts');
  for (const from of [join(process.cwd(), 'package.json'), import.meta.filename]) {
    try {
      return createRequire(from).resolve(NAME);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new SettingsError('command', command, `install what it needs: npm i -D ${NAME}`);
}
