/** What AWS takes: "CreateFunction", API reference of Lambda; "CloudFormation quotas", user guide. */
import { SettingsError } from '../../lib/errors.ts';

const HANDLER_CHARACTERS_MAX = 128;
const RESOURCES_MAX = 500;

/** The function's entry as Lambda is told it. Throws a SettingsError where Lambda would not take it. */
export function handlerOf(file: string, module: string, field: string): string {
  const handler = file.replace(/\.mjs$/, '.handler');
  if (!/\s/.test(handler) && handler.length <= HANDLER_CHARACTERS_MAX) return handler;
  const remedy = `Lambda takes ${HANDLER_CHARACTERS_MAX} characters without white space for the function's entry, which would be ${handler}: move the module to another folder`;
  throw new SettingsError(field, module, remedy);
}

/** Throws a SettingsError for more resources than a stack holds. */
export function checkCount(resources: object, slots: number): void {
  const count = Object.keys(resources).length;
  if (count <= RESOURCES_MAX) return;
  const remedy = `a stack holds ${RESOURCES_MAX}, and ${slots} of these are slots: have fewer, or move a group to a service of its own`;
  throw new SettingsError('resources', `${count} resources`, remedy);
}
