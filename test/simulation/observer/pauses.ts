import { consumerKey, type GroupItem } from '../../../lib/group/items.ts';
import { STALE_MS_MAX } from '../fates.ts';
import type { Actor } from '../host.ts';
import type { Watch } from './watch.ts';

/** Once `pause` has come to its end, and old reads have too, no tick that starts reads anything, until somebody resumes. */
export function watchPauses(watch: Watch) {
  const { world } = watch;
  let pausedSince: number | undefined;
  return {
    wrote(before: GroupItem | undefined, after: GroupItem | undefined): void {
      if (before?.paused !== after?.paused) pausedSince = undefined;
    },
    ended(actor: Actor, succeeded: boolean): void {
      if (actor.purpose !== 'pause' || !succeeded || !world.table.item('GROUP')?.paused) return;
      pausedSince = world.scheduler.now() + STALE_MS_MAX;
    },
    pulled(actor: Actor): void {
      if (pausedSince === undefined || actor.slot === undefined || actor.startedAt <= pausedSince) return;
      // A slot that joined while `pause` went from slot to slot was not told.
      const joined = world.table.readAt(consumerKey(actor.slot), pausedSince);
      if (joined === undefined) return;
      watch.fail('work while paused', `${actor.name} reads, although the group is paused`);
    },
  };
}
