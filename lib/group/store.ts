import type { WritesError } from '../errors.ts';
import type { GroupState, ItemKey, ItemOf } from './items.ts';
import type { ItemWrite } from './itemWrite.ts';

/**
 * Where a group's items live. A driver knows three verbs and no rule: every rule of the protocol is a `Condition` made
 * in this folder, so that each driver, and the simulation, runs the very same conditions.
 */
export interface GroupStore {
  get<K extends ItemKey>(key: K, options: ReadOptions): Promise<ItemOf<K> | undefined>;
  /** Every item of the group, each as `get` would give it; no snapshot of them all. */
  readAll(options: ReadOptions): Promise<GroupState>;
  /**
   * One conditional write; makes the item if it is absent and the condition allows it. A refused condition is a value.
   * Throws StoreError; `outcome: 'unknown'` says that the write may have happened.
   */
  update<K extends ItemKey>(
    key: K,
    write: Write<ItemOf<K>>,
    options: RequestOptions,
  ): Promise<Written<ItemOf<K>>>;
  /** Deletes if the condition holds. Deleting what is absent is refused by any condition on an attribute. */
  remove<K extends ItemKey>(
    key: K,
    condition: Condition<ItemOf<K>>,
    options: RequestOptions,
  ): Promise<boolean>;
}

export interface RequestOptions {
  signal: AbortSignal;
}

export interface ReadOptions extends RequestOptions {
  /** Sees every write that was answered before; otherwise an item may be some seconds old. */
  consistent: boolean;
}

/**
 * `item` is the whole item after the write; of a write with others along, it has what was set. `refused`: the condition held, and those
 * along were not to be done.
 */
export type Written<T> = { accepted: true; item: T } | { accepted: false; refused?: WritesError };

export interface Write<T> {
  set?: Partial<T>;
  /** Copies another attribute of the same item, or `otherwise` where it is absent. */
  copy?: { [A in keyof T]?: { from: keyof T & string; otherwise: number } };
  /** Adds to a number; an absent one counts as 0. */
  add?: { [A in keyof T]?: number };
  unset?: readonly (keyof T & string)[];
  /** Writes of the user's function to items of its own: they and this one are done together, or nothing is. */
  along?: readonly ItemWrite[] | undefined;
  condition: Condition<T>;
}

/** As in DynamoDB, a comparison with an absent attribute is false. */
export type Condition<T> =
  | { exists: keyof T & string }
  | { absent: keyof T & string }
  | { equal: keyof T & string; value: string | number | boolean }
  | { less: keyof T & string; value: number }
  | { all: readonly Condition<T>[] }
  | { any: readonly Condition<T>[] };

/** The attribute is as it was seen: the same value, or still absent. */
export function unchanged<T, A extends keyof T & string>(
  attribute: A,
  seen: Extract<T[A], string | number | boolean> | undefined,
): Condition<T> {
  return seen === undefined ? { absent: attribute } : { equal: attribute, value: seen };
}
