import { SettingsError } from '../../../lib/errors.ts';

/** How options name things that are in others: each is in the one before it, and settings are for the one before them. */
export interface Nesting<T> {
  /** Option and word for what things are in: `project`. */
  readonly parent: string;
  /** Option and word for the things: `logstore`. */
  readonly child: string;
  create(parent: string, name: string): T;
  /** By option: changes a thing as the value says. */
  readonly settings: Readonly<Record<string, (thing: T, value: string) => void>>;
}

/** What `parseArgs` tells of the options as they were written. */
interface Token {
  readonly kind: string;
  readonly name?: string;
  readonly value?: string | undefined;
}

/** All things that are named, in their order. Throws a SettingsError for an option out of place, or a thing named twice. */
export function readNested<T>(tokens: readonly Token[], nesting: Nesting<T>): T[] {
  const { parent: parentOption, child: childOption } = nesting;
  const found = new Map<string, T>();
  let parent: string | undefined;
  let current: T | undefined;
  for (const { kind, name: option = '', value = '' } of tokens) {
    if (kind !== 'option') continue;
    const setting = Object.hasOwn(nesting.settings, option) ? nesting.settings[option] : undefined;
    if (setting) {
      if (current === undefined) {
        throw new SettingsError(`--${option}`, value, `name the ${childOption} that it is for before it`);
      }
      setting(current, value);
    } else if (option === parentOption) {
      parent = value;
      current = undefined;
    } else if (option === childOption) {
      if (parent === undefined) {
        throw new SettingsError(`--${option}`, value, `name the ${parentOption} that it is in before it`);
      }
      const key = JSON.stringify([parent, value]);
      if (found.has(key)) {
        throw new SettingsError(`--${option}`, value, `it is named twice in ${parentOption} ${parent}`);
      }
      current = nesting.create(parent, value);
      found.set(key, current);
    }
  }
  return [...found.values()];
}
