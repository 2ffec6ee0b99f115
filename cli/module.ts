/** The user's module, where a command is to give it something. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXIT_INTERRUPTED } from '../lib/commandLine/stop.ts';
import { SettingsError } from '../lib/errors.ts';
import type { UserModule } from '../lib/index.ts';
import { messageOf } from '../lib/observe/plainError.ts';
import type { Target } from './target.ts';
import type { World } from './world.ts';

/** That which is given, or of a local run; else the deployed function. Throws a SettingsError where nobody is known. */
export async function moduleOf(
  target: Pick<Target, 'module' | 'asks'>,
  given: string | undefined,
  directory: string,
): Promise<UserModule | 'function'> {
  const file = given === undefined ? target.module : resolve(directory, given);
  if (file !== undefined) return loadModule(file, given ?? file);
  if (target.asks === 'function') return 'function';
  const remedy = 'name your module, or with --function the deployed function';
  throw new SettingsError('--module', undefined, remedy);
}

/** Throws a SettingsError that names it as it was `given`. */
export async function loadModule(file: string, given: string): Promise<UserModule> {
  try {
    return (await import(pathToFileURL(file).href)) as UserModule;
  } catch (error) {
    throw new SettingsError(
      '--module',
      given,
      `it cannot be loaded (${messageOf(error)}): mend it, or name another`,
    );
  }
}

/**
 * As long as a module has work in this process: that it ends the process is no success, with whichever code it does. What is written at the
 * very end has to be written at once.
 */
export function tellOfAnEnd(say: World['say']): Disposable {
  const tell = (code: number): void => {
    if (code === EXIT_INTERRUPTED) return;
    process.exitCode = 1;
    say(
      'the process ends before all was given to the module: does that call process.exit, or throw where nobody catches it?',
    );
  };
  process.on('exit', tell);
  return { [Symbol.dispose]: () => process.off('exit', tell) };
}
