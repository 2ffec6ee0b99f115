import assert from 'node:assert/strict';
import { type Failure, type ShardItem, shardKey } from './items.ts';
import type { Condition, GroupStore, RequestOptions, Write } from './store.ts';

/** What a tick holds of a shard: whoever has this epoch at this cursor may move it. */
export interface Holding {
  shard: string;
  slot: string;
  epoch: number;
  cursor: string;
}

export interface Progress {
  /** Cursor after the last processed record. */
  to: string;
  done: boolean;
  lagMs: number | undefined;
}

/**
 * Moves the checkpoint from the holding's cursor to `to`. False: the shard has another owner, epoch or cursor by now,
 * and work on it must stop at once.
 *
 * Throws StoreError when it cannot be found out (see settled.ts): then nothing about the shard may be remembered.
 */
export async function commit(
  store: GroupStore,
  holding: Holding,
  progress: Progress,
  options: RequestOptions,
): Promise<boolean> {
  const { to, done, lagMs } = progress;
  assert(to !== '', 'a checkpoint is a place to go on at');
  const write: Unfenced = {
    set: {
      cursor: to,
      ...(done && { state: 'done' }),
      ...(lagMs !== undefined && { lagMs }),
    },
    unset: ['failure', 'sought'],
  };
  return fencedWrite(store, holding, write, options);
}

/** Notes that what was sought is known wherever it has to be, under the same fence as a checkpoint. */
export function settleSought(store: GroupStore, holding: Holding, options: RequestOptions): Promise<boolean> {
  return commit(store, holding, { to: holding.cursor, done: false, lagMs: undefined }, options);
}

/** Notes that the user's function refused the batch at the cursor, under the same fence as a checkpoint. */
export async function recordFailure(
  store: GroupStore,
  holding: Holding,
  failure: Failure,
  options: RequestOptions,
): Promise<boolean> {
  assert(failure.attempts > 0 && failure.to !== holding.cursor, 'what failed is a batch, and was tried');
  return fencedWrite(store, holding, { set: { failure } }, options);
}

function held(holding: Holding): Condition<ShardItem> {
  return {
    all: [
      { equal: 'owner', value: holding.slot },
      { equal: 'epoch', value: holding.epoch },
      { equal: 'cursor', value: holding.cursor },
    ],
  };
}

type Unfenced = Omit<Write<ShardItem>, 'condition'>;

async function fencedWrite(
  store: GroupStore,
  holding: Holding,
  write: Unfenced,
  options: RequestOptions,
): Promise<boolean> {
  // A condition on something that is not there would fence nothing.
  assert(holding.slot !== '' && holding.cursor !== '' && holding.epoch > 0, 'the shard was claimed');
  const fenced = { ...write, condition: held(holding) };
  return (await store.update(shardKey(holding.shard), fenced, options)).accepted;
}
