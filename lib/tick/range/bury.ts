import { buried } from '../../delivery/condemned.ts';
import type { DeadLetter } from '../../delivery/deadLetters/deadLetters.ts';
import type { Pending } from '../../group/pending.ts';
import type { LogRecord } from '../../sources/source.ts';
import { locateAll } from './behind.ts';
import type { Range } from './range.ts';
import { noted, type RangeEnd, type RangeWork, rulesOf } from './rangeWork.ts';
import { tellFull } from './stuck.ts';

const TOO_OLD = 'older than SHARDBEAT_RECORD_AGE_MAX';
/** Of the records that were put aside, so many are told of by name. */
const TOLD_MAX = 10;

/**
 * Puts those that were given up into the dead letters, and only then passes them. That they are given up was noted before: so none of
 * them is ever given to the user's function again, wherever this is broken off, and the same record twice makes one dead letter.
 */
export async function bury(
  work: RangeWork,
  pending: Pending,
  { count, reason }: NonNullable<Pending['condemned']>,
): Promise<RangeEnd | undefined> {
  const { context, holding, range, result, at } = work;
  const { logger, budget } = context;
  const { shard } = holding;
  const letters = await lettersOf(work, pending, count);
  if (letters === 'unknown') return 'deadline';
  const kept = await context.deadLetters.put(letters, { signal: budget.requests });
  if (kept === 'full') return tellFull(context, shard, count);
  const first = letters.slice(0, TOLD_MAX).map(({ id, attempts, message }) => ({ id, attempts, message }));
  const happening = { type: 'deadLettered', shard, reason, count: letters.length, letters: first } as const;
  if (letters.length > 0) context.announcer?.happened(holding.slot, happening);
  for (const { id, attempts, message } of first) {
    logger.error('record.givenUp', { shard, record: id, reason, attempts, message });
  }
  if (count > TOLD_MAX) logger.error('records.givenUp', { shard, reason, records: count });
  result.deadLetters = (result.deadLetters ?? 0) + letters.length;
  const next = buried(pending, range.count);
  if (next.done < range.count) return noted(work, next);
  // The checkpoint says it.
  at.pending = next;
  return undefined;
}

/** In order, also of those behind the range. */
async function lettersOf(
  work: RangeWork,
  pending: Pending,
  count: number,
): Promise<DeadLetter[] | 'unknown'> {
  const places = { first: pending.done, last: pending.done + count };
  const found = await locateAll(work, pending, places);
  if (found === 'unknown') return found;
  return found.flatMap(({ range, part: { first, last } }) => {
    // Some at the beginning may be past the retention.
    let index = Math.max(first, range.missing);
    return Array.from(range.records(first, last), (record) =>
      letterOf(work, pending, { range, record, index: index++ }),
    );
  });
}

/** How often the record at a place of the range has failed. */
function triedSoOften({ context }: RangeWork, { done, attempts, block = 0 }: Pending, index: number): number {
  if (index < done + block) return rulesOf(context).attemptsMax;
  return index === done + block ? attempts : 0;
}

function letterOf(
  work: RangeWork,
  pending: Pending,
  { range, record, index }: { range: Range; record: LogRecord; index: number },
): DeadLetter {
  const { context, holding } = work;
  const { settings, source } = context;
  const { shard } = holding;
  const { from, to } = range;
  const now = context.groupNow();
  const { firstAt = now, lastAt = now, message = '', condemned } = pending;
  const reason = condemned!.reason;
  // Some of them may have been tried before they were too old.
  const triedBefore = range === work.range ? triedSoOften(work, pending, index) : 0;
  return {
    id: record.id ?? `${shard}/${from}-${to}/${index}`,
    group: settings.group,
    stream: source.tagsOf?.(shard) ?? source.tags,
    shard,
    from,
    to,
    index,
    recordId: record.id,
    timeMs: record.timeMs,
    topic: record.topic,
    source: record.source,
    tags: record.tags,
    pairs: [...record.pairs()],
    attempts: reason === 'tooOld' ? triedBefore : rulesOf(context).attemptsMax,
    firstAt,
    lastAt,
    givenUpAt: now,
    reason,
    message: reason === 'tooOld' ? `${TOO_OLD}${triedBefore > 0 ? `; before, ${message}` : ''}` : message,
    functionVersion: context.functionVersion,
  };
}
