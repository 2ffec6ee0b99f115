import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CommandText } from '../lib/commandLine/command.ts';
import type { OpenPage } from '../lib/commandLine/page.ts';
import { SettingsError } from '../lib/errors.ts';

/** The commands of the package `shardbeat-local`. Each returns the exit code, and never throws. */
export interface LocalPackage {
  /** `means`: what this package does for a run; not every version asks for it. */
  local(args: readonly string[], means?: { readonly openPage: OpenPage }): Promise<number>;
  serve(args: readonly string[]): Promise<number>;
  /** What is said of them; not in every version. */
  texts?: readonly CommandText[];
}

const NAME = 'shardbeat-local';
/** What it keeps is in `node:sqlite`, and what it opens ends with its scope: both stand since this release. */
const NODE_MAJOR_MIN = 24;

/**
 * Loads the package with the local services, which a deployment does without. Throws a SettingsError if it is not installed, neither
 * for the project in this folder nor beside this package, or if this Node is too old for it.
 */
export async function loadLocalPackage(
  command: string,
  nodeVersion = process.versions.node,
): Promise<LocalPackage> {
  if (Number.parseInt(nodeVersion, 10) < NODE_MAJOR_MIN) {
    const remedy = `shardbeat ${command} needs Node ${NODE_MAJOR_MIN} or newer, which a project may have for itself: npm i -D node@${NODE_MAJOR_MIN}`;
    throw new SettingsError('Node', nodeVersion, remedy);
  }
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
