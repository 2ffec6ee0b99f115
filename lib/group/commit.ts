import assert from 'node:assert/strict';
import { type ShardItem, shardKey } from './items.ts';
import type { ItemWrite } from './itemWrite.ts';
import type { Pending } from './pending.ts';
import { type Condition, type GroupStore, type RequestOptions, unchanged, type Write } from './store.ts';

/** What a tick holds of a shard: whoever has this epoch at this cursor, and has seen what is noted there, may move it. */
export interface Holding {
  shard: string;
  slot: string;
  epoch: number;
  cursor: string;
  /** Of what is pending at the cursor, as the item has it. */
  step: number | undefined;
}

export interface Progress {
  /** Cursor after the last processed record. */
  to: string;
  done: boolean;
  lagMs: number | undefined;
  /** Of what lies after `to`, something is finished already. */
  pending?: Pending | undefined;
}

/** What the user's function has returned to be written with it: none of that is done unless all of it is. */
export interface FencedOptions extends RequestOptions {
  along?: readonly ItemWrite[] | undefined;
}

/**
 * Moves the checkpoint from the holding's cursor to `to`. False: the shard has another owner, epoch or cursor by now, or something else
 * is noted there, and work on it must stop at once.
 *
 * Throws StoreError when it cannot be found out (see settled.ts): then nothing about the shard may be remembered. Throws WritesError when
 * the shard is as it was seen, and the writes along are refused.
 */
export async function commit(
  store: GroupStore,
  holding: Holding,
  progress: Progress,
  options: FencedOptions,
): Promise<boolean> {
  const { to, done, lagMs, pending } = progress;
  assert(to !== '', 'a checkpoint is a place to go on at');
  const write: Unfenced = {
    set: {
      cursor: to,
      ...(done && { state: 'done' }),
      ...(lagMs !== undefined && { lagMs }),
      ...(pending !== undefined && { pending, step: 1 }),
    },
    unset: pending === undefined ? ['pending', 'step', 'sought'] : ['sought'],
  };
  return fencedWrite(store, holding, write, options);
}

/** Notes that what was sought is known wherever it has to be, under the same fence as a checkpoint. */
export function settleSought(store: GroupStore, holding: Holding, options: RequestOptions): Promise<boolean> {
  return fencedWrite(store, holding, { set: { cursor: holding.cursor }, unset: ['sought'] }, options);
}

/**
 * Notes what is pending at the cursor, under the same fence as a checkpoint. A note may be undone by no older one: each has to have
 * seen the one before. Throws as `commit` does.
 */
export async function notePending(
  store: GroupStore,
  holding: Holding,
  pending: Pending,
  options: FencedOptions,
): Promise<boolean> {
  assert(pending.done >= 0 && pending.attempts >= 0, 'what is pending is counted');
  return fencedWrite(store, holding, { set: { pending, step: (holding.step ?? 0) + 1 } }, options);
}

function held(holding: Holding): Condition<ShardItem> {
  return {
    all: [
      { equal: 'owner', value: holding.slot },
      { equal: 'epoch', value: holding.epoch },
      { equal: 'cursor', value: holding.cursor },
      unchanged('step', holding.step),
    ],
  };
}

type Unfenced = Omit<Write<ShardItem>, 'condition'>;

async function fencedWrite(
  store: GroupStore,
  holding: Holding,
  write: Unfenced,
  { along, ...options }: FencedOptions,
): Promise<boolean> {
  // A condition on something that is not there would fence nothing.
  assert(holding.slot !== '' && holding.cursor !== '' && holding.epoch > 0, 'the shard was claimed');
  const fenced = { ...write, ...(along?.length && { along }), condition: held(holding) };
  const written = await store.update(shardKey(holding.shard), fenced, options);
  if (!written.accepted && written.refused !== undefined) throw written.refused;
  return written.accepted;
}
