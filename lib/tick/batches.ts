import assert from 'node:assert/strict';
import { mustWait } from '../delivery/waits.ts';
import type { Holding } from '../group/commit.ts';
import type { Pending } from '../group/pending.ts';
import { dropAhead, pullAhead } from './ahead.ts';
import type { CachedShard } from './cache.ts';
import type { ShardContext, ShardOutcome, TickContext } from './context.ts';
import { endOf, passOver, pullTurn } from './pull.ts';
import { checkpoint } from './range/checkpoint.ts';
import { workOnRange } from './range/parts.ts';
import type { Range } from './range/range.ts';
import type { RangeWork } from './range/rangeWork.ts';
import { readBehind, readRange } from './range/readRange.ts';
import { tellStuck } from './range/stuck.ts';
import type { Reading } from './reading.ts';
import type { ShardResult } from './result.ts';

/**
 * Reads, gives to the user's function, checkpoints, again and again while the shard is behind and time is left. `at` is what the table
 * holds, and is kept so. `longestMs`: how long a batch of the shard may take, as far as is known; 0 at the beginning of a tick, when
 * everything is begun. Throws what the store throws, and what the source throws unless the time was over.
 */
export async function consumeBatches(
  context: ShardContext,
  shard: string,
  at: CachedShard,
  result: ShardResult,
  longestMs: number,
): Promise<ShardOutcome> {
  const { clock, budget, settings } = context;
  assert(at.state !== 'done', 'there is something left to read');
  const leave = (stopped: ShardResult['stopped']): ShardOutcome => ({
    result: { ...result, stopped, cursor: at.cursor },
    remember: stopped === 'lost' ? undefined : at,
  });
  const waiting = waitsFor(context, shard, at.pending);
  if (waiting !== undefined) return leave(waiting);
  const end = await endOf(context, shard);
  if (end.near) return leave('caughtUp');
  const holder = context.bytes.holder();
  const reading: Reading = { context, shard, at, endCursor: end.cursor, holder, ahead: undefined };
  const consuming: Consuming = { reading, result, longestMs };
  try {
    while (result.batches < settings.batchesMax) {
      if (!(await (reading.ahead?.turn ?? pullTurn(context, at)))) return leave('deadline');
      // The wait for it says nothing of how long a batch takes.
      if (reading.ahead === undefined && !(await holder.reserve(budget.work))) return leave('deadline');
      const startedAt = clock.now();
      // A batch that takes as long as the longest one so far must still fit.
      const needMs = at.pace?.msPerRecord === undefined ? consuming.longestMs : 0;
      if (budget.work.aborted || startedAt + needMs >= budget.workUntil) return leave('deadline');
      if (context.yields?.(startedAt)) return leave('deadline');
      const { slot } = context;
      const { epoch, cursor, step } = at;
      const stopped = await consumeRange(consuming, { shard, slot, epoch, cursor, step }, startedAt);
      holder.empty();
      if (stopped !== undefined) return leave(stopped);
    }
    return leave('batchesMax');
  } finally {
    dropAhead(reading);
    holder.empty();
  }
}

interface Consuming {
  reading: Reading;
  result: ShardResult;
  longestMs: number;
}

/** Reads one range, gives all of it to the user's function, and moves the checkpoint. Undefined: there may be more. */
async function consumeRange(
  consuming: Consuming,
  holding: Holding,
  startedAt: number,
): Promise<ShardResult['stopped'] | undefined> {
  const { reading, result, longestMs } = consuming;
  const { context, at, endCursor } = reading;
  const range = await readRange(reading, holding);
  if (range === 'cursorExpired') {
    return result.expired === undefined ? passOver(context, holding, at, result) : range;
  }
  if (range === 'deadline' || range === 'gathering') return range;
  const moved = range.to !== at.cursor;
  // Delivered, they would have no end to name the batch by, and come again and again.
  assert(moved || range.count === 0, 'a source tells where to go on after records');
  const taken = { batches: 0, records: 0, bytes: 0 };
  const behind: Range[] = [];
  const work: RangeWork = {
    context,
    holding,
    at,
    range,
    behind,
    result,
    readOn: (from, noted) => readBehind(reading, from, noted),
    dropAhead: () => dropAhead(reading),
    startedAt,
    longestMs,
    taken,
  };
  if (isMoreWanted(work, endCursor)) pullAhead(reading, range.to);
  const ended = range.count > 0 ? await workOnRange(work) : await passEmpty(work);
  if (ended !== 'finished') return ended;
  consuming.longestMs = work.longestMs;
  result.lagMs = range.lagMs;
  if (range.lagMs !== undefined) at.lag = { ms: range.lagMs, at: context.clock.now() };
  range.release();
  if (range.endOfShard) {
    at.state = 'done';
    context.logger.info('shard.done', { shard: holding.shard });
    const { shard, slot } = holding;
    context.announcer?.happened(slot, { type: 'shardDone', shard, cursor: at.cursor });
    return 'done';
  }
  // A shard with an end is read until that is certain.
  const hasEnd = at.state !== 'open' || endCursor !== undefined;
  return !moved || (range.caughtUp && !hasEnd) ? 'caughtUp' : undefined;
}

/**
 * Whether it is all but certain that the shard will be pulled behind the range in this tick. Where the service says that there is nothing
 * more, where something is pending, or where too little is left for a batch, it may not come to that, and a pull has its price.
 */
function isMoreWanted({ context, at, range, result, longestMs }: RangeWork, endCursor?: string): boolean {
  const { settings, clock, budget } = context;
  const { batchesMax, delivery } = settings;
  if (range.count === 0 || range.caughtUp || range.endOfShard || range.to === endCursor) return false;
  const batches = Math.ceil(
    range.count / Math.min(range.count, delivery.recordsMax, at.recordsFit ?? range.count),
  );
  const isLast = result.batches + batches >= batchesMax || context.yields?.(clock.now()) === true;
  return at.pending === undefined && !isLast && clock.now() + 2 * longestMs < budget.workUntil;
}

/** Why what is pending is not tried yet. A shard that waits costs the others nothing. */
function waitsFor(
  context: TickContext,
  shard: string,
  pending: Pending | undefined,
): 'backingOff' | 'blocked' | undefined {
  const { settings, groupNow } = context;
  if (pending === undefined || !mustWait(pending, groupNow(), settings.times.intervalMs)) return undefined;
  return tellStuck(context, shard, pending) ?? 'backingOff';
}

/** A range without records. */
async function passEmpty(work: RangeWork): Promise<'finished' | 'lost'> {
  const { at, range } = work;
  const isToTell = range.to !== at.cursor || range.endOfShard;
  return (isToTell ? await checkpoint(work, at.pending) : undefined) ?? 'finished';
}
