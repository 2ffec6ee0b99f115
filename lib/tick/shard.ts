import { SourceError, StoreError } from '../errors.ts';
import { claim } from '../group/claim.ts';
import { type Grant, type ShardItem, shardKey } from '../group/items.ts';
import { mayWork } from '../group/ownership.ts';
import { messageOf } from '../observe/plainError.ts';
import { consumeBatches } from './batches.ts';
import type { CachedShard } from './cache.ts';
import type { ShardContext, ShardOutcome, TickContext } from './context.ts';
import type { TickCoordination } from './coordination/coordination.ts';
import { isSuspect, noteDeath } from './range/death.ts';
import { givenBy } from './range/deliver.ts';
import { isFailed, type ShardResult } from './result.ts';
import { type Standing, standingOf } from './standing.ts';

/** Of a shard that has to wait for its turn: how it was taken. */
export interface Suspect {
  suspect: CachedShard;
}

/**
 * Claims one assigned shard if that is needed, and reads on in it until it is read up or the time is over. One of which a run may die is
 * only taken, unless it is its turn. `before`: what the same tick has done in it. Never throws.
 */
export async function workOnShard(
  context: ShardContext,
  coordination: TickCoordination,
  { shard, grant }: { shard: string; grant: Grant },
  known: { cached: CachedShard | undefined; isItsTurn: boolean; before?: ShardOutcome | undefined },
): Promise<ShardOutcome | Suspect> {
  const { before } = known;
  const result = before === undefined ? nothingDone(shard) : goingOn(before.result);
  // Begun too late, it fails at nothing.
  const inTime = !context.budget.work.aborted;
  let at: CachedShard | undefined;
  let standing: Standing | undefined;
  try {
    const held = known.cached ?? (await take(context, coordination, shard, grant));
    if (held === undefined) return { result, remember: undefined };
    if (held.state === 'done') {
      return { result: { ...result, stopped: 'done' }, remember: { ...held } };
    }
    at = { ...held, ...(known.cached === undefined && ofSandbox(before?.remember)) };
    if (at.paused) {
      return withLag(context, at, {
        result: { ...result, stopped: 'paused', cursor: at.cursor },
        remember: at,
      });
    }
    if (!(await noteDeath(context, shard, at)))
      return { result: { ...result, stopped: 'lost' }, remember: undefined };
    if (!known.isItsTurn && isSuspect(context, at)) return { suspect: at };
    const { slot, lifecycle } = context;
    const given = givenBy(context);
    // It moves: what is noted before the first batch is this sandbox's own.
    const stand = at;
    await lifecycle?.found(slot, shard, stand, given);
    const begin = async () => lifecycle?.begun(slot, shard, stand, given);
    standing = standingOf(context, shard, at);
    const longestMs = before === undefined ? 0 : (at.batchMs ?? at.pace?.msPerRecord ?? 0);
    const outcome = await consumeBatches({ ...context, begin }, shard, at, result, longestMs);
    const { stopped } = outcome.result;
    const why = stopped === 'done' || stopped === 'lost' ? stopped : outcome.remember;
    await lifecycle?.ended(slot, shard, why, given);
    return withLag(context, at, outcome, standing);
  } catch (error) {
    return withLag(context, at, failedWith(context, { result, at, inTime }, error), standing);
  }
}

const nothingDone = (shard: string): ShardResult => ({
  shard,
  stopped: 'waiting',
  batches: 0,
  records: 0,
  bytes: 0,
  cursor: undefined,
  lagMs: undefined,
});

/** What the table does not know, and what holds whatever stands there. */
const ofSandbox = ({ pulledAt, batchMs, recordsFit }: Partial<CachedShard> = {}): Partial<CachedShard> => ({
  pulledAt,
  batchMs,
  recordsFit,
});

/** What the tick has done in the shard so far is counted on; how it stands there is found anew. */
function goingOn({ error: _error, lagPositions: _positions, ...before }: ShardResult): ShardResult {
  return { ...before, stopped: 'waiting', lagMs: undefined };
}

function failedWith(
  { budget, logger }: TickContext,
  { result, at, inTime }: { result: ShardResult; at: CachedShard | undefined; inTime: boolean },
  error: unknown,
): ShardOutcome {
  const isCut = budget.requests.aborted;
  if (isCut && (!inTime || result.batches > 0))
    return { result: { ...result, stopped: 'deadline' }, remember: undefined };
  const isSource = error instanceof SourceError || !(isCut || error instanceof StoreError);
  result.stopped = isSource ? 'sourceFailed' : 'storeFailed';
  result.error = messageOf(error);
  logger.error('shard.failed', { shard: result.shard, error });
  // What the log service does not answer changes nothing in the table.
  const certain = error instanceof SourceError ? at : undefined;
  return { result: { ...result, cursor: certain?.cursor }, remember: certain };
}

const UNREAD: ReadonlySet<ShardResult['stopped']> = new Set(['deadline', 'gathering', 'paused']);

/** A shard that nobody could read falls behind: an alarm that goes by the lag must not take that for silence. */
function withLag(
  { clock }: TickContext,
  at: CachedShard | undefined,
  { result, remember }: ShardOutcome,
  standing: Standing = (result) => result,
): ShardOutcome {
  const isUnread = UNREAD.has(result.stopped) || isFailed(result);
  if (!isUnread || result.lagMs !== undefined || at?.lag === undefined) {
    return { result: standing(result), remember };
  }
  return { result: standing({ ...result, lagMs: at.lag.ms + clock.now() - at.lag.at }), remember };
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
  const { store, slot, settings, budget, logger, meter } = context;
  const { skewMarginMs } = settings.times;
  const order = settings.order && coordination.holdsChildrenBack;
  const request = { slot, shard, grant, now: context.groupNow(), skewMarginMs, order };
  const answer = await claim(store, request, seen, { signal: budget.requests });
  if (!answer.claimed) {
    logger.info('shard.waiting', { shard, for: answer.waiting, owner: seen.owner });
    return undefined;
  }
  logger.info('shard.claimed', { shard, from: answer.from ?? null, epoch: answer.item.epoch });
  if (answer.from !== undefined && answer.from !== slot) meter.add('handOffs');
  const { from, item } = answer;
  context.announcer?.happened(slot, { type: 'assigned', shard, from, cursor: item.cursor });
  return answer.item;
}

/** An item does not tell when its lag was measured: none is no news. */
const heldOf = (
  { clock }: TickContext,
  { epoch, cursor, state, pending, step, lagMs, paused }: ShardItem,
): CachedShard => ({
  ...(paused && { paused }),
  epoch,
  cursor,
  state,
  pending,
  step,
  // Less is begun at a time than time has run out for.
  ...(isSlow(pending) && { pace: { msPerRecord: pending?.msPerRecord } }),
  ...(lagMs !== undefined && { lag: { ms: lagMs, at: clock.now() } }),
});

/**
 * Noted without an attempt, a size is what time had run out for. Where a run may have been killed when its time was over, it is as well
 * to go by the time that a record takes.
 */
const isSlow = (pending: ShardItem['pending']): boolean =>
  pending?.msPerRecord !== undefined ||
  (pending?.size !== undefined &&
    (pending.deadly === true || (pending.attempts === 0 && pending.inWork === undefined)));
