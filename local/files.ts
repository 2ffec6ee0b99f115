import { extname, join } from 'node:path';

/**
 * Files that are started or bundled rather than imported. In the repository they are sources, each at its place; in the package
 * all of them stand beside the one file that is made of the rest.
 */
const IS_PACKAGE = extname(import.meta.filename) === '.js';
const fileOf = (folder: string, name: string): string =>
  IS_PACKAGE ? join(import.meta.dirname, `${name}.js`) : join(import.meta.dirname, folder, `${name}.ts`);

/** The process of a sandbox. */
export const SANDBOX_MAIN = fileOf('host', 'sandboxMain');
/** What is put around the user's function. */
export const AUDIT = fileOf('run', 'audit');
/** The module of a run without one of the user's. */
export const EXAMPLE = fileOf('../functions/consume', 'accessLog');
