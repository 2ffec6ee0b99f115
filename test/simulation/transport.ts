import { StoreError } from '../../lib/errors.ts';
import { consumerKey, groupState, type ItemKey, type ShardItem } from '../../lib/group/items.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { readFate, STALE_MS_MAX, writeFate } from './fates.ts';
import type { Actor } from './host.ts';
import type { Observer } from './observer/observer.ts';
import { send } from './requests.ts';
import type { Table } from './table.ts';
import { shown, shownWrite } from './trace.ts';
import type { World } from './world.ts';

/** What the group's items are, and who is to see what becomes of them. */
export interface Place {
  readonly table: Table;
  readonly observer: Pick<Observer, 'read' | 'accepted' | 'refused' | 'unanswered'>;
}

/** The table as one actor reaches it: slowly, not always, and sometimes without an answer. */
export function createTransport(world: World, actor: Actor, place: Place = world): GroupStore {
  const { scheduler, faults, regions } = world;
  const { table, observer } = place;
  const show = (value: unknown): string => shown(value, world.startsAt);
  const ageMs = (key: ItemKey, consistent: boolean): number => {
    if (consistent) return 0;
    const staleMs = faults.happens('staleRead') ? faults.dice('staleRead').between(1, STALE_MS_MAX) : 0;
    return Math.max(staleMs, regions.lagMs(actor, table, key));
  };
  return {
    get: (key, { consistent, signal }) =>
      send(world, actor, {
        target: key,
        label: () => `get ${key}`,
        fate: consistent ? regions.farther(readFate(world)) : readFate(world),
        signal,
        perform: async () => {
          world.lateWrites.read(key);
          return table.readAt(key, scheduler.now() - ageMs(key, consistent));
        },
        failed: (failure) => storeError(failure, 'read'),
        answered: (item) => consistent && observer.read(actor, key, item),
        shown: (item) => show(item),
      }),

    readAll({ consistent, signal }) {
      // No snapshot: some items may be older than others, by as much as the request takes, or by seconds.
      const fate = consistent ? regions.farther(readFate(world)) : readFate(world);
      const sentAt = scheduler.now();
      return send(world, actor, {
        target: 'group',
        label: () => 'read all',
        fate,
        signal,
        perform: async () => {
          const items = table.keys().map((key) => {
            const olderMs = ageMs(key, consistent);
            const at = sentAt + world.latency.next() * (scheduler.now() - sentAt);
            return [key, table.readAt(key, at - olderMs) as object | undefined] as const;
          });
          return groupState(
            items.filter((item): item is readonly [ItemKey, object] => item[1] !== undefined),
          );
        },
        failed: (failure) => storeError(failure, 'read'),
        shown: (state) => `${state.consumers.size} slots, ${state.shards.size} shards`,
      });
    },

    update(key, write, { signal }) {
      const { owner } = (table.readAt(key, scheduler.now()) ?? {}) as Partial<ShardItem>;
      if ('owner' in (write.set ?? {}) && owner !== undefined) world.lateWrites.overtaken(consumerKey(owner));
      return send(world, actor, {
        target: key,
        label: () => shownWrite(key, write, world.startsAt),
        fate: regions.farther(writeFate(world)),
        signal,
        perform: () => regions.write(actor, table, key, () => table.update(actor, key, write)),
        failed: (failure) => storeError(failure, 'write'),
        answered: (written) =>
          written.accepted
            ? observer.accepted(actor, key, write, written.item)
            : observer.refused(actor, key, write),
        gaveUp: (failure) => observer.unanswered(actor, key, write, failure),
        shown: (written) => (written.accepted ? show(written.item) : 'refused'),
      });
    },

    remove: (key, condition, { signal }) =>
      send(world, actor, {
        target: key,
        label: () => `remove ${key}`,
        fate: regions.farther(writeFate(world)),
        signal,
        perform: () => regions.write(actor, table, key, () => table.remove(actor, key, condition)),
        failed: (failure) => storeError(failure, 'write'),
        shown: (removed) => (removed ? 'removed' : 'refused'),
      }),
  };
}

export function storeError(failure: 'refused' | 'unknown' | 'aborted', kind: 'read' | 'write'): StoreError {
  return new StoreError(`the simulated table's ${kind} failed: ${failure}`, {
    code:
      failure === 'refused' ? 'ThrottlingException' : failure === 'aborted' ? 'AbortError' : 'TimeoutError',
    outcome: failure === 'refused' ? 'refused' : 'unknown',
    retriable: true,
  });
}
