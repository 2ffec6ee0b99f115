import { StoreError } from '../errors.ts';
import { claim } from '../group/claim.ts';
import { commit } from '../group/commit.ts';
import { type Grant, type ShardItem, shardKey } from '../group/items.ts';
import { mayWork } from '../group/ownership.ts';
import type { CachedShard } from './cache.ts';
import { readOn } from './readOn.ts';
import type { ShardResult } from './result.ts';
import type { ShardOutcome, TickRun } from './run.ts';

/** Claims one assigned shard if that is needed, and reads on in it until it is read up or the time is over. Never throws. */
export async function workOnShard(
  run: TickRun,
  shard: string,
  grant: Grant,
  cached: CachedShard | undefined,
): Promise<ShardOutcome> {
  const result: ShardResult = {
    shard,
    stopped: 'waiting',
    batches: 0,
    bytes: 0,
    cursor: undefined,
    lagMs: undefined,
  };
  try {
    const held = cached ?? (await take(run, shard, grant));
    if (held === undefined) return { result, remember: undefined };
    if (held.state === 'done') {
      return { result: { ...result, stopped: 'done' }, remember: { ...held } };
    }
    return await readOn(run, shard, { ...held }, result);
  } catch (error) {
    if (run.budget.requests.aborted)
      return { result: { ...result, stopped: 'deadline' }, remember: undefined };
    result.stopped = error instanceof StoreError ? 'storeFailed' : 'sourceFailed';
    result.error = String(error);
    run.logger.error('shard.failed', { shard, error });
    return { result, remember: undefined };
  }
}

/** Reads the shard's item and makes sure that this slot may work on it. Undefined: not in this tick. */
async function take(run: TickRun, shard: string, grant: Grant): Promise<CachedShard | undefined> {
  const { store, slot, settings, budget, logger } = run;
  const options = { signal: budget.requests };
  const item = await store.get(shardKey(shard), { ...options, consistent: true });
  if (item === undefined) return undefined;
  if (item.state === 'done') return held(item);
  if (mayWork(item, slot, grant)) {
    const mayBeBehind = run.provider?.tellsDropped === false && !item.sought;
    return mayBeBehind ? fromProvider(run, shard, held(item)) : held(item);
  }

  const { skewMarginMs } = settings.times;
  const request = {
    slot,
    shard,
    grant,
    now: run.groupNow(),
    skewMarginMs,
    order: settings.order && run.provider === undefined,
  };
  const answer = await claim(store, request, item, options);
  if (!answer.claimed) {
    logger.info('shard.waiting', { shard, for: answer.waiting, owner: item.owner });
    return undefined;
  }
  logger.info('shard.claimed', { shard, from: answer.from ?? null, epoch: answer.item.epoch });
  // What an operator sought is where to go on, whatever the service says.
  return answer.item.sought ? held(answer.item) : fromProvider(run, shard, held(answer.item));
}

/**
 * A shard that an official consumer had in between is taken over where that one committed last, if that is further on.
 * (Where our own checkpoint is further on, it could not be brought to the service.)
 */
async function fromProvider(run: TickRun, shard: string, at: CachedShard): Promise<CachedShard | undefined> {
  const { source, slot, budget, logger } = run;
  const to = (await run.providerCheckpoints()).get(shard);
  if (to === undefined || (source.distance?.(at.cursor, to) ?? 0) <= 0) return at;
  const holding = { shard, slot, epoch: at.epoch, cursor: at.cursor };
  const progress = { to, done: false, lagMs: undefined };
  if (!(await commit(run.store, holding, progress, { signal: budget.requests }))) return undefined;
  logger.info('shard.takenOver', { shard, from: at.cursor, to });
  return { ...at, cursor: to, failure: undefined };
}

const held = ({ epoch, cursor, state, failure }: ShardItem): CachedShard => ({
  epoch,
  cursor,
  state,
  failure,
});
