import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShardbeatError } from '../../lib/errors.ts';

/**
 * Makes a directory for the files of one run, and removes it when it is disposed of, or at the latest when this process
 * exits, however hastily.
 */
export async function makeTemporaryDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'shardbeat-')).catch((error: Error) => {
    throw cannotWrite(tmpdir(), error.message, error);
  });
  const removeAtExit = (): void => rmSync(path, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      process.off('exit', removeAtExit);
    },
  };
}

/** A file of the run that could not be written. */
export function cannotWrite(path: string, reason: string, cause?: unknown): ShardbeatError {
  const remedy = 'set TMPDIR to a directory that may be written and has room';
  return new ShardbeatError(`${path} cannot be written (${reason}): ${remedy}`, { retriable: false, cause });
}
