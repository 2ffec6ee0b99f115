import { SourceError, StoreError } from '../errors.ts';
import { claim } from '../group/claim.ts';
import { type Grant, type ShardItem, shardKey } from '../group/items.ts';
import { mayWork } from '../group/ownership.ts';
import { messageOf } from '../observe/plainError.ts';
import { consumeBatches } from './batches.ts';
import type { CachedShard } from './cache.ts';
import type { ShardOutcome, TickContext } from './context.ts';
import type { TickCoordination } from './coordination/coordination.ts';
import { isFailed, type ShardResult } from './result.ts';

/** Claims one assigned shard if that is needed, and reads on in it until it is read up or the time is over. Never throws. */
export async function workOnShard(
  context: TickContext,
  coordination: TickCoordination,
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
  // Begun too late, it fails at nothing.
  const inTime = !context.budget.work.aborted;
  let at: CachedShard | undefined;
  try {
    const held = cached ?? (await take(context, coordination, shard, grant));
    if (held === undefined) return { result, remember: undefined };
    if (held.state === 'done') {
      return { result: { ...result, stopped: 'done' }, remember: { ...held } };
    }
    at = { ...held };
    return withLag(context, at, await consumeBatches(context, shard, at, result));
  } catch (error) {
    const isCut = context.budget.requests.aborted;
    if (isCut && (!inTime || result.batches > 0))
      return { result: { ...result, stopped: 'deadline' }, remember: undefined };
    const isSource = error instanceof SourceError || !(isCut || error instanceof StoreError);
    result.stopped = isSource ? 'sourceFailed' : 'storeFailed';
    result.error = messageOf(error);
    context.logger.error('shard.failed', { shard, error });
    // What the log service does not answer changes nothing in the table.
    const certain = error instanceof SourceError ? at : undefined;
    return withLag(context, at, { result: { ...result, cursor: certain?.cursor }, remember: certain });
  }
}

/** A shard that nobody could read falls behind: an alarm that goes by the lag must not take that for silence. */
function withLag({ clock }: TickContext, at: CachedShard | undefined, outcome: ShardOutcome): ShardOutcome {
  const { result } = outcome;
  const isUnread = result.stopped === 'deadline' || isFailed(result);
  if (!isUnread || result.lagMs !== undefined || at?.lag === undefined) return outcome;
  return { ...outcome, result: { ...result, lagMs: at.lag.ms + clock.now() - at.lag.at } };
}

/** Reads the shard's item and makes sure that this slot may work on it. Undefined: not in this tick. */
async function take(
  context: TickContext,
  coordination: TickCoordination,
  shard: string,
  grant: Grant,
): Promise<CachedShard | undefined> {
  const { store, budget } = context;
  const item = await store.get(shardKey(shard), { signal: budget.requests, consistent: true });
  if (item === undefined) return undefined;
  if (item.state === 'done') return heldOf(context, item);
  const isOurs = mayWork(item, context.slot, grant);
  const claimed = isOurs ? item : await takeOver(context, coordination, shard, grant, item);
  // Also one that is ours already: a tick before may have been broken off between its claim and this.
  return claimed && coordination.reconcile(shard, heldOf(context, claimed), claimed.sought === true);
}

async function takeOver(
  context: TickContext,
  coordination: TickCoordination,
  shard: string,
  grant: Grant,
  seen: ShardItem,
): Promise<ShardItem | undefined> {
  const { store, slot, settings, budget, logger } = context;
  const { skewMarginMs } = settings.times;
  const order = settings.order && coordination.holdsChildrenBack;
  const request = { slot, shard, grant, now: context.groupNow(), skewMarginMs, order };
  const answer = await claim(store, request, seen, { signal: budget.requests });
  if (!answer.claimed) {
    logger.info('shard.waiting', { shard, for: answer.waiting, owner: seen.owner });
    return undefined;
  }
  logger.info('shard.claimed', { shard, from: answer.from ?? null, epoch: answer.item.epoch });
  return answer.item;
}

/** An item does not tell when its lag was measured: none is no news. */
const heldOf = (
  { clock }: TickContext,
  { epoch, cursor, state, failure, lagMs }: ShardItem,
): CachedShard => ({
  epoch,
  cursor,
  state,
  failure,
  ...(lagMs && { lag: { ms: lagMs, at: clock.now() } }),
});
