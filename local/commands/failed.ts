import { SettingsError as BundlersSettingsError } from '../../infra/bundle.ts';
import { SettingsError, ShardbeatError } from '../../lib/errors.ts';
import { explain } from '../../lib/observe/plainError.ts';

/**
 * Says why a command failed: for a person where it is theirs to put right, with its origin where it is ours. Returns the exit code.
 *
 * @param prefix what is written before the message of an error of ours
 */
export function failed(error: unknown, prefix = ''): number {
  // The bundler belongs to the package `shardbeat`, and so do the classes of what it throws; this package has its own.
  const isSettings = error instanceof SettingsError || error instanceof BundlersSettingsError;
  const isOurs = isSettings || error instanceof ShardbeatError;
  process.stderr.write(`${isOurs ? prefix + error.message : explain(error)}\n`);
  return isSettings ? 2 : 1;
}
