import { consumerKey, type GroupItem, shardKey } from '../../../lib/group/items.ts';
import { STALE_MS_MAX } from '../fates.ts';
import type { Actor } from '../host.ts';
import type { Watch } from './watch.ts';

/**
 * Once `pause` has come to its end, and old reads have too, no tick that starts reads anything, or the one shard that was paused, until
 * somebody resumes.
 */
export function watchPauses(watch: Watch) {
  const { world } = watch;
  let pausedSince: number | undefined;
  const shardsSince = new Map<string, number>();
  /** Resumed, and whether their owners know is not certain. */
  const untold = new Set<string>();
  return {
    wrote(before: GroupItem | undefined, after: GroupItem | undefined): void {
      if (before?.paused !== after?.paused) pausedSince = undefined;
    },
    wroteShard(shard: string, wasPaused: boolean, isPaused: boolean): void {
      if (isPaused) return;
      shardsSince.delete(shard);
      if (wasPaused) untold.add(shard);
    },
    ended(actor: Actor, succeeded: boolean): void {
      const { shard } = actor;
      if (actor.purpose === 'resume' && succeeded && shard !== undefined) untold.delete(shard);
      if (actor.purpose === 'pause' && succeeded && shard !== undefined) {
        if (world.table.item(shardKey(shard))?.paused)
          shardsSince.set(shard, world.scheduler.now() + STALE_MS_MAX);
        return;
      }
      if (actor.purpose !== 'pause' || !succeeded || !world.table.item('GROUP')?.paused) return;
      pausedSince = world.scheduler.now() + STALE_MS_MAX;
    },
    /** Has somebody resumed a shard, and its owner may not know of it? */
    isAnyUntold: () => untold.size > 0,
    pulled(actor: Actor, shard: string): void {
      const shardSince = shardsSince.get(shard);
      if (shardSince !== undefined && actor.slot !== undefined && actor.startedAt > shardSince) {
        watch.fail('work while paused', `${actor.name} reads shard ${shard}, although that is paused`);
      }
      if (pausedSince === undefined || actor.slot === undefined || actor.startedAt <= pausedSince) return;
      // A slot that joined while `pause` went from slot to slot was not told.
      const joined = world.table.readAt(consumerKey(actor.slot), pausedSince);
      if (joined === undefined) return;
      watch.fail('work while paused', `${actor.name} reads, although the group is paused`);
    },
  };
}
