import { type GroupState, groupState, type ItemKey, type ItemOf } from '../../lib/group/items.ts';
import type { Condition, Write, Written } from '../../lib/group/store.ts';
import { createMemoryStore, type MemoryTable } from '../../lib/group/stores/memory.ts';
import type { Actor } from './host.ts';
import type { Counted } from './observer/counts.ts';
import type { Observer } from './observer/observer.ts';
import { countedBy } from './user/counting.ts';

/** The group's true items: the memory store, with every write shown to the observer and every version kept. */
export interface Table {
  item<K extends ItemKey>(key: K): Readonly<ItemOf<K>> | undefined;
  state(): GroupState;
  /** As it was at that time. */
  readAt<K extends ItemKey>(key: K, time: number): ItemOf<K> | undefined;
  /** Who wrote it last, and when. */
  lastWrite(key: ItemKey): { readonly since: number; readonly by: Actor } | undefined;
  /** Of all items that there are or were. */
  keys(): ItemKey[];
  update<K extends ItemKey>(actor: Actor, key: K, write: Write<ItemOf<K>>): Promise<Written<ItemOf<K>>>;
  remove<K extends ItemKey>(actor: Actor, key: K, condition: Condition<ItemOf<K>>): Promise<boolean>;
}

const never = new AbortController().signal;

export function createTable(group: string, now: () => number, observer: Pick<Observer, 'wrote'>): Table {
  const memory: MemoryTable = new Map([[group, new Map()]]);
  let counted: Counted[] = [];
  const store = createMemoryStore(memory, group, (along) => {
    counted = along.map(countedBy);
    return undefined;
  });
  const items = memory.get(group)!;
  const versions = new Map<ItemKey, { since: number; by: Actor; item: object | undefined }[]>();

  // The memory store replaces an item, it never changes one: the old object stays the old version.
  const watched = <T>(actor: Actor, key: ItemKey, write: () => Promise<T>): Promise<T> => {
    const before = items.get(key);
    counted = [];
    const result = write();
    const after = items.get(key);
    if (after === before) return result;
    const known = versions.get(key) ?? [];
    versions.set(key, known);
    known.push({ since: now(), by: actor, item: after });
    observer.wrote(actor, key, before, after, counted);
    return result;
  };
  return {
    item: (key) => items.get(key) as never,
    state: () => groupState(items as Iterable<readonly [string, object]>),
    lastWrite: (key) => versions.get(key)?.at(-1),
    keys: () => [...versions.keys()],
    readAt(key, time) {
      const version = versions.get(key)?.findLast(({ since }) => since <= time);
      return structuredClone(version?.item) as never;
    },
    update: (actor, key, write) => watched(actor, key, () => store.update(key, write, { signal: never })),
    remove: (actor, key, condition) =>
      watched(actor, key, () => store.remove(key, condition, { signal: never })),
  };
}
