import type { ItemWrite } from '../group/itemWrite.ts';
import type { Batch, BatchContext, ModuleExtras } from './userModule.ts';

/** How one call of the user's function went. `error` may be anything: read it through `lib/observe` only. */
export type Delivered =
  | { readonly how: 'succeeded'; readonly writes?: readonly ItemWrite[] }
  /** It returned more writes than fit into a transaction: it is to be called with fewer records. */
  | { readonly how: 'tooMany'; readonly writes: number; readonly error: unknown }
  /** The records before `done` succeeded; the one at `done` failed: the first one of those that were named. */
  | { readonly how: 'named'; readonly done: number; readonly error: unknown }
  /** No record was named. */
  | { readonly how: 'failed'; readonly error: unknown }
  /** The time was over first. The records before `done` are finished: with `eachRecord` maybe some, with `eachBatch` none. */
  | { readonly how: 'timedOut'; readonly done: number; readonly error: unknown };

/** Gives a batch to the user's function, and says how it went as soon as that is known or the signal aborts. Never rejects. */
export type Deliver = (batch: Batch, context: BatchContext) => Promise<Delivered>;

/** The user's module as a tick calls it. */
export interface UserFunctions extends ModuleExtras {
  readonly deliver: Deliver;
}
