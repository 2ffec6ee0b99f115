/** The user's module, where a command is to give it something. */
import { resolve } from 'node:path';
import { SettingsError } from '../lib/errors.ts';
import type { UserModule } from '../lib/index.ts';
import { loadModule } from './redriving.ts';
import type { Target } from './target.ts';

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
