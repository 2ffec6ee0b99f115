import { StoreError } from '../errors.ts';
import type { Times } from '../times.ts';
import type { GroupItem, SharedSettings } from './items.ts';
import type { GroupStore, RequestOptions } from './store.ts';

/** Version of the items themselves. A table written by a later one is not touched. */
export const SCHEMA = 1;

/** A new group waits almost one interval for its members, so that the first plan knows them all. */
const SETTLE_SHARE = 0.9;

/** What a deployment wants the settings of its group to be. */
export type Terms = Pick<GroupItem, 'settings' | 'settingsVersion'>;

/** `differences` name each setting, the group's value and ours. */
export type Joined = { agreed: true; group: GroupItem } | { agreed: false; differences: string[] };

/**
 * Makes the group if there is none, and compares its settings with ours. A higher version of ours replaces the group's;
 * the same version with other contents, or a lower one, is refused: the last to start never silently wins.
 *
 * `now` is asked after the first read: its answer tells a new sandbox how wrong its clock is.
 */
export async function joinGroup(
  store: GroupStore,
  mine: Terms,
  start: { now(): number; times: Times },
  options: RequestOptions,
): Promise<Joined> {
  // Twice, for the race with another first tick or with another upgrade. The first look may be some moments old, at half
  // the price: what is written is guarded by a condition, and what is refused is looked at again.
  for (let attempt = 0; attempt < 2; attempt++) {
    const group = await store.get('GROUP', { ...options, consistent: attempt > 0 });
    if (group !== undefined && !upgrades(mine, group)) return agreement(group, mine);
    const written =
      group === undefined
        ? await store.update(
            'GROUP',
            { set: newGroup(mine, start), condition: { absent: 'generation' } },
            options,
          )
        : await store.update(
            'GROUP',
            { set: mine, condition: { equal: 'settingsVersion', value: group.settingsVersion } },
            options,
          );
    if (written.accepted) return agreement(written.item, mine);
  }
  throw new StoreError('the group was made and changed by others twice while this tick joined it', {
    code: 'GroupContended',
    outcome: 'refused',
    retriable: true,
  });
}

/** Compares a group as it was read with our settings. */
export function agreement(group: GroupItem, mine: Terms): Joined {
  if (group.schema > SCHEMA) {
    return { agreed: false, differences: [`items of schema ${group.schema}, this version knows ${SCHEMA}`] };
  }
  const differences = Object.entries(mine.settings)
    .map(([name, value]) => ({ name, value, theirs: group.settings[name as keyof SharedSettings] }))
    .filter(({ value, theirs }) => value !== theirs)
    .map(({ name, value, theirs }) => `${name}: the group has ${theirs}, this deployment ${value}`);
  if (differences.length === 0) return { agreed: true, group };
  const versions = `settings version: the group has ${group.settingsVersion}, this deployment ${mine.settingsVersion}`;
  return { agreed: false, differences: [...differences, versions] };
}

function upgrades(mine: Terms, group: GroupItem): boolean {
  if (group.schema > SCHEMA || mine.settingsVersion <= group.settingsVersion) return false;
  return sameShards(group.settings.stream, mine.settings.stream);
}

/**
 * Another stream has other shards under the same ids, for which the group's cursors mean nothing: that takes another
 * group. Only where the ids name their part of the stream may parts come and go: several logstores of a project, any topics
 * of a logset.
 */
function sameShards(before: string, after: string): boolean {
  const whole = (stream: string): string => stream.slice(0, stream.lastIndexOf('/'));
  const named = (stream: string): boolean => stream.startsWith('cls://') || stream.includes(',');
  return before === after || (whole(before) === whole(after) && named(before) && named(after));
}

/** One that has just begun. */
export function newGroup(mine: Terms, start: { now(): number; times: Times }): GroupItem {
  const now = start.now();
  return {
    schema: SCHEMA,
    generation: now,
    planUntil: 0,
    planDueAt: now + Math.round(start.times.intervalMs * SETTLE_SHARE),
    createdAt: now,
    ...mine,
    initialized: false,
    paused: false,
  };
}
