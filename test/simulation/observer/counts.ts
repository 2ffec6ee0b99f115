import type { ShardItem } from '../../../lib/group/items.ts';
import type { Actor } from '../host.ts';
import { positionOf } from '../stream.ts';
import { placeIn, type Watch } from './watch.ts';

/** A record that was counted by a write: its shard and its place there. */
export interface Counted {
  shard: string;
  position: number;
}

/**
 * Where the function returns what is to be counted: the write that passes a record counts it, no other one does, and none is counted twice. That
 * none is passed without it says `mayPass`.
 */
export function watchCounts(
  watch: Watch,
  actor: Actor,
  counted: readonly Counted[],
  {
    shard: written,
    before,
    after,
  }: { shard: string; before: ShardItem | undefined; after: ShardItem | undefined },
): void {
  for (const { shard, position } of counted) {
    const history = watch.history(shard);
    const what = `${actor.name} counts record ${position} of shard ${shard}`;
    if (history.counted[position]) watch.fail('counted', `${what} again`);
    history.counted[position] = true;
    const isPassed =
      shard === written &&
      before !== undefined &&
      after !== undefined &&
      position >= placeIn(before) &&
      position < passedIn(after);
    if (!isPassed) watch.fail('counted', `${what}, which its write does not pass`);
  }
}

/** Those given up, and what is finished behind them, are as good as passed. */
function passedIn(item: ShardItem): number {
  const { pending } = item;
  if (pending?.condemned === undefined) return placeIn(item);
  return positionOf(pending.to) - pending.count + pending.condemned.resume;
}
