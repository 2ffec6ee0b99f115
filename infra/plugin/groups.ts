import { SettingsError } from '../../lib/errors.ts';
import type { GroupConfig } from './config.ts';
import { type Group, readGroup, type Service } from './group.ts';

/** Reads and checks all groups of a service. Throws a SettingsError for what `readGroup` refuses, and for two that would be in each other's way. */
export function readGroups(groups: Readonly<Record<string, GroupConfig>>, service: Service): Group[] {
  const names = Object.keys(groups);
  const read = names.map((name) => readGroup(name, groups[name]!, service));
  refuseTwice(
    read.map(({ resources }, index) => [resources.group, `groups.${names[index]}.group`]),
    'consumes under this name already, and one of them would be refused in each tick: give each a group of its own',
  );
  refuseTwice(
    read.flatMap(({ functionKey, starter }, index) =>
      [functionKey, starter?.functionKey].flatMap((key) =>
        key === undefined ? [] : [[key, `groups.${names[index]}`] as const],
      ),
    ),
    'makes a function of this name already, which starts its slots: call one of them otherwise',
  );
  refuseTwice(
    names.map((name) => [name.toLowerCase(), `groups.${name}`]),
    'differs in capital letters only, and their archives are one file on many machines: call one of them otherwise',
  );
  return read;
}

function refuseTwice(keys: readonly (readonly [key: string, field: string])[], remedy: string): void {
  const fields = new Map<string, string>();
  for (const [key, field] of keys) {
    const other = fields.get(key);
    if (other !== undefined) throw new SettingsError(field, key, `${other} ${remedy}`);
    fields.set(key, field);
  }
}
