import { died } from '../../delivery/attempt.ts';
import { condemned } from '../../delivery/condemned.ts';
import { mustWait } from '../../delivery/waits.ts';
import type { Holding } from '../../group/commit.ts';
import type { CachedShard } from '../cache.ts';
import type { TickContext } from '../context.ts';
import { givesUp, rulesOf, writePending } from './rangeWork.ts';

const UNKNOWN =
  'the run that was given it did not end: it exited, ran out of memory, or was killed when its time was over';

/**
 * Notes that a run has died over what it was given, if the item says that another one had begun it. False: the shard is lost.
 * One of this sandbox that came to its end is not dead: it had no answer from the table.
 */
export async function noteDeath(context: TickContext, shard: string, at: CachedShard): Promise<boolean> {
  const { slot, consumer, endedRuns, lastWords, logger, meter } = context;
  const { pending } = at;
  const run = pending?.inWork?.run;
  if (pending === undefined || run === undefined || run === consumer.invocation || endedRuns.has(run))
    return true;
  const message = lastWords?.of(run) ?? UNKNOWN;
  const holding: Holding = { shard, slot, epoch: at.epoch, cursor: at.cursor, step: at.step };
  const isProven = givesUp(context) && pending.proven === true;
  const known = died(pending, { message, isProven }, rulesOf(context));
  const { block, tried = 0 } = known;
  const isToBlame = isProven && block !== undefined && tried >= block;
  const next = isToBlame ? condemned(known, { count: block, reason: 'died' }) : known;
  if ((await writePending({ context, holding, at }, next)) === 'lost') return false;
  at.pace ??= { msPerRecord: undefined };
  const attempts = block === undefined ? next.attempts : rulesOf(context).attemptsMax;
  meter.add('diedBatches');
  logger.error('batch.died', { shard, run, attempts, records: pending.size, message });
  return true;
}

/** Whether a run may die of what is to be done next in the shard: then all others have their turn first. */
export const isSuspect = (
  { groupNow, settings }: TickContext,
  { pending }: Pick<CachedShard, 'pending'>,
): boolean =>
  pending?.deadly === true &&
  pending.condemned === undefined &&
  !mustWait(pending, groupNow(), settings.times.intervalMs);
