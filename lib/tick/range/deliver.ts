import type { Part } from '../../delivery/attempt.ts';
import type { Delivered } from '../../delivery/delivered.ts';
import type { Batch, BatchContext } from '../../delivery/userModule.ts';
import { shorter } from '../budget.ts';
import type { TickContext } from '../context.ts';
import { observed } from '../observed.ts';
import { bytesOf, type Range, rangeId } from './range.ts';

/**
 * Hands a part of a range to the user's function. Its id says what it is: the same one always means the same records. Whatever code
 * that ignores its signal still does, nothing of it is committed. `limitMs`: it has no more time than that.
 */
export async function deliver(
  context: TickContext,
  shard: string,
  range: Range,
  { first, last }: Part,
  limitMs = Number.POSITIVE_INFINITY,
): Promise<{ delivered: Delivered; beganAt: number }> {
  const { settings, source, successes, slot, consumer, meter } = context;
  const { from, to } = range;
  const id = batchId(settings.group, shard, range, { first, last });
  const batch: Batch = {
    id,
    group: settings.group,
    shard,
    from,
    to,
    first,
    records: range.records(first, last),
    bytes: bytesOf(range, last - first),
    tags: source.tagsOf?.(shard) ?? source.tags,
    ...(settings.replay && { replayed: true }),
  };
  const logger = context.logger.with({ shard, batch: id });
  context.lastWords?.given({ slot, invocation: consumer.invocation }, shard, id);
  await context.begin?.();
  const beganAt = context.clock.now();
  const budget = shorter(context.clock, context.budget, limitMs);
  const given = givenBy({ budget, logger });
  meter.add('attempts');
  const attributes = {
    ...{ shard, batch: id, range: rangeId(settings.group, shard, range) },
    ...{ records: last - first, bytes: batch.bytes },
  };
  const delivered = await observed(context, 'batch', attributes, async (span): Promise<Delivered> => {
    const how = await context.deliver(batch, given);
    if (how.how === 'succeeded' || (how.how === 'tooMany' && last - first > 1)) return how;
    span.fail(how.error);
    // Fewer records there are not.
    return how.how === 'tooMany' ? ({ how: 'failed', error: how.error } as const) : how;
  });
  // What is yet to be written may be refused.
  const isDone = delivered.how === 'succeeded' && delivered.writes === undefined;
  if (isDone || ('done' in delivered && delivered.done > 0)) successes.at = context.groupNow();
  return { delivered, beganAt };
}

/** What the user's function is given beside a batch. */
export const givenBy = ({ budget, logger }: Pick<TickContext, 'budget' | 'logger'>): BatchContext => ({
  signal: budget.work,
  remainingMs: budget.remainingMs,
  logger,
});

/** `group/shard/from-to`, and which of its records, if not all. */
export function batchId(group: string, shard: string, range: Range, { first, last }: Part): string {
  const whole = rangeId(group, shard, range);
  return first === 0 && last === range.count ? whole : `${whole}/${first}-${last}`;
}
