import { SettingsError } from '../errors.ts';
import { messageOf } from '../observe/plainError.ts';
import type { Process } from './process.ts';

/**
 * Loads the user's module, which exports `process` (or has it as its default export). `path` is absolute or relative to
 * `base`, the URL of the function's bundle. Throws a SettingsError if it cannot be loaded or exports no such function.
 */
export async function loadProcess(path: string, base: string): Promise<Process> {
  let module: { process?: unknown; default?: unknown };
  try {
    module = await import(new URL(path, base).href);
  } catch (error) {
    throw new SettingsError('SHARDBEAT_PROCESS', path, `the module cannot be loaded: ${messageOf(error)}`);
  }
  const found = module.process ?? module.default;
  if (typeof found === 'function') return found as Process;
  throw new SettingsError('SHARDBEAT_PROCESS', path, 'export a function named `process` from the module');
}
