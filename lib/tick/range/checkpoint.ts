import { nextOf } from '../../delivery/reach.ts';
import { commit } from '../../group/commit.ts';
import type { Pending } from '../../group/pending.ts';
import { observed } from '../observed.ts';
import { rangeId } from './range.ts';
import { type Along, count, type RangeWork } from './rangeWork.ts';

/**
 * Moves the checkpoint behind the range, of which nothing is left to do: `done` says it, where something of it was pending. `lost`: the
 * shard is somebody else's by now. Throws as `commit` does.
 */
export async function checkpoint(
  work: Pick<RangeWork, 'context' | 'holding' | 'at' | 'range' | 'result' | 'taken'>,
  done: Pending | undefined,
  along?: Along,
): Promise<'lost' | undefined> {
  const { context, holding, at, range } = work;
  const { to, endOfShard, lagMs } = range;
  const pending = done && nextOf(done);
  const progress = { to, done: endOfShard, lagMs, pending };
  const { store, budget, settings } = context;
  const { shard } = holding;
  const move = () => commit(store, holding, progress, { signal: budget.requests, along });
  const attributes = { shard, range: rangeId(settings.group, shard, range) };
  if (!(await observed(context, 'commit', attributes, move))) return 'lost';
  Object.assign(at, { cursor: to, pending, step: pending && 1, gatheringSince: undefined });
  count(work);
  return undefined;
}
