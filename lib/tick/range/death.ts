import { died } from '../../delivery/attempt.ts';
import type { Holding } from '../../group/commit.ts';
import type { CachedShard } from '../cache.ts';
import type { TickContext } from '../context.ts';
import { rulesOf, writePending } from './rangeWork.ts';

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
  const next = died(pending, message, rulesOf(context));
  if ((await writePending({ context, holding, at }, next)) === 'lost') return false;
  at.pace ??= { msPerRecord: undefined };
  const attempts = next.block === undefined ? next.attempts : rulesOf(context).attemptsMax;
  meter.add('diedBatches');
  logger.error('batch.died', { shard, run, attempts, records: pending.size, message });
  return true;
}

/** Whether a run may die of what is to be done next in the shard: then all others have their turn first. */
export const isSuspect = ({ pending }: CachedShard, now: number): boolean =>
  pending?.deadly === true && pending.condemned === undefined && (pending.notBefore ?? 0) <= now;
