import { SourceError, StoreError } from '../errors.ts';
import { claim } from '../group/claim.ts';
import { commit, settleSought } from '../group/commit.ts';
import { type Grant, type ShardItem, shardKey } from '../group/items.ts';
import { mayWork } from '../group/ownership.ts';
import { messageOf } from '../observe/plainError.ts';
import { consumeBatches } from './batches.ts';
import type { CachedShard } from './cache.ts';
import type { ShardOutcome, TickContext } from './context.ts';
import { checkpointBeyond, mirroredWord, tellProvider } from './mirror.ts';
import { isFailed, type ShardResult } from './result.ts';

/** Claims one assigned shard if that is needed, and reads on in it until it is read up or the time is over. Never throws. */
export async function workOnShard(
  context: TickContext,
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
    const held = cached ?? (await take(context, shard, grant));
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
async function take(context: TickContext, shard: string, grant: Grant): Promise<CachedShard | undefined> {
  const { store, slot, settings, budget, logger } = context;
  const options = { signal: budget.requests };
  const item = await store.get(shardKey(shard), { ...options, consistent: true });
  if (item === undefined) return undefined;
  if (item.state === 'done') return held(context, item);
  // A run before may have been broken off between its claim and what follows here.
  if (mayWork(item, slot, grant)) return agreed(context, shard, item);

  const { skewMarginMs } = settings.times;
  const request = {
    slot,
    shard,
    grant,
    now: context.groupNow(),
    skewMarginMs,
    order: settings.order && context.provider === undefined,
  };
  const answer = await claim(store, request, item, options);
  if (!answer.claimed) {
    logger.info('shard.waiting', { shard, for: answer.waiting, owner: item.owner });
    return undefined;
  }
  logger.info('shard.claimed', { shard, from: answer.from ?? null, epoch: answer.item.epoch });
  return agreed(context, shard, answer.item);
}

/** What the table holds, once the service's own checkpoint and ours agree. Undefined: not in this tick. */
function agreed(context: TickContext, shard: string, item: ShardItem): Promise<CachedShard | undefined> {
  return item.sought
    ? toProvider(context, shard, held(context, item))
    : fromProvider(context, shard, held(context, item));
}

/**
 * What an operator sought is where to go on, whatever the service says. It is told before anything is read: once something is
 * committed, nobody knows any more that the service's checkpoint, further on, is not to be adopted. From then on the service's
 * counts again, as others may read on from there.
 */
async function toProvider(
  context: TickContext,
  shard: string,
  at: CachedShard,
): Promise<CachedShard | undefined> {
  if (context.provider === undefined) return at;
  const { epoch, cursor } = at;
  const told = await tellProvider(context, new Map([[shard, cursor]]));
  if (told.get(shard) !== 'committed') return undefined;
  const holding = { shard, slot: context.slot, epoch, cursor };
  const isSettled = await settleSought(context.store, holding, { signal: context.budget.requests });
  return isSettled ? { ...at, mirrored: mirroredWord(at) } : undefined;
}

/**
 * A shard that an official consumer had in between is taken over where that one committed last, if that is further on.
 * (Where our own checkpoint is further on, it could not be brought to the service.)
 */
async function fromProvider(
  context: TickContext,
  shard: string,
  at: CachedShard,
): Promise<CachedShard | undefined> {
  const { slot, budget, logger } = context;
  const to = await checkpointBeyond(context, shard, at.cursor);
  if (to === undefined || (await isEmptyAt(context, shard, to))) return at;
  const holding = { shard, slot, epoch: at.epoch, cursor: at.cursor };
  const progress = { to, done: false, lagMs: undefined };
  if (!(await commit(context.store, holding, progress, { signal: budget.requests }))) return undefined;
  logger.info('shard.takenOver', { shard, from: at.cursor, to });
  return { ...at, cursor: to, failure: undefined };
}

/**
 * A service may tell of an empty shard where it ends, whether anybody has committed that or not. Then what lies before is past the
 * retention: the pull at our own checkpoint says so, and goes on at the same place.
 */
async function isEmptyAt({ source, budget }: TickContext, shard: string, cursor: string): Promise<boolean> {
  if ((await source.cursorAt(shard, { at: 'begin' }, budget.work)) !== cursor) return false;
  return (await source.cursorAt(shard, { at: 'end' }, budget.work)) === cursor;
}

/** An item does not tell when its lag was measured: none is no news. */
const held = ({ clock }: TickContext, { epoch, cursor, state, failure, lagMs }: ShardItem): CachedShard => ({
  epoch,
  cursor,
  state,
  failure,
  ...(lagMs && { lag: { ms: lagMs, at: clock.now() } }),
});
