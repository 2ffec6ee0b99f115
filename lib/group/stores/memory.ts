import { WritesError } from '../../errors.ts';
import { groupState, type ItemKey, type ItemOf } from '../items.ts';
import type { ItemWrite } from '../itemWrite.ts';
import type { Condition, GroupStore, RequestOptions, Write, Written } from '../store.ts';

type Attributes = Record<string, unknown>;

/** The items of every group, by group and key; share one between stores to let several slots meet. */
export type MemoryTable = Map<string, Map<ItemKey, Attributes>>;

/** Does all of the writes that are along, or none of them, and says why. */
export type ApplyWrites = (along: readonly ItemWrite[]) => WritesError | undefined;

const nowhere: ApplyWrites = () =>
  new WritesError('a group in memory has no table beside it: what the function returns is not written');

/**
 * A group in this process's memory, with DynamoDB's semantics: for tests and for the simulation. `apply`: what becomes of the writes of
 * the user's function; without it, they are refused.
 */
export function createMemoryStore(table: MemoryTable, group: string, apply = nowhere): GroupStore {
  const items = (): Map<ItemKey, Attributes> => {
    const found = table.get(group) ?? new Map<ItemKey, Attributes>();
    table.set(group, found);
    return found;
  };
  return {
    async get<K extends ItemKey>(key: K, { signal }: RequestOptions): Promise<ItemOf<K> | undefined> {
      signal.throwIfAborted();
      return structuredClone(items().get(key)) as ItemOf<K> | undefined;
    },
    async readAll({ signal }) {
      signal.throwIfAborted();
      return groupState([...items()].map(([key, item]) => [key, structuredClone(item)]));
    },
    async update<K extends ItemKey>(
      key: K,
      write: Write<ItemOf<K>>,
      { signal }: RequestOptions,
    ): Promise<Written<ItemOf<K>>> {
      signal.throwIfAborted();
      const before = items().get(key) ?? {};
      if (!holds(before, write.condition)) return { accepted: false };
      const refused = write.along && apply(write.along);
      if (refused !== undefined) return { accepted: false, refused };
      const after = applied(before, write);
      items().set(key, after);
      return { accepted: true, item: structuredClone(after) as unknown as ItemOf<K> };
    },
    async remove(key, condition, { signal }) {
      signal.throwIfAborted();
      if (!holds(items().get(key) ?? {}, condition)) return false;
      return items().delete(key);
    },
  };
}

function holds<T>(item: Attributes, condition: Condition<T>): boolean {
  if ('all' in condition) return condition.all.every((part) => holds(item, part));
  if ('any' in condition) return condition.any.some((part) => holds(item, part));
  if ('exists' in condition) return item[condition.exists] !== undefined;
  if ('absent' in condition) return item[condition.absent] === undefined;
  if ('equal' in condition) return item[condition.equal] === condition.value;
  const value = item[condition.less];
  return typeof value === 'number' && value < condition.value;
}

function applied<T>(before: Attributes, write: Write<T>): Attributes {
  const after = { ...before };
  for (const [attribute, value] of Object.entries(write.set ?? {})) {
    if (value !== undefined) after[attribute] = structuredClone(value);
  }
  for (const [attribute, rule] of Object.entries(write.copy ?? {})) {
    const { from, otherwise } = rule as { from: string; otherwise: number };
    after[attribute] = before[from] ?? otherwise;
  }
  for (const [attribute, amount] of Object.entries(write.add ?? {})) {
    after[attribute] = ((before[attribute] as number | undefined) ?? 0) + (amount as number);
  }
  for (const attribute of write.unset ?? []) delete after[attribute];
  return after;
}
