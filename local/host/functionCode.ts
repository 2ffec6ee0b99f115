import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { ShardbeatError } from '../../lib/errors.ts';
import { readEntries } from './zip.ts';

/** What a sandbox runs. */
export interface FunctionCode {
  /** The folder into which the archive was unpacked: `LAMBDA_TASK_ROOT`. */
  taskRoot: string;
  /** As Lambda's setting of this name: a file of that folder without its ending, a dot, and the export. */
  handler: string;
}

const READ_ONLY = 0o555;

/** Unpacks the archive of a function into a folder of its own. Throws a ShardbeatError for a path that leads out of it. */
export async function unpackCode(archive: string, taskRoot: string): Promise<void> {
  for (const [name, { contents, mode }] of readEntries(await readFile(archive))) {
    const path = resolve(taskRoot, name);
    if (!path.startsWith(resolve(taskRoot) + sep)) {
      throw new ShardbeatError(`${archive}: ${name} leads out of the folder of the function`, {
        retriable: false,
      });
    }
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
    await chmod(path, (mode || 0o644) & READ_ONLY);
  }
}
